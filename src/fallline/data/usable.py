"""Which rows of a table can be used: those with every target, a weight, and what the split is by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from fallline.core.errors import DataError, UnknownNameError
from fallline.data.numeric import numbers
from fallline.data.remarks import count_rows
from fallline.data.table import Table

__all__ = ["Usable", "usable_rows"]


@dataclass(frozen=True, eq=False)
class Usable:
    """The rows that can be used.

    Args:
        rows: Their positions in the table ``(row,)``.
        weights: Their weights ``(row,)``, float64, positive; None where all count the same.
        notes: What there is to say about the others.
    """

    rows: np.ndarray
    weights: np.ndarray | None
    notes: tuple[str, ...]


def usable_rows(
    table: Table,
    *,
    targets: tuple[str, ...],
    weight: str | None,
    by: str | None = None,
    least: int,
    doing: str,
) -> Usable:
    """Leave out the rows that lack a target, a weight, or a value of the column that the split is by.

    Args:
        table: What was read.
        targets: Names of the target columns.
        weight: The column of row weights.
        by: The column that the split is by.
        least: How many rows there have to be.
        doing: What an error says was being done.

    Raises:
        UnknownNameError: There is no column of weights.
        DataError: A weight is negative or infinite, or the rows are too few.
    """
    keep, notes, weights = _present(table.frame.select(targets)), [], None
    named = ", ".join(targets)
    if without := int((~keep).sum()):
        notes.append(f"{count_rows(without)} without a value of {named.replace(', ', ' or ')} left out.")
    if weight is not None:
        weights = _weights(table, weight, targets, doing)
        light = keep & ~(weights > 0)
        if light.any():
            notes.append(f"{count_rows(int(light.sum()))} with a weight of 0 or none in {weight} left out.")
        keep &= weights > 0
    if by is not None:
        timeless = keep & ~_present(table.frame.select(by))
        if timeless.any():
            notes.append(f"{count_rows(int(timeless.sum()))} without a value of {by}, which the split is by, left out.")
        keep &= ~timeless
    rows = np.flatnonzero(keep)
    if len(rows) < least:
        raise DataError(
            doing,
            "there are too few rows" + (" to split" if least > 1 else ""),
            expected=f"{least} rows with a value of {named!r} at least",
            got=f"{count_rows(len(rows))}, of {len(keep):,} in the table",
        )
    return Usable(rows, None if weights is None else weights[keep], tuple(notes))


def _present(targets: pl.DataFrame) -> np.ndarray:
    """Which rows have a value in every column ``(row,)``; an infinite one is none."""
    keep = np.ones(targets.height, dtype=bool)
    for column in targets:
        keep &= column.is_not_null().to_numpy()
        if column.dtype.is_float():
            keep &= column.is_finite().fill_null(False).to_numpy()
    return keep


def _weights(table: Table, weight: str, targets: tuple[str, ...], doing: str) -> np.ndarray:
    """The weights of all rows of the table ``(row,)``, NaN where missing."""
    if weight not in table.frame.columns:
        raise UnknownNameError.among(table.frame.columns, weight, doing=doing, kind="column")
    if weight in targets:
        raise DataError(doing, f"{weight!r} is both the target and the weight", expected="two columns")
    column = table.frame[weight]
    weights, infinite = numbers(column, doing=f"taking column {weight!r} for weights")
    if infinite or (weights < 0).any():
        row = int(np.argmax((weights < 0) | column.cast(pl.Float64, strict=False).is_infinite().to_numpy()))
        raise DataError(
            doing,
            f"the weight of row {row + 1} cannot be used",
            expected="finite numbers of at least 0",
            got=f"{weight} = {column[row]}",
        )
    return weights
