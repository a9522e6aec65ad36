"""From class ids back to what the column held, and a prediction as a table."""

from __future__ import annotations

import polars as pl
from torch import Tensor

from fallline.catalogue.builders import Prediction
from fallline.core.task import Target

__all__ = ["labelled", "prediction_frame"]


def labelled(target: Target, values: Tensor) -> pl.Series:
    """Class ids ``(row,)`` as the target's classes; numbers as they are."""
    if not target.task.classifies:
        return pl.Series(values.numpy())
    return pl.Series([target.classes[number] for number in values.tolist()], strict=False)


def prediction_frame(target: Target, prediction: Prediction) -> pl.DataFrame:
    """A prediction as a table: ``prediction``, then what else the loss gives.

    That is a column ``probability of CLASS`` per class, or ``standard deviation``.
    """
    columns = {"prediction": labelled(target, prediction.value)}
    if prediction.probability is not None:
        for number, label in enumerate(target.classes):
            columns[f"probability of {label}"] = pl.Series(prediction.probability[:, number].numpy())
    if prediction.deviation is not None:
        columns["standard deviation"] = pl.Series(prediction.deviation.numpy())
    return pl.DataFrame(columns)
