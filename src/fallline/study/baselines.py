"""What a network has to beat: the mean or the majority, a linear model, gradient boosting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from threadpoolctl import threadpool_limits

from fallline.core.task import Task
from fallline.data.dataset import Dataset, Split
from fallline.study.metrics import Guess, Scorer, Scores

__all__ = ["baselines"]


def baselines(data: Dataset, scorer: Scorer) -> dict[str, Scores]:
    """Test scores of scikit-learn's models on the same encoded rows: name → metric → value.

    Of several target columns each has a model of its own.
    """
    # One thread: on busy cores the threads of gradient boosting wait for each other far longer than they work.
    with threadpool_limits(limits=1), np.errstate(over="ignore", invalid="ignore"):
        return {name: _fit_and_score(build, data, scorer) for name, build in _models(scorer).items()}


def _models(scorer: Scorer) -> dict[str, Callable[[], Any]]:
    task, quantile = scorer.target.task, scorer.quantile
    if quantile is not None:  # models of the mean would be beaten by anything
        return {
            "quantile": lambda: DummyRegressor(strategy="quantile", quantile=quantile),
            "gradient_boosting": lambda: HistGradientBoostingRegressor(
                loss="quantile", quantile=quantile, random_state=0
            ),
        }
    if task.classifies or task is Task.multilabel:
        return {
            "majority": lambda: DummyClassifier(strategy="prior"),
            "logistic": lambda: LogisticRegression(max_iter=2000),
            "gradient_boosting": lambda: HistGradientBoostingClassifier(random_state=0),
        }
    loss = "poisson" if task is Task.counts else "squared_error"
    return {
        "mean": DummyRegressor,
        "ridge": lambda: RidgeCV(alphas=np.logspace(-3, 3, 13)),
        "gradient_boosting": lambda: HistGradientBoostingRegressor(loss=loss, random_state=0),
    }


def _fit_and_score(build: Callable[[], Any], data: Dataset, scorer: Scorer) -> Scores:
    inputs, truth, weights = _arrays(data.train)
    test_inputs, test_truth, test_weights = _arrays(data.test)
    columns = truth.T if truth.ndim == 2 else [truth]
    if data.target.task.classifies:
        guess = _classes(build(), inputs, columns[0], weights, test_inputs, count=len(data.target.classes))
    elif data.target.task is Task.multilabel:
        guesses = [_classes(build(), inputs, column, weights, test_inputs, count=2) for column in columns]
        value = np.stack([guess.value for guess in guesses], axis=1)
        scores = [guess.score[:, 1] for guess in guesses if guess.score is not None]
        guess = Guess(value, np.stack(scores, axis=1), probability=True)
    else:
        fitted = [build().fit(inputs, column, sample_weight=weights).predict(test_inputs) for column in columns]
        guess = Guess(np.stack(fitted, axis=1) if truth.ndim == 2 else fitted[0])
    return scorer.score(test_truth, guess, weights=test_weights)


def _classes(
    model: Any, inputs: np.ndarray, truth: np.ndarray, weights: np.ndarray | None, test: np.ndarray, *, count: int
) -> Guess:
    if len(np.unique(truth)) == 1:  # scikit-learn's linear model refuses a label that all training rows agree on
        model = DummyClassifier(strategy="prior")
    model.fit(inputs, truth, sample_weight=weights)
    # A class without training rows has no column of its own: its probability is 0.
    probability = np.zeros((len(test), count))
    probability[:, model.classes_] = model.predict_proba(test)
    return Guess(model.predict(test), probability, probability=True)


def _arrays(split: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    weights = None if split.weights is None else split.weights.double().numpy()
    return split.inputs.double().numpy(), split.targets.numpy(), weights
