"""``fl.open``: a study from its folder."""

from __future__ import annotations

from pathlib import Path

from fallline.study.listing import find_study
from fallline.study.record import Study

__all__ = ["open"]


def open(path: str | Path) -> Study:
    """Open a study.

    Args:
        path: Its folder, its name in ``./studies``, or ``"latest"``.

    Raises:
        StudyError: The folder is missing, damaged, or from a newer version.

    Example:
        >>> import fallline as fl
        >>> fl.open("latest").best.recipe.learning_rate  # doctest: +SKIP
        0.00251
    """
    return Study(find_study(path))
