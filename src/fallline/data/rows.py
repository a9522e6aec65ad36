"""The rows that parts are cut from: those of the table, and those of a test set that is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from fallline.core.errors import ArgumentError, DataError
from fallline.core.task import Target, Task
from fallline.data.folds import folded, require_foldable
from fallline.data.split import LEAST_ROWS, Parts, split
from fallline.data.splitby import SplitBy, split_by_group, split_by_time
from fallline.data.table import Table
from fallline.data.targets import infer_all, values_all
from fallline.data.usable import Usable, usable_rows

__all__ = ["Rows", "given_rows", "own_rows", "parted"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table with their targets.

    Args:
        table: What was read.
        usable: Its rows that can be used.
        target: What is predicted, its mean and scale not known yet.
        truths: The values of the target ``(row,)`` or ``(row, target)``, on the usable rows.
    """

    table: Table
    usable: Usable
    target: Target
    truths: np.ndarray


def own_rows(
    table: Table,
    names: tuple[str, ...],
    *,
    weight: str | None,
    by: str | None,
    task: Task | None,
    allowed: tuple[Task, ...] | None,
    doing: str,
) -> Rows:
    """The rows of the table, with the target that its columns ``names`` make."""
    usable = usable_rows(table, targets=names, weight=weight, by=by, least=LEAST_ROWS, doing=doing)
    columns = table.frame.select(names)[usable.rows]
    target = infer_all(columns, task=task, allowed=allowed)
    return Rows(table, usable, target, values_all(columns, target, rows=usable.rows))


def given_rows(test: Table, own: Rows, *, weight: str | None) -> Rows:
    """The rows of a test set, with the target of the table's ``own`` rows.

    Raises:
        DataError: It lacks a target or the weight, or a value of the target is none that training knows.
    """
    doing = f"preparing the test set {test.source}"
    names = own.target.columns or (own.target.name,)
    needed = names if weight is None else (*names, weight)
    absent = [name for name in needed if name not in test.frame.columns]
    if absent:
        raise DataError(
            doing,
            f"it has no column {absent[0]!r}",
            expected="the columns of the table that is trained on, with target and weight",
            got=", ".join(test.frame.columns[:20]),
        )
    written = own.table.written
    texts = [test.frame[name] for name in needed if name in written and test.frame[name].dtype == pl.String]
    test = replace(test, frame=test.frame.with_columns(written[column.name].parsed(column) for column in texts))
    usable = usable_rows(test, targets=names, weight=weight, least=1, doing=doing)
    truths = values_all(test.frame.select(names)[usable.rows], own.target, rows=usable.rows)
    return Rows(test, usable, own.target, truths)


def parted(own: Rows, by: SplitBy, *, seed: int, test: bool, folds: int | None = None, doing: str) -> Parts:
    """The parts that the rows are split into, with test rows or without, with folds or without.

    Raises:
        ArgumentError: There are no classes to stratify by, or the rows are split by time and not to be folded.
        DataError: There are fewer training rows than classes, or too few rows, times or groups.
    """
    if folds is not None:
        require_foldable(by, doing=doing)
    classes = own.truths if own.target.task.classifies and by.how != "random" else None
    if by.how == "stratified" and classes is None:
        raise ArgumentError(
            doing,
            "there are no classes to stratify by",
            expected="a binary or multiclass target",
            got=f"a {own.target.task} of {own.target.name}",
        )
    column = None if by.column is None else own.table.frame[by.column][own.usable.rows]
    if column is None:
        parts = split(len(own.truths), seed=seed, classes=classes, test=test, doing=doing)
    elif by.how == "time":
        parts = split_by_time(column, test=test, doing=doing)
    else:
        parts = split_by_group(column, seed=seed, test=test, doing=doing)
    if len(parts.train) < len(own.target.classes):
        raise DataError(
            doing,
            f"there are fewer training rows than classes of {own.target.name!r}",
            expected="a few rows of each class at least",
            got=f"{len(parts.train)} training rows, {len(own.target.classes)} classes",
        )
    return parts if folds is None else folded(parts, folds, seed=seed, classes=classes, groups=column, doing=doing)
