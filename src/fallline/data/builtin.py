"""The built-in sets: four tables and one set of images of scikit-learn, and seven that are generated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from fallline.core.task import Task

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ALIASES", "BUILTIN", "BuiltIn"]


@dataclass(frozen=True)
class BuiltIn:
    """A built-in set.

    Args:
        about: What it holds, in one line.
        target: The column that is naturally predicted.
        load: Gives the table.
        task: The task of the target.
    """

    about: str
    target: str
    load: Callable[[], pl.DataFrame]
    task: Task


def _scikit_learn(loader: str, target: str) -> Callable[[], pl.DataFrame]:
    def load() -> pl.DataFrame:
        # Names must be known without what the sets need (the command line's help lists them).
        bunch = getattr(import_module("sklearn.datasets"), loader)()
        frame, name = import_module("fallline.data.memory").bunch_frame(bunch)
        return frame.rename({name: target})

    return load


def _generated(name: str) -> Callable[[], pl.DataFrame]:
    def load() -> pl.DataFrame:
        return getattr(import_module("fallline.data.generated"), name)()

    return load


BUILTIN: Mapping[str, BuiltIn] = {
    "iris": BuiltIn(
        "150 flowers: the species from four lengths",
        "species",
        _scikit_learn("load_iris", "species"),
        Task.multiclass,
    ),
    "wine": BuiltIn(
        "178 wines: the grower from 13 chemical measurements",
        "grower",
        _scikit_learn("load_wine", "grower"),
        Task.multiclass,
    ),
    "breast_cancer": BuiltIn(
        "569 tumours: malignant or benign, from 30 measurements",
        "diagnosis",
        _scikit_learn("load_breast_cancer", "diagnosis"),
        Task.binary,
    ),
    "digits": BuiltIn(
        "1,797 handwritten digits: which one, from 8 × 8 pixels",
        "digit",
        _scikit_learn("load_digits", "digit"),
        Task.multiclass,
    ),
    "diabetes": BuiltIn(
        "442 patients: the progression of the disease after a year, from 10 measurements",
        "progression",
        _scikit_learn("load_diabetes", "progression"),
        Task.regression,
    ),
    "moons": BuiltIn("1,000 points: two half moons, one in the other", "class", _generated("moons"), Task.binary),
    "circles": BuiltIn("1,000 points: a circle within a circle", "class", _generated("circles"), Task.binary),
    "spirals": BuiltIn("1,000 points: two spirals, one around the other", "class", _generated("spirals"), Task.binary),
    "blobs": BuiltIn("1,000 points: three round clouds", "class", _generated("blobs"), Task.multiclass),
    "xor": BuiltIn("1,000 points: whether the signs of the two inputs differ", "class", _generated("xor"), Task.binary),
    "line": BuiltIn("1,000 points along y = 2x + 1, with noise", "y", _generated("line"), Task.regression),
    "sine": BuiltIn("1,000 points along y = sin x, with noise", "y", _generated("sine"), Task.regression),
}
"""Name → set."""

ALIASES: Mapping[str, str] = {"cancer": "breast_cancer"}
"""Other name → name in `BUILTIN`."""
