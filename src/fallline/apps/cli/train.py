"""``fallline train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from fallline.apps.cli.console import Json, Quiet, errors, print_json, results
from fallline.apps.cli.flags import recipe_fields, with_recipe_flags
from fallline.core.errors import ArgumentError, FalllineError, Interrupted
from fallline.core.task import Task
from fallline.data.builtin import BUILTIN

if TYPE_CHECKING:
    from fallline.study.record import Study

__all__ = ["train"]

_SOURCE = (
    "A table (delimited text, Parquet, Arrow or JSON lines, also .gz or .zst), or a built-in set: "
    f"{', '.join(BUILTIN)}."
)
_TARGET = (
    "The column to predict: its name, or its position from 1 (-1: the last); several, separated by commas, are "
    "predicted together. A built-in set knows its own."
)
_TASK = f"What is asked: {', '.join(task for task in Task)}. Inferred from the target, and said, unless given."


@with_recipe_flags
def train(
    source: Annotated[str, typer.Argument(help=_SOURCE, show_default=False)],
    *,
    target: Annotated[str | None, typer.Option(help=_TARGET, show_default=False)] = None,
    task: Annotated[str | None, typer.Option(help=_TASK, show_default=False)] = None,
    weight: Annotated[str | None, typer.Option(help="The column of row weights.", show_default=False)] = None,
    drop: Annotated[
        str | None, typer.Option(help="Columns not to learn from, separated by commas.", show_default=False)
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="The only columns to learn from, separated by commas.", show_default=False)
    ] = None,
    categorical: Annotated[
        str | None,
        typer.Option(help="Columns to be taken as categories, though they hold numbers.", show_default=False),
    ] = None,
    numeric: Annotated[
        str | None,
        typer.Option(help="Columns to be taken as numbers, though they hold few different ones.", show_default=False),
    ] = None,
    ordered: Annotated[
        list[str] | None,
        typer.Option(help="Categories in their order, as cut=Fair,Good,Ideal; may be repeated.", show_default=False),
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line holds the columns' names. [dim]\\[default: found out, and said][/dim]",
            show_default=False,
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(help="What separates the fields. [dim]\\[default: found out][/dim]", show_default=False),
    ] = None,
    split_by: Annotated[
        str | None,
        typer.Option(
            help="time:COLUMN, the latest rows are test rows; group:COLUMN, no group is in two parts; random; "
            "stratified. [dim]\\[default: at random, classes in proportion][/dim]",
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(help="A table of test rows. [dim]\\[default: a fifth of the rows][/dim]", show_default=False),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="Choose the best run by this metric on the validation rows. "
            "[dim]\\[default: its validation loss][/dim]",
            show_default=False,
        ),
    ] = None,
    split_seed: Annotated[int, typer.Option(help="Fixes which rows are training, validation and test rows.")] = 0,
    engine: Annotated[str, typer.Option(help="What trains: native, loop, or auto, the fastest that can.")] = "auto",
    threads: Annotated[
        int | None,
        typer.Option(
            help="Threads to train on. [dim]\\[default: one per processor, 1 on loop][/dim]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The study's folder, new or empty. [dim]\\[default: studies/NAME-TIMESTAMP][/dim]", show_default=False
        ),
    ] = None,
    keep: Annotated[str, typer.Option(help="How many of the best models to keep: a number, or all.")] = "16",
    json: Json = False,
    quiet: Quiet = False,
    **given: Any,
) -> int:
    """Train a network on a table at each of 16 learning rates, and keep the best.

    The rows are split 60/20/20; each run stops early and goes back to its best epoch by the validation rows; the
    best run is scored once on the test rows, beside scikit-learn's baselines. All of it is written as a study.

    Examples: [bold]fallline train wine[/bold],
    [bold]fallline train heart.csv --target target --optimizer sgd --momentum 0.9[/bold]
    """
    from fallline import open as open_study
    from fallline.apps.cli.progress import ProgressBar
    from fallline.verbs.train import train as train_verb

    code = 0
    with ProgressBar(errors(), quiet=quiet) as progress:
        try:
            study = train_verb(
                source,
                target,
                task=task,  # pyright: ignore[reportArgumentType]  # checked there
                weight=weight,
                drop=_names(drop),
                only=_names(only),
                categorical=_names(categorical),
                numeric=_names(numeric),
                ordered=dict(_order(text) for text in ordered or ()),
                header=header,
                delimiter=delimiter,
                split_by=split_by,
                test=test,
                metric=metric,
                split_seed=split_seed,
                engine=engine,
                threads=threads,
                out=out,
                keep=_keep(keep),
                observer=progress,
                **recipe_fields(given),
            )
        except Interrupted as stop:
            study, code = open_study(stop.study), 130
    try:
        _say(study, json=json, quiet=quiet)
    except KeyboardInterrupt:
        code = 130
    if code:
        errors().print(f"interrupted; the best so far is kept in {study.path}", markup=False, soft_wrap=True)
    if study.best is None:
        raise _diverged(study)
    return code


def _say(study: Study, *, json: bool, quiet: bool) -> None:
    """Write the report, and say what came out."""
    report = study.report()
    if json:
        print_json(study.to_dict())
    elif quiet:
        results().print(study.path, study.header.conclusion, sep="\n", soft_wrap=True, markup=False)
    else:
        show(study, report)


def show(study: Study, report: Path) -> None:
    """The study in the terminal: what was done to the data, the ladder, the scores, the conclusion."""
    from fallline.render.terminal import summary, treatment_table
    from fallline.study.reporting import report_of

    console, shown = results(), report_of(study)
    console.print(treatment_table(shown))
    for note in study.header.notes:
        console.print(f"· {escape(note)}", style="dim")
    console.print()
    console.print(summary(shown))
    console.print(f"\nstudy   {escape(str(study.path))}\nreport  {escape(str(report))}", soft_wrap=True)


def _diverged(study: Study) -> FalllineError:
    rates = sorted(study.frame()["learning_rate"])
    return FalllineError(
        f"training {study.header.data.source}",
        "every run diverged before its first epoch ended",
        got=f"learning rates {rates[0]:g} … {rates[-1]:g}; the study is kept in {study.path}",
        likely="the learning rate is too high for this optimizer and loss",
        do="leave --learning-rate out: a ladder of 16 is tried"
        if len(rates) == 1
        else f"--learning-rate {rates[0] / 100:.2g}, or --clip-norm 1",
    )


def _names(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(name.strip() for name in text.split(","))


def _order(text: str) -> tuple[str, tuple[str, ...]]:
    column, equals, levels = text.partition("=")
    if not equals:
        raise ArgumentError(
            "reading --ordered",
            "it does not name a column and its categories",
            got=f"--ordered {text}",
            do="--ordered cut=Fair,Good,Ideal",
        )
    return column.strip(), _names(levels)


def _keep(text: str) -> int | None:
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError:
        raise ArgumentError(
            "reading --keep", "it is neither a number nor all", got=f"--keep {text}", do="--keep 16"
        ) from None
