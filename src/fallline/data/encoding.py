"""Fitting the encoding: what is learnt about each column, from the training rows only."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from fallline.core.errors import DataError
from fallline.core.task import Target
from fallline.data.columns import (
    BooleanColumn,
    CategoricalColumn,
    Column,
    DroppedColumn,
    NumericColumn,
    numbers,
)
from fallline.data.schema import Schema
from fallline.data.target import moments

__all__ = ["MOST_LEVELS", "announcements", "fit"]

MOST_LEVELS = 50
"""Most features that one column's levels may give, ``other`` included."""

_FEW_TEXTS = 20
_IDENTIFIER = re.compile(
    r"(?i:id|index|idx|key|uuid|guid|no\.?|unnamed: 0|row|row[ _.-]?(id|no|nr|num|number|index))"
    r"|(?i:.+[ _.-](id|index|uuid))"
    r"|.*[a-z](Id|ID)"
)


def fit(frame: pl.DataFrame, *, target: Target, train_rows: np.ndarray, weight: str | None = None) -> Schema:
    """Learn the encoding of every column but the target and the weight.

    Numbers are standardized, missing ones filled with the median and marked by a feature of their own;
    booleans are 0 or 1; text is one-hot. Columns that are constant, look like identifiers, or are of a type
    that gives no features are dropped.

    Args:
        frame: All rows of the source (whether an integer column counts the rows can be seen on all only).
        target: Of the same frame.
        train_rows: Positions in ``frame`` of the training rows ``(row,)``; all statistics are theirs.
        weight: The column of row weights, which is no feature.

    Raises:
        DataError: No column gives a feature.
    """
    train = frame[train_rows]
    columns = tuple(_fitted(frame[name], train[name]) for name in frame.columns if name not in (target.name, weight))
    schema = Schema(target=target, columns=columns, weight=weight)
    if not schema.features:
        reasons = "; ".join(f"{column.name} {column.treatment}" for column in columns[:10])
        raise DataError(
            f"encoding the columns beside {target.name!r}",
            "no column is left to predict from",
            expected="a column of numbers, booleans or categories that varies",
            got=reasons or "no other column",
        )
    return schema


def announcements(schema: Schema) -> tuple[str, ...]:
    """What was done to the columns and might surprise, one sentence each."""
    dropped: dict[str, list[str]] = {}
    for column in schema.columns:
        if isinstance(column, DroppedColumn):
            dropped.setdefault(column.reason, []).append(column.name)
    notes = [f"Dropped {', '.join(names)}: {reason}." for reason, names in dropped.items()]
    filled = [column for column in schema.columns if not isinstance(column, DroppedColumn) and column.missing]
    if filled:
        listed = ", ".join(f"{column.name} ({column.missing:,})" for column in filled)
        notes.append(f"Training rows without a value were marked by a feature of their own: {listed}.")
    for column in schema.columns:
        if isinstance(column, NumericColumn) and column.infinite:
            notes.append(f"{column.name}: {column.infinite:,} infinite values count as missing.")
        if isinstance(column, CategoricalColumn) and column.pooled:
            notes.append(f"{column.name}: the {len(column.pooled):,} rarest categories were pooled as other.")
    return tuple(notes)


def _fitted(whole: pl.Series, train: pl.Series) -> Column:
    reason = _why_dropped(whole, train)
    if reason is not None:
        return DroppedColumn(name=whole.name, reason=reason)
    if train.dtype == pl.Boolean:
        missing = train.null_count()
        return BooleanColumn(
            name=train.name, usual=train.sum() > 0.5 * train.count(), indicator=missing > 0, missing=missing
        )
    return _categorical(train) if train.dtype == pl.String else _numeric(train)


def _numeric(train: pl.Series) -> NumericColumn:
    values, infinite = numbers(train)
    absent = np.isnan(values)
    median = float(np.median(values[~absent]))
    values[absent] = median
    mean, scale = moments(values)
    missing = int(absent.sum())
    return NumericColumn(
        name=train.name,
        median=median,
        mean=mean,
        scale=scale,
        indicator=missing > 0,
        missing=missing,
        infinite=infinite,
    )


def _categorical(train: pl.Series) -> CategoricalColumn:
    counts = train.drop_nulls().value_counts(name="count").rename({train.name: "level"})
    ordered = counts.sort(["count", "level"], descending=[True, False])["level"].to_list()
    pooled: list[str] = []
    if len(ordered) > MOST_LEVELS:
        # A level that is itself called "other" joins the pool, whose feature has that name.
        kept = [level for level in ordered if level != "other"][: MOST_LEVELS - 1]
        pooled = sorted(set(ordered) - set(kept))
        ordered = kept
    return CategoricalColumn(
        name=train.name, levels=tuple(sorted(ordered)), pooled=tuple(pooled), missing=train.null_count()
    )


def _why_dropped(whole: pl.Series, train: pl.Series) -> str | None:
    """Why a column gives no features, or None."""
    dtype = train.dtype
    present = train.drop_nulls()
    if dtype.is_float():
        present = present.filter(present.is_finite())
    if not present.len():
        return "no value in the training rows"
    if dtype.is_temporal():
        return "dates and times are not used yet"
    if dtype not in (pl.Boolean, pl.String) and not dtype.is_numeric():
        return f"values of type {dtype} are not used"
    distinct = present.n_unique()
    if distinct == 1 and present.len() == train.len():
        return f"{present[0]!r} in every training row"
    return _why_identifier(whole, present, distinct)


def _why_identifier(whole: pl.Series, present: pl.Series, distinct: int) -> str | None:
    if whole.dtype == pl.String and distinct > max(_FEW_TEXTS, 0.5 * present.len()):
        return f"text with {distinct:,} distinct values in {present.len():,} training rows, like an identifier"
    if not whole.dtype.is_integer() or whole.null_count():
        return None
    values = whole.to_numpy()
    if len(values) > 1 and values[0] in (0, 1) and (np.diff(values) == 1).all():
        return "counts the rows"
    if _IDENTIFIER.fullmatch(whole.name) and whole.n_unique() == len(whole):
        return "an identifier, by its name and as no value occurs twice"
    return None
