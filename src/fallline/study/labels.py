"""From class ids and tensors back to what the target columns held."""

from __future__ import annotations

import polars as pl
from torch import Tensor

from fallline.catalogue.readout import Prediction
from fallline.core.task import Target

__all__ = ["labelled", "prediction_frame"]


def labelled(target: Target, values: Tensor, *, name: str) -> dict[str, pl.Series]:
    """Class ids as the target's classes, numbers and labels as they are: column name → values.

    One target column is called ``name``; of several each is called ``name of COLUMN``.
    """
    if target.task.classifies:
        return {name: pl.Series([target.classes[number] for number in values.tolist()], strict=False)}
    if values.ndim == 1:
        return {name: pl.Series(values.numpy())}
    columns = target.columns or (target.name,)
    return {
        f"{name} of {column}" if target.columns else name: pl.Series(values[:, position].numpy())
        for position, column in enumerate(columns)
    }


def prediction_frame(target: Target, prediction: Prediction) -> pl.DataFrame:
    """A prediction as a table: the prediction, then what else the loss gives.

    That is a column ``probability of CLASS`` per class or label, or ``standard deviation``.
    """
    columns = labelled(target, prediction.value, name="prediction")
    if prediction.score is not None and prediction.probability:
        for number, label in enumerate(target.classes or target.columns):
            columns[f"probability of {label}"] = pl.Series(prediction.score[:, number].numpy())
    if prediction.deviation is not None:
        columns |= labelled(target, prediction.deviation, name="standard deviation")
    return pl.DataFrame(columns)
