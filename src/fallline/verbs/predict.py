"""``fl.predict``: predictions for new rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fallline.study.predicting import Predictions
from fallline.study.predicting import predict as predict_rows
from fallline.study.predicting import predict_batches as predict_rows_in_batches
from fallline.study.record import Study
from fallline.verbs.open import open as open_study

__all__ = ["predict", "predict_batches"]


def predict(
    study: Study | str | Path, rows: Any, *, header: bool | None = None, delimiter: str | None = None
) -> Predictions:
    """Predict raw rows with a study's best run.

    Args:
        study: A study, its folder, its name in ``./studies``, or ``"latest"``.
        rows: A table with the columns that the study was trained on (the target may be absent): a path, a
            pandas or polars DataFrame, or an array of inputs ``(row, column)`` where it was trained on arrays.
        header: Whether the first line of a delimited file holds names; None: found out.
        delimiter: What separates its fields; None: found out.

    Returns:
        The predictions, with ``.values`` for an array, ``.frame()`` for a table with probabilities, ``.notes`` for
        what had to be done to the rows.

    Raises:
        StudyError: The study is missing or damaged, or all its runs diverged.
        SourceError: The rows cannot be read.
        DataError: A column is missing, or holds text where it held numbers.
    """
    opened = study if isinstance(study, Study) else open_study(study)
    return predict_rows(opened, rows, header=header, delimiter=delimiter)


def predict_batches(
    study: str | Path, rows: Any, *, header: bool | None = None, delimiter: str | None = None
) -> Iterator[Predictions]:
    """As `predict`, batch by batch: of a file of any size no more than a piece is held."""
    return predict_rows_in_batches(open_study(study), rows, header=header, delimiter=delimiter)
