"""Fallline: the loss-and-optimization workbench for PyTorch.

    >>> import fallline as fl
    >>> study = fl.train("moons", epochs=5, out="moons-study")
    >>> study.best.recipe.optimizer
    'adamw'

The verbs are imported when they are first used, so that ``import fallline`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fallline.checks.diagnosis import Diagnosis
    from fallline.core.errors import FalllineError, Interrupted
    from fallline.core.finding import Finding
    from fallline.core.outcome import Outcome
    from fallline.core.ranges import log_range
    from fallline.core.recipe import Recipe
    from fallline.study.predicting import Predictions
    from fallline.study.record import Study
    from fallline.verbs.catalog import catalog
    from fallline.verbs.check import check
    from fallline.verbs.compare import compare
    from fallline.verbs.open import open
    from fallline.verbs.predict import predict
    from fallline.verbs.studies import studies
    from fallline.verbs.train import train
    from fallline.verbs.watch import watch

__all__ = [
    "Diagnosis",
    "FalllineError",
    "Finding",
    "Interrupted",
    "Outcome",
    "Predictions",
    "Recipe",
    "Study",
    "__version__",
    "catalog",
    "check",
    "compare",
    "log_range",
    "open",
    "predict",
    "studies",
    "train",
    "watch",
]

_HOMES = {
    "Diagnosis": "fallline.checks.diagnosis",
    "FalllineError": "fallline.core.errors",
    "Finding": "fallline.core.finding",
    "Interrupted": "fallline.core.errors",
    "Outcome": "fallline.core.outcome",
    "Predictions": "fallline.study.predicting",
    "Recipe": "fallline.core.recipe",
    "Study": "fallline.study.record",
    "catalog": "fallline.verbs.catalog",
    "check": "fallline.verbs.check",
    "compare": "fallline.verbs.compare",
    "log_range": "fallline.core.ranges",
    "open": "fallline.verbs.open",
    "predict": "fallline.verbs.predict",
    "studies": "fallline.verbs.studies",
    "train": "fallline.verbs.train",
    "watch": "fallline.verbs.watch",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("fallline")
    if name not in _HOMES:
        raise AttributeError(f"module 'fallline' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
