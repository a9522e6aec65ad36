"""What a training job was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any, TypeGuard

from fallline.core.errors import ArgumentError
from fallline.core.task import Task

__all__ = ["Columns", "Job"]

_INF = float("inf")
_MOST_THREADS = 1024  # more than a machine has; so many can be started on most
_MANY = 50
"""Texts beyond so many are values to predict, not names of columns."""
_EXPECTED = {
    **dict.fromkeys(("engine", "metric"), "a name"),
    "split_by": "random, stratified, time:COLUMN or group:COLUMN",
    "delimiter": "a single character, or tab, space, comma, semicolon or bar",
}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the user said of the columns.

    Args:
        drop: Columns not to learn from.
        only: The only columns to learn from; empty: all.
        categorical: Columns to be taken as categories.
        numeric: Columns to be taken as numbers.
        ordered: Categories in their order, by column.
    """

    drop: Sequence[str] = ()
    only: Sequence[str] = ()
    categorical: Sequence[str] = ()
    numeric: Sequence[str] = ()
    ordered: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a training job was asked for.

    Args:
        source: What `fallline.data.table.read` takes.
        target: Name or 1-based position of the target column, or several; None for a built-in set.
        recipe: The recipe's fields that were given; the rest is planned.
        task: The task; None: inferred.
        weight: Name or 1-based position of the column of row weights.
        columns: What is to be done to the columns, where that was said.
        header: Whether the first line of a delimited file holds names; None: found out.
        delimiter: What separates its fields; None: found out.
        split_by: How rows are split, if not at random: ``time:COLUMN`` or ``group:COLUMN``.
        test: A test set of its own, as ``source``.
        metric: What the best run is chosen by on the validation rows; None: its validation loss.
        split_seed: Seed of the split.
        engine: Name of the engine, or ``auto``.
        threads: Threads of an engine, at most 1024; None: what each does best with.
        check: Whether the wiring of the user's own networks is looked at first.
        out: The study's folder; None: ``studies/NAME-TIMESTAMP``.
        keep: How many of the best models to keep; None: all.

    Raises:
        ArgumentError: One of them is out of its range.
    """

    source: Any
    target: str | int | Sequence[str | int] | None = None
    recipe: Mapping[str, Any]
    task: Task | None = None
    weight: str | int | None = None
    columns: Columns = field(default_factory=Columns)
    header: bool | None = None
    delimiter: str | None = None
    split_by: str | None = None
    test: Any = None
    metric: str | None = None
    split_seed: int = 0
    engine: str = "auto"
    threads: int | None = None
    check: bool = True
    out: Path | None = None
    keep: int | None = 16

    def __post_init__(self) -> None:
        _require(_whole(self.split_seed, low=0, high=2**32 - 1), "split_seed", self.split_seed, "0 … 2³² - 1")
        threads = self.threads is None or _whole(self.threads, high=_MOST_THREADS)
        _require(threads, "threads", self.threads, f"1 … {_MOST_THREADS}")
        _require(self.keep is None or _whole(self.keep), "keep", self.keep, "1 or more, or all (in Python: None)")
        weight = self.weight is None or isinstance(self.weight, str) or _whole(self.weight, low=-_INF)
        _require(weight, "weight", self.weight, "a column's name or position")
        for name in ("engine", "metric", "split_by", "delimiter"):
            value = getattr(self, name)
            _require(isinstance(value, str) or (value is None and name != "engine"), name, value, _EXPECTED[name])
        _check_target(self.target)
        _check_columns(self.columns)


def _check_target(target: object) -> None:
    several = list(target) if _is_list(target) else [target]
    if _is_list(target) and not isinstance(target, Sequence | Set) and not _few_names(several):
        raise ArgumentError(
            "setting up the training",
            "the target is not named, but given",
            expected="a column's name or position, or a list of them",
            got=f"target of type {type(target).__name__}, with {len(several):,} values",
            do="fl.train((X, y))",
        )
    named = all(isinstance(each, str) or _whole(each, low=-_INF) for each in several)
    expected = "a column's name or position, or a list of them"
    _require(target is None or named, "target", target, expected, do="--target NAME, or target='NAME'")


def _check_columns(columns: Columns) -> None:
    for name in ("drop", "only", "categorical", "numeric"):
        value = getattr(columns, name)
        _require(isinstance(value, Iterable), name, value, "a list of columns")
    lists = isinstance(columns.ordered, Mapping) and all(_is_list(levels) for levels in columns.ordered.values())
    expected = "a list of categories for each column, the lowest first"
    do = "--ordered cut=Fair,Good,Ideal, or ordered={'cut': ['Fair', 'Good', 'Ideal']}"
    _require(lists, "ordered", columns.ordered, expected, do=do)


def _few_names(several: Sequence[object]) -> bool:
    """Whether they may be names of columns, as those of a DataFrame are, and not a column of text."""
    return len(several) <= _MANY and all(isinstance(each, str) for each in several)


def _is_list(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _whole(value: object, *, low: float = 1, high: float = _INF) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and low <= int(value) <= high


def _require(holds: bool, name: str, value: object, expected: str, *, do: str | None = None) -> None:
    if not holds:
        raise ArgumentError(
            "setting up the training",
            f"{name} is out of its range",
            expected=expected,
            got=f"{name} = {value!r}",
            do=do or f"leave --{name.replace('_', '-')} out",
        )
