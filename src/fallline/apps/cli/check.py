"""``fallline check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fallline.apps.cli.console import Json, errors, print_json, results
from fallline.core.errors import ArgumentError
from fallline.core.finding import Finding

if TYPE_CHECKING:
    from fallline.checks.diagnosis import Diagnosis

__all__ = ["check"]

_ANNOTATIONS = {"error": "error", "warning": "warning", "hint": "notice"}


def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="A script that trains, or a notebook. It is run as it is.", show_default=False),
    ] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(help="The script's own arguments, after --.", show_default=False)
    ] = None,
    *,
    steps: Annotated[int, typer.Option(min=1, help="Stop after this many optimizer steps.")] = 50,
    timeout: Annotated[float, typer.Option(min=0.1, help="Stop after this many seconds.")] = 60.0,
    output: Annotated[
        Literal["text", "json", "github"],
        typer.Option("--format", help="text; json; or github, annotations for a workflow there."),
    ] = "text",
    select: Annotated[
        list[str] | None, typer.Option(help="Report this rule alone; may be repeated.", show_default=False)
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Leave this rule out; may be repeated.", show_default=False)
    ] = None,
    explain: Annotated[
        str | None, typer.Option(help="Print a rule's page and do nothing else.", show_default=False)
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and do nothing else.")] = False,
    json: Json = False,
) -> int:
    """Find what is wired wrong in a training script or notebook, and the line that mends it.

    The file is run unmodified in a process of its own, with torch watched, for a number of steps. What it writes goes
    to a folder that is thrown away. The exit code is 1 where there is a finding of severity error, 2 where the file
    cannot be run.

    Examples: [bold]fallline check train.py -- --epochs 3[/bold], [bold]fallline check --explain FL301[/bold]
    """
    if rules:
        return _list_rules(json)
    if explain is not None:
        return _explain(explain)
    if file is None:
        raise ArgumentError("checking", "no file was named", do="fallline check train.py")
    from fallline.checks.diagnosis import Diagnosis
    from fallline.checks.rule import rule_named  # imports torch, which --help need not
    from fallline.verbs.check import check_file

    chosen = {rule_named(code).rule.code for code in select or ()}
    left_out = {rule_named(code).rule.code for code in ignore or ()}
    diagnosis = check_file(file, arguments or (), steps=steps, seconds=timeout)
    kept = tuple(f for f in diagnosis.findings if (not chosen or f.code in chosen) and f.code not in left_out)
    diagnosis = Diagnosis(kept, diagnosis.notes)
    _show(diagnosis, file, "json" if json else output)
    return 1 if diagnosis.errors else 0


def _show(diagnosis: Diagnosis, file: Path, output: str) -> None:
    if output == "json":
        print_json(diagnosis.to_dict())
        return
    for note in diagnosis.notes:
        errors().print(f"{file}: {note}", markup=False, style="dim", soft_wrap=True)
    if output == "github":
        for finding in diagnosis.findings:
            typer.echo(_annotation(finding, file))
        return
    from fallline.render.diagnosis import diagnosis_text

    results().print(diagnosis_text(diagnosis.to_dict(), str(file)))


def _annotation(finding: Finding, file: Path) -> str:
    """A finding as a workflow command of GitHub: https://docs.github.com/actions/reference/workflow-commands."""
    where = finding.where
    line = f",line={where.line}" if where is not None and where.cell is None else ""
    name = where.file if where is not None else str(file)
    text = f"{finding.what} {finding.why}\n{finding.mend}"
    if where is not None and where.cell is not None:
        text = f"cell {where.cell}, line {where.line}: {text}"
    kind, title = _ANNOTATIONS[finding.severity.value], f"{finding.code} {finding.name}"
    return f"::{kind} file={_property(name)}{line},title={_property(title)}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _list_rules(as_json: bool) -> int:
    from fallline.checks.rule import rules

    listed = [
        {"code": w.rule.code, "name": w.rule.name, "severity": w.rule.severity.value, "summary": w.summary}
        for w in rules()
    ]
    if as_json:
        print_json({"rules": listed})
        return 0
    from fallline.render.diagnosis import rules_table

    results().print(rules_table(listed))
    return 0


def _explain(code: str) -> int:
    from fallline.checks.rule import rule_named

    written = rule_named(code)
    results().print(f"{written.rule.code} {written.rule.name} ({written.rule.severity.value})", style="bold")
    results().print(written.page.strip(), markup=False, soft_wrap=True)
    return 0
