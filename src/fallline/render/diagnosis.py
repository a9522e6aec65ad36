"""What `check` found, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fallline.render._marks import safe
from fallline.render._parts import escaped

__all__ = ["diagnosis_html", "diagnosis_text", "place_text", "rules_table"]

_STYLES = {"error": "bold red", "warning": "bold yellow", "hint": "bold cyan"}
_COLOURS = {"error": "#c0392b", "warning": "#b7791f", "hint": "#2b7a9b"}


def diagnosis_text(diagnosis: Mapping[str, Any], file: str | None = None) -> RenderableType:
    """Every finding with its line, a marker under it, the reason and the mend; and how many there are.

    Args:
        diagnosis: What `Diagnosis.to_dict` gives.
        file: What was checked.
    """
    findings = diagnosis["findings"]
    if not findings:
        return Text(f"{file}: nothing found" if file else "nothing found", style="bold green")
    parts: list[RenderableType] = []
    for finding in findings:
        parts += [*_finding(finding, file), Text()]
    counts = {kind: sum(finding["severity"] == kind for finding in findings) for kind in _STYLES}
    said = [f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items() if count]
    return Group(*parts, Text(", ".join(said), style="bold"))


def _finding(finding: Mapping[str, Any], file: str | None) -> list[RenderableType]:
    where, style = finding["where"], _STYLES[finding["severity"]]
    head = Text(place_text(where) or safe(file or ""), style="bold")
    head.append(": " if head.plain else "")
    head.append(f"{finding['severity']} {finding['code']} {finding['name']}", style=style)
    parts: list[RenderableType] = [head]
    if where is not None and where["text"]:
        number = f"{where['line']:>5} "
        parts.append(Text(f"{number}│ {safe(where['text'])}"))
        parts.append(Text(" " * len(number) + "│ " + "^" * min(len(where["text"]), 80), style=style))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, key in (("what", "what"), ("why", "why"), ("mend", "mend"), ("tried", "verified"), ("torch", "message")):
        text = finding[key]
        if text:
            lines = "\n".join(safe(line) for line in str(text).splitlines())
            table.add_row(label, Text(lines.removeprefix("tried: "), style="green" if key == "mend" else ""))
    return [*parts, Padding(table, (0, 0, 0, 2))]


def place_text(where: Mapping[str, Any] | None) -> str:
    """A place as ``train.py:41``, or with its cell."""
    if where is None:
        return ""
    if where["cell"] is None:
        return safe(f"{where['file']}:{where['line']}")
    return safe(f"{where['file']}, cell {where['cell']}, line {where['line']}")


def rules_table(rules: Sequence[Mapping[str, str]]) -> Table:
    """The rules: code, name, severity, and what each finds."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("code", "name", "severity"):
        table.add_column(name, no_wrap=True)
    table.add_column("finds")
    for rule in rules:
        severity = Text(rule["severity"], style=_STYLES[rule["severity"]])
        table.add_row(rule["code"], rule["name"], severity, Text(rule["summary"]))
    return table


def diagnosis_html(diagnosis: Mapping[str, Any]) -> str:
    """The same as a fragment of HTML, in its surroundings' colours."""
    findings = diagnosis["findings"]
    if not findings:
        return '<div style="max-width:760px"><b style="color:#2f855a">nothing found</b></div>'
    return f'<div style="max-width:760px">{"".join(map(_html, findings))}</div>'


def _html(finding: Mapping[str, Any]) -> str:
    colour, place = _COLOURS[finding["severity"]], place_text(finding["where"])
    head = (
        f'<p style="margin:0 0 2px"><b style="color:{colour}">{finding["severity"]} {escaped(finding["code"])} '
        f'{escaped(finding["name"])}</b> <span style="opacity:.7">{escaped(place)}</span></p>'
    )
    body = f'<p style="margin:0 0 4px">{escaped(finding["what"])} <span '
    f'style="opacity:.8">{escaped(finding["why"])}</span></p>'
    mend = (
        f'<pre style="margin:0 0 4px;padding:4px 8px;border-left:3px solid {colour}">{escaped(finding["mend"])}</pre>'
    )
    rest = [text for text in (finding["verified"], finding["message"]) if text]
    notes = "".join(f'<p style="margin:0 0 4px;opacity:.7;font-size:90%">{escaped(text)}</p>' for text in rest)
    return f'<div style="margin:0 0 16px">{head}{body}{mend}{notes}</div>'
