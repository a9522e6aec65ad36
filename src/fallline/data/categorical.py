"""Columns of categories, and of booleans."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from fallline.data.column import BaseColumn, refuse_wrong, unseen_gaps
from fallline.data.numeric import labels
from fallline.data.remarks import Remark

__all__ = ["BooleanColumn", "CategoricalColumn"]

_TRUTHS = {"false": 0.0, "true": 1.0, "0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0}


class BooleanColumn(BaseColumn):
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

    def fill(self, column: pl.Series, out: np.ndarray, *, first_row: int = 0) -> list[Remark]:
        """Fill and mark the booleans."""
        if column.dtype == pl.String:
            lowered = column.str.strip_chars().str.to_lowercase()
            truths = lowered.replace_strict(list(_TRUTHS), list(_TRUTHS.values()), default=None)
        else:
            truths = column.cast(pl.Float64, strict=False)
        wrong = (truths.is_null() & column.is_not_null()) | ~truths.fill_null(0.0).is_in([0.0, 1.0])
        refuse_wrong(column, wrong, "true or false", first_row=first_row)
        absent = truths.is_null().to_numpy()
        out[:, 0] = truths.cast(pl.Float64).fill_null(float(self.usual)).to_numpy()
        if self.indicator:
            out[:, 1] = absent
        count = int(absent.sum())
        if not count or self.indicator:
            return []
        return [unseen_gaps(self.name, count, f"filled with {str(self.usual).lower()}")]


class CategoricalColumn(BaseColumn):
    """One feature per level, 1 where the column has it.

    A level that training never saw counts as ``other`` where the column has that feature; else it is all zeros.
    """

    kind: Literal["categorical"] = "categorical"
    levels: tuple[str, ...]
    """Sorted; each a feature."""
    pooled: tuple[str, ...] = ()
    """The rarest levels, which share the feature ``other``."""
    missing: int = 0
    """Training rows without a value; where there are any, missing is a level."""
    numeric: bool = False
    """Whether the levels are numbers, which a file may write in several ways (4, 4.0)."""

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

    def fill(self, column: pl.Series, out: np.ndarray, *, first_row: int = 0) -> list[Remark]:
        """Set the feature of each row's level."""
        texts = self._texts(column)
        codes = texts.cast(pl.Enum([*self.levels, *self.pooled]), strict=False).to_physical()
        known = codes.is_not_null().to_numpy()
        absent = texts.is_null().to_numpy()
        # Beyond the levels are the pooled ones, which share a feature.
        places = np.minimum(codes.drop_nulls().to_numpy(), len(self.levels))
        out[np.flatnonzero(known), places] = 1
        remarks = []
        if not (known | absent).all():
            unseen = ~(known | absent)
            if self.pooled:
                out[unseen, len(self.levels)] = 1
            examples = tuple(texts.filter(unseen).unique(maintain_order=True).to_list()[:3])
            done = "taken as other" if self.pooled else "none of its features is set"
            met = "with a category that training never saw{}"
            remarks.append(Remark(self.name, met, done, rows=int(unseen.sum()), examples=examples))
        if self.missing:
            out[absent, -1] = 1
        elif absent.any():
            remarks.append(unseen_gaps(self.name, int(absent.sum()), "none of its features is set"))
        return remarks

    def _texts(self, column: pl.Series) -> pl.Series:
        if self.numeric and column.dtype == pl.String:
            values = column.str.strip_chars().cast(pl.Float64, strict=False)
            return labels(values).fill_null(column)
        return labels(column)
