"""Columns of text read as the numbers, booleans and dates that they hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import polars as pl

from fallline.data.dates import read_dates
from fallline.data.frames import normalised
from fallline.data.scan import MISSING
from fallline.data.written import (
    COMMA_GROUPS,
    DECIMAL_COMMA,
    DECIMAL_COMMA_AND_POINTS,
    NumberFormat,
    formats_of,
    has_units,
    looks_grouped,
)

__all__ = ["Parsed", "cleaned", "parsed", "parsed_text"]

_MOSTLY = 0.9
_SAMPLE = 10_000


@dataclass(frozen=True)
class Parsed:
    """Columns of text, understood.

    Args:
        frame: All columns.
        written: How those columns write their numbers that do not write them plainly.
        notes: What was assumed, one sentence each.
    """

    frame: pl.DataFrame
    written: Mapping[str, NumberFormat]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    """A column, read as far as it says by itself.

    Args:
        column: Its values.
        formats: In which its numbers may be written, if it is still text.
        riddle: Whether ``1,234`` is all that it has to say about decimal commas.
        note: What there is to say.
    """

    column: pl.Series
    formats: tuple[NumberFormat, ...] = ()
    riddle: bool = False
    note: str | None = None

    def chosen(self, *, commas: bool) -> NumberFormat | None:
        """The format to read it by; ``commas``: whether other columns have decimal commas."""
        if not self.riddle:
            return self.formats[0] if self.formats else None
        if commas:
            return DECIMAL_COMMA
        return COMMA_GROUPS if COMMA_GROUPS in self.formats else None


def parsed(
    frame: pl.DataFrame,
    *,
    text: Collection[str] = (),
    again: Callable[[list[str]], pl.DataFrame] | None = None,
) -> Parsed:
    """Read the text columns of ``frame`` as numbers, booleans or dates where every value is one.

    Args:
        frame: Columns as a text file gave them.
        text: Names of columns that stay text whatever they hold.
        again: Gives columns that were read as numbers as the text that they were, to look at the points in them
            where the other columns have decimal commas.
    """
    reads = [
        _understood(column, keep=column.name in text) if column.dtype == pl.String else _Read(column)
        for column in frame
    ]
    commas = any(DECIMAL_COMMA in read.formats and not read.riddle for read in reads)
    commas &= not any(COMMA_GROUPS in read.formats and not read.riddle for read in reads)
    if commas and again is not None:
        reads = _with_points_between_thousands(reads, again, text)
    written: dict[str, NumberFormat] = {}
    columns, notes = [], []
    for read in reads:
        column, chosen = read.column, read.chosen(commas=commas)
        if chosen is not None:
            written[column.name] = chosen
            notes.append(_said(column, chosen, read.riddle))
            column = chosen.parsed(column)
        elif read.riddle:
            notes.append(f"{column.name}: text, as nothing says whether its commas are decimal commas.")
        columns.append(column)
        notes += [read.note] * (read.note is not None)
    return Parsed(normalised(pl.DataFrame(columns)), written, tuple(notes))


def parsed_text(column: pl.Series) -> pl.Series:
    """A column of text as dates where every value is an ISO date; anything else as it is."""
    distinct = column.unique().drop_nulls()
    if not distinct.len() or read_dates(distinct.head(100)).null_count():
        return column
    return column if read_dates(distinct).null_count() else read_dates(column)


def _said(column: pl.Series, chosen: NumberFormat, riddle: bool) -> str:
    example = next(value for value in column if value is not None and not value.strip("+-").isdigit())
    number = chosen.parsed(pl.Series([example]))[0]
    doubt = " (they could be decimal commas as well)" if riddle and chosen == COMMA_GROUPS else ""
    return f"{column.name}: numbers with {chosen.phrase}{doubt}; {example!r} is read as {number:.15g}."


def _understood(column: pl.Series, *, keep: bool) -> _Read:
    stripped, distinct = cleaned(column)
    if keep or not distinct.len():
        return _Read(stripped)
    for dtype in (pl.Int64, pl.Float64):
        if not distinct.cast(dtype, strict=False).null_count():
            return _Read(stripped.cast(dtype, strict=False))
    if distinct.str.to_lowercase().is_in(["true", "false"]).all():
        return _Read(stripped.str.to_lowercase() == "true")
    dates = parsed_text(stripped)
    if dates.dtype != pl.String:
        return _Read(dates, note=f"{column.name}: read as dates.")
    formats = formats_of(distinct)
    riddle = DECIMAL_COMMA in formats and looks_grouped(distinct)
    return _Read(stripped, formats, riddle, None if formats else _why_text(column.name, distinct))


def cleaned(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The column without spaces around its values and with null for missing, and its different values."""
    distinct = column.unique().drop_nulls()
    clean = distinct.str.strip_chars()
    if (clean != distinct).any() or clean.is_in(MISSING).any():
        column = column.str.strip_chars()
        column = column.set(column.is_in(MISSING), None)
        distinct = column.unique().drop_nulls()
    return column, distinct


def _why_text(name: str, distinct: pl.Series) -> str | None:
    """Why a column that looks like numbers is none."""
    sample = distinct.head(_SAMPLE).sort().to_list()
    if has_units(sample):
        return f"{name}: numbers with units, such as {sample[0]!r}, stay text; without the units they are numbers."
    numbers = distinct.cast(pl.Float64, strict=False)
    if distinct.len() >= 10 and numbers.null_count() <= (1 - _MOSTLY) * distinct.len():
        others = ", ".join(map(repr, distinct.filter(numbers.is_null()).sort().to_list()[:3]))
        return f"{name}: text, as not all its values are numbers ({others}); leave those empty if they mean missing."
    return None


def _with_points_between_thousands(
    reads: list[_Read], again: Callable[[list[str]], pl.DataFrame], text: Collection[str]
) -> list[_Read]:
    """Where decimals have commas, 1.234 may be a thousand: look again at the columns that were read as floats."""
    floats = [read.column.name for read in reads if read.column.dtype == pl.Float64 and read.column.name not in text]
    if not floats:
        return reads
    found: dict[str, _Read] = {}
    for column in again(floats):
        stripped, distinct = cleaned(column)
        if DECIMAL_COMMA_AND_POINTS.fits(distinct):
            found[column.name] = _Read(stripped, (DECIMAL_COMMA_AND_POINTS,))
    return [found.get(read.column.name, read) for read in reads]
