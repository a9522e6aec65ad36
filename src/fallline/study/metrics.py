"""Scores of predictions, by task, in the words of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn import metrics

from fallline.core.errors import UnknownNameError
from fallline.core.task import Target, Task
from fallline.render.names import HIGHER_IS_BETTER

__all__ = ["DECISIONS", "HIGHER_IS_BETTER", "METRICS", "RANKING", "Guess", "Scorer", "Scores", "better"]

Array = np.ndarray
Scores = dict[str, float | None]

_CLASSES = ("accuracy", "balanced_accuracy", "log_loss", "roc_auc")
METRICS: dict[Task, tuple[str, ...]] = {
    Task.regression: ("r2", "rmse", "mae"),
    Task.counts: ("r2", "rmse", "mae", "poisson_deviance"),
    Task.binary: _CLASSES,
    Task.multiclass: _CLASSES,
    Task.multilabel: _CLASSES,
}
"""Of several columns or labels each is the mean over them."""
RANKING = {
    Task.regression: "rmse",
    Task.counts: "poisson_deviance",
    Task.binary: "roc_auc",
    Task.multiclass: "balanced_accuracy",
    Task.multilabel: "roc_auc",
}
DECISIONS = frozenset({"accuracy", "balanced_accuracy"})
"""The metrics that look at what is decided alone, and not at how sure a model is."""


@dataclass(frozen=True, eq=False)
class Guess:
    """A model's predictions for some rows.

    Args:
        value: Class ids, numbers in the target's unit, or a 0 or 1 for each label: ``(row,)`` or ``(row, column)``.
        score: What ranks rows by how likely a class or label is ``(row, class)``; None for numbers.
        probability: Whether ``score`` holds probabilities.

    Those of many models have the models in front: ``(model, row)``, and so on.
    """

    value: Array
    score: Array | None = None
    probability: bool = False

    def at(self, model: int) -> Guess:
        """One model's of many."""
        return Guess(self.value[model], None if self.score is None else self.score[model], self.probability)


def better(metric: str, score: float | None, than: float | None) -> bool:
    """Whether ``score`` beats ``than``; a score that is not defined beats nothing and is beaten by any."""
    if score is None or than is None:
        return score is not None
    return score > than if metric in HIGHER_IS_BETTER else score < than


@dataclass(frozen=True)
class Scorer:
    """The metrics of a target.

    Args:
        target: The target.
        quantile: The quantile that is predicted, where that is not the median: then models rank by pinball loss.
    """

    target: Target
    quantile: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics, in the order of tables."""
        return (*METRICS[self.target.task], *(("pinball",) if self.quantile is not None else ()))

    @property
    def ranking(self) -> str:
        """The metric that models are compared by: of several numbers R², as their units may differ."""
        if self.quantile is not None:
            return "pinball"
        several = self.target.task is Task.regression and self.target.width > 1
        return "r2" if several else RANKING[self.target.task]

    def named(self, name: str) -> str:
        """``name``, if it is one of the metrics.

        Raises:
            UnknownNameError: It is not; those that are get listed.
        """
        if name not in self.names:
            doing = f"choosing the metric for {self.target.task.value}"
            raise UnknownNameError.among(self.names, name, doing=doing, kind="metric")
        return name

    def score(self, truth: Array, guess: Guess, *, weights: Array | None = None) -> Scores:
        """All metrics of a guess.

        Args:
            truth: As `Guess.value`.
            guess: The predictions.
            weights: Row weights ``(row,)``.

        Returns:
            Metric → value; None where it is not defined (predictions that are not finite, a class without rows, an
            error too large for a float64).
        """
        if not all(np.isfinite(part).all() for part in (guess.value, guess.score) if part is not None):
            return dict.fromkeys(self.names)
        if self.target.task is Task.multilabel:
            scores = _mean([_binary(*label, weights) for label in _labels(truth, guess)])
        elif self.target.task.classifies:
            scores = _one_of(truth, guess, weights, classes=len(self.target.classes))
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                scores = self._numbers(truth, guess.value, weights)
        return {name: _finite(scores.get(name)) for name in self.names}

    def _numbers(self, truth: Array, value: Array, weights: Array | None) -> Scores:
        scores: Scores = {
            "r2": float(metrics.r2_score(truth, value, sample_weight=weights)),
            "rmse": float(metrics.root_mean_squared_error(truth, value, sample_weight=weights)),
            "mae": float(metrics.mean_absolute_error(truth, value, sample_weight=weights)),
        }
        if self.target.task is Task.counts and (value > 0).all():
            scores["poisson_deviance"] = float(metrics.mean_poisson_deviance(truth, value, sample_weight=weights))
        if self.quantile is not None:
            scores["pinball"] = float(
                metrics.mean_pinball_loss(truth, value, alpha=self.quantile, sample_weight=weights)
            )
        return scores


def _finite(score: float | None) -> float | None:
    return score if score is not None and np.isfinite(score) else None


def _one_of(truth: Array, guess: Guess, weights: Array | None, *, classes: int) -> Scores:
    present = np.unique(truth)
    scores: Scores = {
        "accuracy": float(metrics.accuracy_score(truth, guess.value, sample_weight=weights)),
        "balanced_accuracy": float(
            metrics.recall_score(truth, guess.value, labels=present, average="macro", sample_weight=weights)
        ),
    }
    if guess.score is not None and guess.probability:
        ids = np.arange(classes)
        scores["log_loss"] = float(metrics.log_loss(truth, guess.score, labels=ids, sample_weight=weights))
    if guess.score is not None and len(present) == classes:
        # One class against the rest, by its own score: what scikit-learn's macro "ovr" is, for any scores.
        columns = range(1, 2) if classes == 2 else range(classes)
        areas = [metrics.roc_auc_score(truth == k, guess.score[:, k], sample_weight=weights) for k in columns]
        scores["roc_auc"] = float(np.mean(areas))
    return scores


def _labels(truth: Array, guess: Guess) -> list[tuple[Array, Guess]]:
    """Each label as a binary question."""
    pairs = []
    for label in range(truth.shape[1]):
        yes = None if guess.score is None else guess.score[:, label]
        score = None if yes is None else np.stack((1 - yes if guess.probability else -yes, yes), axis=1)
        pairs.append((truth[:, label], Guess(guess.value[:, label], score, guess.probability)))
    return pairs


def _binary(truth: Array, guess: Guess, weights: Array | None) -> Scores:
    return _one_of(truth, guess, weights, classes=2)


def _mean(scores: list[Scores]) -> Scores:
    """The mean of each metric over the labels for which it is defined."""
    values = {name: [value for score in scores if (value := score.get(name)) is not None] for name in _CLASSES}
    return {name: float(np.mean(numbers)) if numbers else None for name, numbers in values.items()}
