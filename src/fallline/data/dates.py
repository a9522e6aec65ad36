"""Columns of dates and times: read from ISO 8601 text, taken apart into parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import polars as pl

from fallline.data.column import BaseColumn, refuse_wrong, unseen_gaps
from fallline.data.numeric import NumericColumn
from fallline.data.remarks import Remark

__all__ = ["PARTS", "DateColumn", "part", "parts_of", "read_dates"]

_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$"
_OFFSET = r"(?::\d{2}|\.\d+)([+-])(\d{2}):?(\d{2})$"
_SHAPES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")

PARTS: Mapping[str, Callable[[pl.Series], pl.Series]] = {
    "year": lambda column: column.dt.year(),
    "month": lambda column: column.dt.month(),
    "day": lambda column: column.dt.day(),
    "weekday": lambda column: column.dt.weekday(),
    "hour": lambda column: column.dt.hour(),
    "minute": lambda column: column.dt.minute(),
}
"""Part of a date or time → how it is taken; weekdays count from 1, Monday."""


class DateColumn(BaseColumn):
    """The parts of a date that vary (year, month, day, weekday, hour), each standardized like a number."""

    kind: Literal["date"] = "date"
    parts: tuple[NumericColumn, ...]
    """Each with the name of its part."""
    missing: int = 0
    """Training rows without a value; where there are any, there is a feature that marks them."""

    @property
    def features(self) -> tuple[str, ...]:
        """The column's name with each part's, and where it is missing."""
        names = tuple(f"{self.name} {part.name}" for part in self.parts)
        return (*names, f"{self.name} missing") if self.missing else names

    @property
    def treatment(self) -> str:
        """The parts, and how missing values were filled."""
        text = f"taken apart into {', '.join(part.name for part in self.parts)}, each standardized"
        if self.missing:
            text += f"; {self.missing:,} missing filled with the medians and marked"
        return text

    def fill(self, column: pl.Series, out: np.ndarray, *, first_row: int = 0) -> list[Remark]:
        """Take apart, fill, standardize and mark the dates."""
        dates = read_dates(column) if column.dtype == pl.String else column
        if not dates.dtype.is_temporal():
            dates = pl.Series(column.name, [None] * len(column), dtype=pl.Datetime("us"))
        wrong = dates.is_null() & column.is_not_null()
        refuse_wrong(column, wrong, "a date (2024-12-31, or 2024-12-31 23:59)", first_row=first_row)
        for position, found in enumerate(self.parts):
            found.fill(part(dates, found.name), out[:, position : position + 1])
        absent = dates.is_null().to_numpy()
        if self.missing:
            out[:, -1] = absent
        elif absent.any():
            return [unseen_gaps(self.name, int(absent.sum()), "filled with the medians of its parts")]
        return []


def parts_of(dtype: pl.DataType) -> tuple[str, ...]:
    """The parts that a column of dates, of dates with times, or of times has."""
    if dtype == pl.Time:
        return ("hour", "minute")
    return ("year", "month", "day", "weekday") + (() if dtype == pl.Date else ("hour",))


def part(dates: pl.Series, name: str) -> pl.Series:
    """A part of each date ``(row,)``; the hour of a date alone is 0."""
    if dates.dtype == pl.Date and name in ("hour", "minute"):
        dates = dates.cast(pl.Datetime("us"))
    return PARTS[name](dates)


def read_dates(column: pl.Series) -> pl.Series:
    """Text as dates, or as dates with times where one has a time; null for what is neither.

    Only ISO 8601 is read, whose order of day and month is not open to doubt. Times with an offset become UTC.

    Example:
        >>> read_dates(pl.Series(["2024-02-29", "2024-02-30"])).to_list()
        [datetime.date(2024, 2, 29), None]
        >>> read_dates(pl.Series(["2024-02-29T23:30:00-01:00"])).to_list()
        [datetime.datetime(2024, 3, 1, 0, 30)]
    """
    texts = column.str.strip_chars()
    texts = texts.set(~texts.str.contains(_ISO).fill_null(False), None)
    days = texts.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if (texts.str.len_chars() == 10).all():
        return days
    clocks = texts.str.replace("T", " ", literal=True).str.replace(r"(?:Z|[+-]\d{2}:?\d{2})$", "")
    timed = texts.str.len_chars() > 10
    times = pl.Series(column.name, [None] * len(column), dtype=pl.Datetime("us"))
    for shape in _SHAPES:
        times = times.fill_null(clocks.str.to_datetime(shape, strict=False, time_unit="us"))
    return (times - _offsets(texts)).zip_with(timed.fill_null(True), days.cast(pl.Datetime("us"))).alias(column.name)


def _offsets(texts: pl.Series) -> pl.Series:
    """How far each time is ahead of UTC, as durations ``(row,)``."""
    found = texts.str.extract_groups(_OFFSET).struct.unnest()
    sign, hours, minutes = (found.to_series(position) for position in range(3))
    total = hours.cast(pl.Int64) * 60 + minutes.cast(pl.Int64)
    signs = sign.replace_strict({"+": 60_000_000, "-": -60_000_000}, default=0, return_dtype=pl.Int64)
    return (total * signs).fill_null(0).cast(pl.Duration("us"))
