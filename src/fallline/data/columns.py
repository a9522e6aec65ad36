"""How one column becomes features: the fitted numbers, and the arithmetic that applies them to any rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from fallline.core.errors import DataError

__all__ = ["BooleanColumn", "CategoricalColumn", "Column", "DroppedColumn", "NumericColumn", "numbers"]

_LARGEST = float(np.finfo(np.float32).max)


class _Column(BaseModel, ABC):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str

    @property
    @abstractmethod
    def features(self) -> tuple[str, ...]:
        """Names of the features it gives, in order."""

    @property
    @abstractmethod
    def treatment(self) -> str:
        """What is done to it, in plain words."""

    @abstractmethod
    def fill(self, column: pl.Series, out: np.ndarray) -> list[str]:
        """Encode ``column``.

        Args:
            column: The values ``(row,)``.
            out: Zeros ``(row, feature)``, float32; filled in place.

        Returns:
            What there is to announce, one sentence each.

        Raises:
            DataError: A value cannot be what the column held in training.
        """


class NumericColumn(_Column):
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

    @property
    def features(self) -> tuple[str, ...]:
        """The column by its name, and where it is missing."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    @property
    def treatment(self) -> str:
        """Standardized, by what, and how missing values were filled."""
        text = f"standardized (mean {self.mean:.4g}, deviation {self.scale:.4g})"
        if self.missing:
            text += f"; {self.missing:,} missing filled with the median {self.median:.4g} and marked"
        if self.infinite:
            text += f"; {self.infinite:,} infinite, taken as missing"
        return text

    def fill(self, column: pl.Series, out: np.ndarray) -> list[str]:
        """Fill, standardize and mark the numbers."""
        values, infinite = numbers(column)
        absent = np.isnan(values)
        values[absent] = self.median
        # In halves, so that two values of opposite sign near the end of the range do not overflow.
        with np.errstate(over="ignore"):
            shifted = (values / 2 - self.mean / 2) / (self.scale / 2)
        out[:, 0] = np.clip(shifted, -_LARGEST, _LARGEST)
        if self.indicator:
            out[:, 1] = absent
        count = int(absent.sum())
        if not count or self.indicator:
            return []
        return [
            f"{self.name}: {_rows(count)} without a value"
            + (f" ({infinite:,} infinite)" if infinite else "")
            + f", which training never saw; filled with the median {self.median:.4g}."
        ]


class BooleanColumn(_Column):
    """0 for false, 1 for true; missing filled with the more frequent, and marked if training had any."""

    kind: Literal["boolean"] = "boolean"
    usual: bool
    """The more frequent value of the training rows."""
    indicator: bool
    missing: int = 0

    @property
    def features(self) -> tuple[str, ...]:
        """The column by its name, and where it is missing."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    @property
    def treatment(self) -> str:
        """What stands for false and true, and how missing values were filled."""
        text = "false is 0, true is 1"
        if self.missing:
            text += f"; {self.missing:,} missing filled with {str(self.usual).lower()} and marked"
        return text

    def fill(self, column: pl.Series, out: np.ndarray) -> list[str]:
        """Fill and mark the booleans."""
        if column.dtype == pl.String:
            column = column.str.strip_chars().str.to_lowercase()
            truths = column.replace_strict(["false", "true", "0", "1"], [0.0, 1.0] * 2, default=None)
        else:
            truths = column.cast(pl.Float64, strict=False)
        wrong = (truths.is_null() & column.is_not_null()) | ~truths.fill_null(0.0).is_in([0.0, 1.0])
        _refuse(column, wrong, "true or false")
        absent = truths.is_null().to_numpy()
        out[:, 0] = truths.cast(pl.Float64).fill_null(float(self.usual)).to_numpy()
        if self.indicator:
            out[:, 1] = absent
        count = int(absent.sum())
        if not count or self.indicator:
            return []
        usual = str(self.usual).lower()
        return [f"{self.name}: {_rows(count)} without a value, which training never saw; filled with {usual}."]


class CategoricalColumn(_Column):
    """One feature per level, 1 where the column has it; all zeros for a level that training never saw."""

    kind: Literal["categorical"] = "categorical"
    levels: tuple[str, ...]
    """Sorted; each a feature."""
    pooled: tuple[str, ...] = ()
    """The rarest levels, which share the feature ``other``."""
    missing: int = 0
    """Training rows without a value; where there are any, missing is a level."""

    @property
    def features(self) -> tuple[str, ...]:
        """One name per level, then ``other``, then missing."""
        names = [f"{self.name}={level}" for level in self.levels]
        names += [f"{self.name}=other"] * bool(self.pooled) + [f"{self.name} missing"] * bool(self.missing)
        return tuple(names)

    @property
    def treatment(self) -> str:
        """How many levels there are, and which were pooled."""
        text = f"one-hot, {len(self.levels):,} levels"
        if self.pooled:
            text += f" and the {len(self.pooled):,} rarest pooled as other"
        if self.missing:
            text += f"; {self.missing:,} missing as a level of their own"
        return text

    def fill(self, column: pl.Series, out: np.ndarray) -> list[str]:
        """Set the feature of each row's level."""
        texts = column if column.dtype == pl.String else column.cast(pl.String)
        places = [*range(len(self.levels)), *[len(self.levels)] * len(self.pooled)]
        codes = texts.replace_strict([*self.levels, *self.pooled], places, default=None, return_dtype=pl.Int32)
        known = codes.is_not_null().to_numpy()
        out[np.flatnonzero(known), codes.drop_nulls().to_numpy()] = 1
        absent = texts.is_null().to_numpy()
        if self.missing:
            out[absent, -1] = 1
        notes = []
        if (unseen := texts.filter(~(known | absent))).len():
            examples = ", ".join(map(repr, unseen.unique(maintain_order=True).to_list()[:3]))
            notes.append(
                f"{self.name}: {_rows(unseen.len())} with a category that training never saw ({examples}); "
                "none of its features is set."
            )
        if absent.any() and not self.missing:
            notes.append(
                f"{self.name}: {_rows(int(absent.sum()))} without a value, which training never saw; "
                "none of its features is set."
            )
        return notes


class DroppedColumn(_Column):
    """Left out."""

    kind: Literal["dropped"] = "dropped"
    reason: str

    @property
    def features(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def treatment(self) -> str:
        """Why it was dropped."""
        return f"dropped: {self.reason}"

    def fill(self, column: pl.Series, out: np.ndarray) -> list[str]:
        """Leave it."""
        return []


Column = Annotated[NumericColumn | BooleanColumn | CategoricalColumn | DroppedColumn, Field(discriminator="kind")]


def numbers(column: pl.Series) -> tuple[np.ndarray, int]:
    """A column as float64 ``(row,)``, NaN where it is missing or infinite, and how many are infinite.

    Raises:
        DataError: A value is text that is no number.
    """
    if column.dtype == pl.String:
        parsed = column.str.strip_chars().cast(pl.Float64, strict=False)
    elif column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null):
        parsed = column.cast(pl.Float64)
    else:
        parsed = pl.Series(column.name, [None] * len(column), dtype=pl.Float64)
    _refuse(column, parsed.is_null() & column.is_not_null(), "a number")
    values = np.array(parsed.to_numpy())
    infinite = np.isinf(values)
    values[infinite] = np.nan
    return values, int(infinite.sum())


def _refuse(column: pl.Series, wrong: pl.Series, expected: str) -> None:
    """Raise for the first row that is wrong."""
    if wrong.any():
        row = wrong.arg_max() or 0
        count = wrong.sum()
        raise DataError(
            f"encoding column {column.name!r}",
            f"row {row + 1} does not hold {expected}" + (f", nor do {count - 1:,} others" if count > 1 else ""),
            expected=f"{expected}, as in training",
            got=f"{column.name} = {str(column[row])[:80]!r}",
            do="correct the value, or leave it empty if it is missing",
        )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
