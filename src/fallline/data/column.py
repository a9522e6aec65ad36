"""What the kinds of columns have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict

from fallline.core.errors import DataError
from fallline.data.remarks import Remark

__all__ = ["BaseColumn", "refuse_wrong", "unseen_gaps"]


class BaseColumn(BaseModel, ABC):
    """A column with what training learnt about it: data.json holds its fields."""

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
    def fill(self, column: pl.Series, out: np.ndarray, *, first_row: int = 0) -> list[Remark]:
        """Encode ``column``.

        Args:
            column: The values ``(row,)``.
            out: Zeros ``(row, feature)``, float32; filled in place.
            first_row: How many rows came before these; for the row numbers that errors name.

        Returns:
            What there is to announce.

        Raises:
            DataError: A value cannot be what the column held in training.
        """


def unseen_gaps(name: str, count: int, done: str, *, infinite: int = 0) -> Remark:
    """The remark about values that are missing where training had them all."""
    return Remark(name, "without a value{}, which training never saw", done, rows=count, infinite=infinite)


def refuse_wrong(
    column: pl.Series, wrong: pl.Series, expected: str, *, first_row: int, doing: str | None = None
) -> None:
    """Raise for the first row that is wrong; ``doing`` says as what it is taken before anything is learnt."""
    if wrong.any():
        row = wrong.arg_max() or 0
        count = wrong.sum()
        raise DataError(
            doing or f"encoding column {column.name!r}",
            f"row {first_row + row + 1} does not hold {expected}"
            + (f", nor do {count - 1:,} others" if count > 1 else ""),
            expected=expected if doing else f"{expected}, as in training",
            got=f"{column.name} = {str(column[row])[:80]!r}",
            do="correct the value, or leave it empty if it is missing",
        )
