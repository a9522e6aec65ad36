"""``fl.open``: a study from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fallline.study.listing import find_study
from fallline.study.record import Study

__all__ = ["open"]


def open(path: str | Path, *, network: Any = None) -> Study:
    """Open a study. What runs its code is yours to name: no file of a study is ever run.

    Args:
        path: Its folder, its name in ``./studies``, or ``"latest"``.
        network: Of a study whose network was a function of a notebook or a script: that function, or where it can be
            imported from, as ``module:function``; of several a mapping from their names in ``network.py``. Its
            parameters have to fit; that it is the same function is your word. Without it all but models can be read.

    Raises:
        StudyError: The folder is missing, damaged, or from a newer version.
        ArgumentError: ``network`` is none of the study's.

    Example:
        >>> import fallline as fl
        >>> fl.open("latest").best.recipe.learning_rate  # doctest: +SKIP
        0.00251
    """
    return Study(find_study(path), network=network)
