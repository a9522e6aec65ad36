"""Columns of numbers, and of categories that have an order."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from fallline.data.column import BaseColumn, refuse_wrong, unseen_gaps
from fallline.data.remarks import Remark
from fallline.data.written import PLAIN, NumberFormat

__all__ = ["NumericColumn", "OrderedColumn", "labels", "numbers"]

_LARGEST = 1e6
"""Deviations from the mean at which a number is cut off: one absurd value is not to make every loss infinite."""
_DAY = 86_400_000_000  # microseconds


class NumericColumn(BaseColumn):
    """Missing filled with the median, then standardized; beside it 1 where missing, if training had any."""

    kind: Literal["numeric"] = "numeric"
    median: float
    mean: float
    """Over the training rows, after filling."""
    scale: float = Field(gt=0)
    """Population standard deviation over the training rows, after filling; 1 for a constant."""
    indicator: bool
    missing: int = 0
    """Training rows without a value."""
    infinite: int = 0
    """Training rows with an infinite value, which counts as missing."""
    written: NumberFormat = PLAIN
    """How the file wrote the numbers."""

    @property
    def features(self) -> tuple[str, ...]:
        """The column by its name, and where it is missing."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    @property
    def treatment(self) -> str:
        """Standardized, by what, and how missing values were filled."""
        text = f"standardized (mean {self.mean:.4g}, deviation {self.scale:.4g})"
        if self.written != PLAIN:
            text = f"read with {self.written.phrase}; {text}"
        if self.missing:
            text += f"; {self.missing:,} missing filled with the median {self.median:.4g} and marked"
        if self.infinite:
            text += f"; {self.infinite:,} infinite, taken as missing"
        return text

    def fill(self, column: pl.Series, out: np.ndarray, *, first_row: int = 0) -> list[Remark]:
        """Fill, standardize and mark the numbers."""
        values, infinite = numbers(column, written=self.written, first_row=first_row)
        absent = np.isnan(values)
        count = int(np.count_nonzero(absent))
        if count:
            values[absent] = self.median
        out[:, 0] = self.standardized(values)
        if self.indicator:
            out[:, 1] = absent
        if not count or self.indicator:
            return []
        return [unseen_gaps(self.name, count, f"filled with the median {self.median:.4g}", infinite=infinite)]

    def standardized(self, values: np.ndarray) -> np.ndarray:
        """Numbers without gaps ``(row,)`` less the mean, over the scale."""
        # In halves, so that two values of opposite sign near the end of the range do not overflow.
        with np.errstate(over="ignore"):
            shifted = (values / 2 - self.mean / 2) / (self.scale / 2)
        return np.clip(shifted, -_LARGEST, _LARGEST, out=shifted)


class OrderedColumn(BaseColumn):
    """The rank of each level, standardized like a number; a level that training never saw counts as missing."""

    kind: Literal["ordered"] = "ordered"
    levels: tuple[str, ...]
    """From the lowest to the highest."""
    rank: NumericColumn
    """What was learnt about the ranks 0, 1, …"""

    @property
    def features(self) -> tuple[str, ...]:
        """The column by its name, and where it is missing."""
        return self.rank.features

    @property
    def missing(self) -> int:
        """Training rows without a value."""
        return self.rank.missing

    @property
    def treatment(self) -> str:
        """The order, and how missing values were filled."""
        text = "ranked " + " < ".join(self.levels) + ", then standardized"
        if self.missing:
            usual = self.levels[round(self.rank.median)]
            text += f"; {self.missing:,} missing filled with the middle rank, {usual}, and marked"
        return text

    def fill(self, column: pl.Series, out: np.ndarray, *, first_row: int = 0) -> list[Remark]:
        """Rank, fill, standardize and mark the levels."""
        texts = labels(column)
        ranks = texts.cast(pl.Enum(self.levels), strict=False).to_physical().cast(pl.Float64)
        unseen = texts.filter(ranks.is_null() & texts.is_not_null())
        found = self.rank.fill(ranks.alias(self.name), out, first_row=first_row)
        if not unseen.len():
            return found
        examples = tuple(unseen.unique(maintain_order=True).to_list()[:3])
        done = f"taken as missing, filled with the rank of {self.levels[round(self.rank.median)]}"
        met = "with a category that training never saw{}"
        gaps = int(texts.null_count())
        kept = [unseen_gaps(self.name, gaps, "filled with the middle rank")] if gaps and found else []
        return [Remark(self.name, met, done, rows=unseen.len(), examples=examples), *kept]


def numbers(
    column: pl.Series, *, written: NumberFormat = PLAIN, first_row: int = 0, doing: str | None = None
) -> tuple[np.ndarray, int]:
    """A column as float64 ``(row,)``, NaN where it is missing or infinite, and how many are infinite.

    Dates and times count days since 1970. What ``doing`` says is what an error says was being done, where the column
    has not been learnt from yet.

    Raises:
        DataError: A value is text that is no number.
    """
    dtype = column.dtype
    if dtype == pl.String:
        parsed = written.parsed(column)
    elif dtype.is_numeric() or dtype in (pl.Boolean, pl.Null):
        parsed = column.cast(pl.Float64)
    elif dtype == pl.Date or dtype == pl.Datetime:
        parsed = column.cast(pl.Datetime("us")).to_physical() / _DAY
    else:
        parsed = pl.Series(column.name, [None] * len(column), dtype=pl.Float64)
    if parsed.null_count() > column.null_count():
        refuse_wrong(column, parsed.is_null() & column.is_not_null(), "a number", first_row=first_row, doing=doing)
    values = np.array(parsed.to_numpy())
    infinite = np.isinf(values)
    count = int(np.count_nonzero(infinite))
    if count:
        values[infinite] = np.nan
    return values, count


def labels(column: pl.Series) -> pl.Series:
    """A column as category names: text as it is, whole floats as the whole numbers they are.

    Example:
        >>> labels(pl.Series([4.0, 2.5])).to_list()
        ['4', '2.5']
    """
    if column.dtype == pl.String or not column.dtype.is_float():
        return column.cast(pl.String)
    column = column.set(column.is_nan().fill_null(False), None)
    whole = ((column.floor() == column) & (column.abs() < 2.0**53)).fill_null(False)
    return column.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole, column.cast(pl.String))
