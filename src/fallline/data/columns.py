"""How one column becomes features: the fitted numbers, and the arithmetic that applies them to any rows."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field

from fallline.data.categorical import BooleanColumn, CategoricalColumn
from fallline.data.column import BaseColumn
from fallline.data.dates import DateColumn
from fallline.data.numeric import NumericColumn, OrderedColumn
from fallline.data.remarks import Remark

__all__ = ["Column", "DroppedColumn"]


class DroppedColumn(BaseColumn):
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

    def fill(self, column: pl.Series, out: np.ndarray, *, first_row: int = 0) -> list[Remark]:
        """Leave it."""
        return []


Column = Annotated[
    NumericColumn | BooleanColumn | CategoricalColumn | OrderedColumn | DateColumn | DroppedColumn,
    Field(discriminator="kind"),
]
