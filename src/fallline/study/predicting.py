"""Predictions for new rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
import torch

from fallline.catalogue.builders import read_outputs
from fallline.catalogue.registry import find
from fallline.core.errors import StudyError
from fallline.data.schema import encode
from fallline.data.table import read
from fallline.study.labels import prediction_frame
from fallline.study.record import Study

__all__ = ["Predictions", "predict"]


@final
@dataclass(frozen=True)
class Predictions:
    """Predictions of a study's best run for new rows.

    Args:
        table: One row per new row: ``prediction`` in the target's own unit or one of its classes; then
            ``probability of CLASS`` per class, or ``standard deviation``, where the loss gives them.
        notes: What had to be done to the new rows, one sentence each.
    """

    table: pl.DataFrame
    notes: tuple[str, ...]

    @property
    def values(self) -> np.ndarray:
        """The predictions alone ``(row,)``."""
        return self.table["prediction"].to_numpy()

    def __len__(self) -> int:
        return self.table.height

    def __iter__(self) -> Iterator[Any]:
        return iter(self.table["prediction"].to_list())

    def frame(self) -> pl.DataFrame:
        """The predictions as a table."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """The predictions and notes as plain data."""
        return {"rows": len(self), "predictions": self.table.to_dicts(), "notes": list(self.notes)}

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def predict(study: Study, rows: Any) -> Predictions:
    """Predict raw rows with the study's best run.

    Raises:
        SourceError: The rows cannot be read.
        DataError: A column is missing, or holds text where it held numbers.
        StudyError: No run of the study can predict.
    """
    best = study.best
    if best is None:
        raise StudyError(
            f"predicting with the study {study.path}",
            "all its runs diverged, so there is no model",
            do="train again with a lower --learning-rate",
        )
    encoded = encode(study.schema, read(rows, text=study.schema.text_columns).frame)
    inputs = torch.from_numpy(encoded.inputs).to(getattr(torch, best.recipe.dtype))
    with torch.no_grad():
        outputs = best.model(inputs)
    contract = find("loss", best.recipe.loss).contract
    prediction = read_outputs(contract, study.schema.target, outputs)
    return Predictions(prediction_frame(study.schema.target, prediction), encoded.notes)
