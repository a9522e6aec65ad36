"""Predictions for new rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
import torch

from fallline.catalogue.readout import read_outputs
from fallline.core.errors import StudyError
from fallline.data.remarks import Remark, sentences
from fallline.data.schema import encode
from fallline.data.stream import batches
from fallline.data.table import read
from fallline.study.labels import prediction_frame
from fallline.study.record import Study
from fallline.study.run import Run

__all__ = ["Predictions", "predict", "predict_batches"]


@final
@dataclass(frozen=True)
class Predictions:
    """Predictions of a study's best run for new rows.

    Args:
        table: One row per new row: ``prediction`` in the target's own unit or one of its classes, of several
            target columns ``prediction of COLUMN``; then ``probability of CLASS`` per class or label, or ``standard
            deviation``, where the loss gives them.
        remarks: What had to be done to the new rows; `fallline.data.remarks.sentences` adds up those of batches.
    """

    table: pl.DataFrame
    remarks: tuple[Remark, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be done to the new rows, one sentence each."""
        return sentences(self.remarks)

    @property
    def values(self) -> np.ndarray:
        """The predictions alone ``(row,)``, of several target columns ``(row, target)``."""
        columns = [name for name in self.table.columns if name.startswith("prediction")]
        values = self.table.select(columns).to_numpy(writable=True)
        return values[:, 0] if columns == ["prediction"] else values

    def __len__(self) -> int:
        return self.table.height

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values.tolist())

    def frame(self) -> pl.DataFrame:
        """The predictions as a table."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """The predictions and notes as plain data."""
        return {"rows": len(self), "predictions": self.table.to_dicts(), "notes": list(self.notes)}

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def predict(study: Study, rows: Any, *, header: bool | None = None, delimiter: str | None = None) -> Predictions:
    """Predict raw rows with the study's best run.

    Args:
        study: The study.
        rows: The new rows.
        header: Whether the first line of a delimited file holds names; None: found out.
        delimiter: What separates its fields; None: found out.

    Raises:
        SourceError: The rows cannot be read.
        DataError: A column is missing, or holds text where it held numbers.
        StudyError: No run of the study can predict.
    """
    table = read(rows, text=study.schema.text_columns, header=header, delimiter=delimiter)
    return _predicted(study, _best(study), table.frame)


def predict_batches(
    study: Study, rows: Any, *, header: bool | None = None, delimiter: str | None = None
) -> Iterator[Predictions]:
    """As `predict`, in batches: of a file of any size no more than a piece is held.

    Args:
        study: The study.
        rows: The new rows.
        header: Whether the first line of a delimited file holds names; None: found out.
        delimiter: What separates its fields; None: found out.
    """
    best, before = _best(study), 0
    for frame in batches(rows, text=study.schema.text_columns, header=header, delimiter=delimiter):
        yield _predicted(study, best, frame, first_row=before)
        before += frame.height


def _best(study: Study) -> Run:
    if study.best is None:
        raise StudyError(
            f"predicting with the study {study.path}",
            "all its runs diverged, so there is no model",
            do="train again with a lower --learning-rate",
        )
    return study.best


def _predicted(study: Study, run: Run, frame: pl.DataFrame, *, first_row: int = 0) -> Predictions:
    encoded = encode(study.schema, frame, first_row=first_row)
    inputs = torch.from_numpy(encoded.inputs).to(getattr(torch, run.recipe.dtype))
    with torch.no_grad():
        outputs = run.model(inputs)
    prediction = read_outputs(run.recipe, study.schema.target, outputs)
    return Predictions(prediction_frame(study.schema.target, prediction), encoded.remarks)
