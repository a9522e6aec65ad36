"""The flags of a table and of a job, which `train` and `compare` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fallline.core.errors import ArgumentError
from fallline.core.task import Task as Tasks
from fallline.data.builtin import BUILTIN

__all__ = [
    "Categorical",
    "Delimiter",
    "Drop",
    "EngineName",
    "Header",
    "Keep",
    "Metric",
    "NoCheck",
    "Numeric",
    "Only",
    "Ordered",
    "Out",
    "Source",
    "SplitBy",
    "SplitSeed",
    "Target",
    "Task",
    "Test",
    "Threads",
    "Weight",
    "kept",
    "listed",
    "orders",
]

_SOURCE = (
    "A table (delimited text, Parquet, Arrow or JSON lines, also .gz or .zst), or a built-in set: "
    f"{', '.join(BUILTIN)}."
)
_TARGET = (
    "The column to predict: its name, or its position from 1 (-1: the last); several, separated by commas, are "
    "predicted together. A built-in set knows its own."
)
_TASK = f"What is asked: {', '.join(task for task in Tasks)}. Inferred from the target, and said, unless given."


Source = Annotated[str, typer.Argument(help=_SOURCE, show_default=False)]
Target = Annotated[str | None, typer.Option(help=_TARGET, show_default=False)]
Task = Annotated[str | None, typer.Option(help=_TASK, show_default=False)]
Weight = Annotated[str | None, typer.Option(help="The column of row weights, by name or position.", show_default=False)]
Drop = Annotated[str | None, typer.Option(help="Columns not to learn from, separated by commas.", show_default=False)]
Only = Annotated[
    str | None, typer.Option(help="The only columns to learn from, separated by commas.", show_default=False)
]
Categorical = Annotated[
    str | None,
    typer.Option(help="Columns to be taken as categories, though they hold numbers.", show_default=False),
]
Numeric = Annotated[
    str | None,
    typer.Option(help="Columns to be taken as numbers, though they hold few different ones.", show_default=False),
]
Ordered = Annotated[
    list[str] | None,
    typer.Option(help="Categories in their order, as cut=Fair,Good,Ideal; may be repeated.", show_default=False),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line holds the columns' names. [dim]\\[default: found out, and said][/dim]",
        show_default=False,
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(help="What separates the fields. [dim]\\[default: found out][/dim]", show_default=False),
]
SplitBy = Annotated[
    str | None,
    typer.Option(
        help="time:COLUMN, the latest rows are test rows; group:COLUMN, no group is in two parts; random; "
        "stratified. [dim]\\[default: at random, classes in proportion][/dim]",
        show_default=False,
    ),
]
Test = Annotated[
    str | None,
    typer.Option(help="A table of test rows. [dim]\\[default: a fifth of the rows][/dim]", show_default=False),
]
Metric = Annotated[
    str | None,
    typer.Option(
        help="Choose the best run by this metric on the validation rows. [dim]\\[default: its validation loss][/dim]",
        show_default=False,
    ),
]
SplitSeed = Annotated[int, typer.Option(help="Fixes which rows are training, validation and test rows.")]
EngineName = Annotated[str, typer.Option(help="What trains: native, loop, or auto, the fastest that can.")]
Threads = Annotated[
    int | None,
    typer.Option(
        help="Threads to train on. [dim]\\[default: one per processor, 1 on loop][/dim]",
        show_default=False,
    ),
]
NoCheck = Annotated[
    bool,
    typer.Option("--no-check", help="Train a network of your own as it is, without checking how it is wired first."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="The study's folder, new or empty. [dim]\\[default: studies/NAME-TIMESTAMP][/dim]", show_default=False
    ),
]
Keep = Annotated[str, typer.Option(help="How many of the best models to keep: a number, or all.")]


def listed(text: str | None) -> tuple[str, ...]:
    """What is separated by commas."""
    return () if text is None else tuple(name.strip() for name in text.split(","))


def orders(texts: list[str] | None) -> dict[str, tuple[str, ...]]:
    """Categories in their order, by column."""
    return dict(_order(text) for text in texts or ())


def _order(text: str) -> tuple[str, tuple[str, ...]]:
    column, equals, levels = text.partition("=")
    if not equals:
        raise ArgumentError(
            "reading --ordered",
            "it does not name a column and its categories",
            got=f"--ordered {text}",
            do="--ordered cut=Fair,Good,Ideal",
        )
    return column.strip(), listed(levels)


def kept(text: str) -> int | None:
    """How many of the best models to keep; None: all."""
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError:
        raise ArgumentError(
            "reading --keep", "it is neither a number nor all", got=f"--keep {text}", do="--keep 16"
        ) from None
