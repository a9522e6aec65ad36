"""Fitting the encoding: what is learnt about each column, from the training rows only."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import polars as pl

from fallline.core.errors import DataError
from fallline.core.task import Target
from fallline.data.categorical import BooleanColumn, CategoricalColumn
from fallline.data.choices import Choices
from fallline.data.columns import Column, DroppedColumn
from fallline.data.dates import DateColumn, part, parts_of
from fallline.data.numeric import NumericColumn, OrderedColumn, labels, numbers
from fallline.data.schema import Schema
from fallline.data.target import moments
from fallline.data.written import PLAIN, NumberFormat

__all__ = ["MOST_LEVELS", "announcements", "fit"]

MOST_LEVELS = 50
"""Most features that one column's levels may give, ``other`` included."""

_SOME_LEVELS = 10  # a column with no more keeps all its levels, however rare
_RARE = 0.001
_FEW_TEXTS = 20
_LEAST_COVER = 0.1
_IDENTIFIER = re.compile(
    r"(?i:id|index|idx|key|uuid|guid|no\.?|unnamed: 0|row|row[ _.-]?(id|no|nr|num|number|index))"
    r"|(?i:.+[ _.-](id|index|uuid))"
    r"|.*[a-z](Id|ID)"
)
_NO_CHOICES = Choices()


def fit(
    frame: pl.DataFrame,
    *,
    target: Target,
    train_rows: np.ndarray,
    weight: str | None = None,
    choices: Choices = _NO_CHOICES,
    written: Mapping[str, NumberFormat] | None = None,
) -> Schema:
    """Learn the encoding of every column but the targets and the weight.

    Numbers are standardized, missing ones filled with the median and marked by a feature of their own;
    booleans are 0 or 1; text is one-hot; dates are taken apart. Columns that are constant, look like
    identifiers, or are of a type that gives no features are dropped.

    Args:
        frame: All rows of the source (whether an integer column counts the rows can be seen on all only).
        target: Of the same frame.
        train_rows: Positions in ``frame`` of the training rows ``(row,)``; all statistics are theirs.
        weight: The column of row weights, which is no feature.
        choices: What was asked for.
        written: How columns write their numbers, where not plainly.

    Raises:
        DataError: No column gives a feature, or one cannot be what it was said to be.
    """
    apart = {*(target.columns or (target.name,)), weight}
    rows = pl.Series(train_rows)
    columns = tuple(
        _fitted(frame[name], frame[name].gather(rows), choices, (written or {}).get(name, PLAIN))
        for name in frame.columns
        if name not in apart
    )
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
            rarest = "rarest category was" if len(column.pooled) == 1 else "rarest categories were"
            notes.append(f"{column.name}: the {len(column.pooled):,} {rarest} pooled as other.")
        if isinstance(column, DateColumn):
            notes.append(f"{column.name}: taken apart into {', '.join(found.name for found in column.parts)}.")
    return tuple(notes)


def _fitted(whole: pl.Series, train: pl.Series, choices: Choices, written: NumberFormat) -> Column:
    name = whole.name
    reason = choices.why_left_out(name) or _why_dropped(whole, train, asked=name in choices.typed)
    if reason is not None:
        return DroppedColumn(name=name, reason=reason)
    if name in choices.ordered:
        return _ordered(train, choices.ordered[name])
    if name in choices.categorical:
        return _categorical(train)
    if name in choices.numeric:
        numbers(whole, doing=f"taking column {whole.name!r} for numbers")  # an error should name the row of the table
        return _numeric(train, written)
    if train.dtype == pl.Boolean:
        missing = train.null_count()
        return BooleanColumn(name=name, usual=train.sum() > 0.5 * train.count(), indicator=missing > 0, missing=missing)
    if train.dtype.is_temporal():
        dates = _dates(train)
        return dates if dates.features else DroppedColumn(name=name, reason="none of its parts varies")
    return _categorical(train) if train.dtype == pl.String else _numeric(train, written)


def _numeric(train: pl.Series, written: NumberFormat = PLAIN, *, marked: bool = True) -> NumericColumn:
    values, infinite = numbers(train)
    absent = np.isnan(values)
    missing = int(np.count_nonzero(absent))
    # Of halves, as the mean of two numbers near the end of the range would overflow.
    median = 2 * float(np.median((values[~absent] if missing else values) / 2))
    values[absent] = median
    mean, scale = moments(values)
    return NumericColumn(
        name=train.name,
        median=median,
        mean=mean,
        scale=scale,
        indicator=missing > 0 and marked,
        missing=missing,
        infinite=infinite,
        written=written,
    )


def _ordered(train: pl.Series, levels: tuple[str, ...]) -> OrderedColumn:
    texts = labels(train)
    ranks = texts.cast(pl.Enum(levels), strict=False).to_physical().cast(pl.Float64)
    unknown = texts.filter(ranks.is_null() & texts.is_not_null()).unique().sort().to_list()
    if unknown:
        raise DataError(
            f"ordering the categories of {train.name!r}",
            "some of them are not in the order that was given",
            expected="every category, from the lowest to the highest",
            got=", ".join(unknown[:10]) + " beside " + " < ".join(levels),
        )
    return OrderedColumn(name=train.name, levels=levels, rank=_numeric(ranks.alias(train.name)))


def _dates(train: pl.Series) -> DateColumn:
    parts = [part(train, name).alias(name) for name in parts_of(train.dtype)]
    varying = [found for found in parts if found.drop_nulls().n_unique() > 1]
    return DateColumn(
        name=train.name,
        parts=tuple(_numeric(found, marked=False) for found in varying),
        missing=train.null_count(),
    )


def _categorical(train: pl.Series) -> CategoricalColumn:
    texts = labels(train)
    counts = texts.drop_nulls().value_counts(name="count").rename({train.name: "level"})
    counts = counts.sort(["count", "level"], descending=[True, False])
    ordered = counts["level"].to_list()
    kept = ordered
    if len(ordered) > _SOME_LEVELS:
        frequent = counts.filter(pl.col("count") >= max(2, _RARE * len(train)))["level"].to_list() or ordered
        kept = frequent if len(ordered) <= MOST_LEVELS else frequent[: MOST_LEVELS - 1]
        # A level that is itself called "other" joins the pool, whose feature has that name.
        if len(kept) < len(ordered) and "other" in kept:
            kept = [level for level in frequent if level != "other"][: MOST_LEVELS - 1]
    return CategoricalColumn(
        name=train.name,
        levels=tuple(sorted(kept)),
        pooled=tuple(sorted(set(ordered) - set(kept))),
        missing=train.null_count(),
        numeric=train.dtype.is_numeric(),
    )


def _why_dropped(whole: pl.Series, train: pl.Series, *, asked: bool) -> str | None:
    """Why a column gives no features, or None; one that was asked for is kept where it can be."""
    dtype = train.dtype
    present = train.drop_nulls()
    if dtype.is_float():
        present = present.filter(present.is_finite())
    if not present.len():
        return "no value in the training rows"
    if dtype not in (pl.Boolean, pl.String) and not dtype.is_numeric() and not dtype.is_temporal():
        return f"values of type {dtype} are not used"
    distinct = present.n_unique()
    if distinct == 1 and present.len() == train.len():
        return f"{str(present[0]) if dtype.is_temporal() else repr(present[0])} in every training row"
    return None if asked else _why_identifier(whole, present, distinct)


_MOSTLY = 0.9
"""From this share on, what the others are is a slip."""


def _why_identifier(whole: pl.Series, present: pl.Series, distinct: int) -> str | None:
    if whole.dtype == pl.String:
        return _why_scattered(present, distinct)
    if not whole.dtype.is_integer() or whole.null_count():
        return None
    if (
        len(whole) > 1
        and whole[0] in (0, 1)
        and whole[-1] - whole[0] == len(whole) - 1
        and (whole.diff()[1:] == 1).all()
    ):
        return "counts the rows"
    if _IDENTIFIER.fullmatch(whole.name) and whole.n_unique() == len(whole):
        return "an identifier, by its name and as no value occurs twice"
    return None


def _spoiling(present: pl.Series) -> str | None:
    """The first few texts in a column that but for them holds numbers, or None where it does not."""
    odd = present.filter(present.cast(pl.Float64, strict=False).is_null()).unique(maintain_order=True)
    spoilt = odd.len() > 0 and present.is_in(odd.implode()).sum() <= (1 - _MOSTLY) * present.len()
    return ", ".join(map(repr, odd.head(3))) if spoilt else None


def _why_scattered(present: pl.Series, distinct: int) -> str | None:
    """Why text has so many values that a feature for each of the most frequent says next to nothing, or None."""
    rows = present.len()
    if distinct <= _SOME_LEVELS:
        return None
    if distinct > max(_FEW_TEXTS, 0.5 * rows):
        if odd := _spoiling(present):
            return f"text, as not all its values are numbers ({odd}): leave those empty if they mean missing"
        if present.str.contains(r"^\d{1,2}[./]\d{1,2}[./]\d{4}$").sum() >= _MOSTLY * rows:
            return "text that looks like dates, of which only ISO ones (2021-12-31) are read"
        return f"text with {distinct:,} distinct values in {rows:,} training rows, like an identifier"
    counts = present.value_counts(name="count")["count"].sort(descending=True)
    if counts[0] < 2:
        return f"text with {distinct:,} distinct values, none of which occurs twice"
    share = counts.head(MOST_LEVELS - 1).sum() / rows
    if distinct <= MOST_LEVELS or share >= _LEAST_COVER:
        return None
    return (
        f"text with {distinct:,} distinct values; the {MOST_LEVELS - 1} most frequent are on only {share:.0%} of rows"
    )
