"""What a network has to beat: the mean or the majority, a linear model, gradient boosting."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV

from fallline.core.task import Task
from fallline.data.dataset import Dataset, Split
from fallline.study.metrics import score

__all__ = ["baselines"]


def baselines(data: Dataset) -> dict[str, dict[str, float | None]]:
    """Test scores of scikit-learn's models on the same encoded rows: name → metric → value."""
    return {name: _fit_and_score(model, data) for name, model in _models(data.target.task).items()}


def _models(task: Task) -> dict[str, Any]:
    if task.classifies:
        return {
            "majority": DummyClassifier(strategy="prior"),
            "logistic": LogisticRegression(max_iter=2000),
            "gradient_boosting": HistGradientBoostingClassifier(random_state=0),
        }
    return {
        "mean": DummyRegressor(),
        "ridge": RidgeCV(alphas=np.logspace(-3, 3, 13)),
        "gradient_boosting": HistGradientBoostingRegressor(
            loss="poisson" if task is Task.counts else "squared_error", random_state=0
        ),
    }


def _fit_and_score(model: Any, data: Dataset) -> dict[str, float | None]:
    inputs, truth, weights = _arrays(data.train)
    model.fit(inputs, truth, sample_weight=weights)
    inputs, truth, weights = _arrays(data.test)
    probability = None
    if data.target.task.classifies:
        # A class without training rows has no column of its own: its probability is 0.
        probability = np.zeros((len(truth), len(data.target.classes)))
        probability[:, model.classes_] = model.predict_proba(inputs)
    return score(data.target, truth, model.predict(inputs), probability=probability, weights=weights)


def _arrays(split: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    weights = None if split.weights is None else split.weights.double().numpy()
    return split.inputs.double().numpy(), split.targets.numpy(), weights
