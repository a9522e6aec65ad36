"""Scores of predictions, by task, in the words of scikit-learn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from fallline.core.errors import UnknownNameError
from fallline.core.task import Target, Task

__all__ = ["HIGHER_IS_BETTER", "METRICS", "RANKING", "better", "metric_named", "score"]

METRICS: dict[Task, tuple[str, ...]] = {
    Task.regression: ("r2", "rmse", "mae"),
    Task.counts: ("r2", "rmse", "mae", "poisson_deviance"),
    Task.binary: ("accuracy", "balanced_accuracy", "log_loss", "roc_auc"),
    Task.multiclass: ("accuracy", "balanced_accuracy", "log_loss", "roc_auc"),
}
RANKING = {
    Task.regression: "rmse",
    Task.counts: "poisson_deviance",
    Task.binary: "roc_auc",
    Task.multiclass: "balanced_accuracy",
}
HIGHER_IS_BETTER = {"r2", "accuracy", "balanced_accuracy", "roc_auc"}

Array = NDArray[np.floating] | NDArray[np.integer]


def metric_named(name: str, task: Task) -> str:
    """``name``, if it is a metric of ``task``.

    Raises:
        UnknownNameError: It is not; those that are get listed.
    """
    if name not in METRICS[task]:
        raise UnknownNameError.among(METRICS[task], name, doing=f"choosing the metric for {task.value}", kind="metric")
    return name


def better(metric: str, score: float | None, than: float | None) -> bool:
    """Whether ``score`` beats ``than``; a score that is not defined beats nothing and is beaten by any."""
    if score is None or than is None:
        return score is not None
    return score > than if metric in HIGHER_IS_BETTER else score < than


def score(
    target: Target, truth: Array, prediction: Array, *, probability: Array | None = None, weights: Array | None = None
) -> dict[str, float | None]:
    """All metrics of the target's task.

    Args:
        target: The target column.
        truth: Class ids, or numbers in the target's unit ``(row,)``.
        prediction: The same, predicted ``(row,)``.
        probability: Of each class ``(row, class)``; without it log loss and ROC AUC are None.
        weights: Row weights ``(row,)``.

    Returns:
        Metric → value; None where it is not defined (predictions that are not finite, a class without rows).
    """
    names = METRICS[target.task]
    if not np.isfinite(prediction).all() or (probability is not None and not np.isfinite(probability).all()):
        return dict.fromkeys(names)
    if not target.task.classifies:
        return _score_numbers(target.task, truth, prediction, weights)
    present = np.unique(truth)
    scores: dict[str, float | None] = {
        "accuracy": metrics.accuracy_score(truth, prediction, sample_weight=weights),
        "balanced_accuracy": metrics.recall_score(
            truth, prediction, labels=present, average="macro", sample_weight=weights
        ),
        "log_loss": None,
        "roc_auc": None,
    }
    if probability is not None:
        classes = np.arange(len(target.classes))
        scores["log_loss"] = metrics.log_loss(truth, probability, labels=classes, sample_weight=weights)
        if len(present) == len(classes):
            ranks = probability[:, 1] if len(classes) == 2 else probability
            scores["roc_auc"] = metrics.roc_auc_score(
                truth, ranks, multi_class="ovr", labels=classes, sample_weight=weights
            )
    return {name: None if value is None else float(value) for name, value in scores.items()}


def _score_numbers(task: Task, truth: Array, prediction: Array, weights: Array | None) -> dict[str, float | None]:
    scores: dict[str, float | None] = {
        "r2": float(metrics.r2_score(truth, prediction, sample_weight=weights)),
        "rmse": float(metrics.root_mean_squared_error(truth, prediction, sample_weight=weights)),
        "mae": float(metrics.mean_absolute_error(truth, prediction, sample_weight=weights)),
    }
    if task is Task.counts:
        positive = bool((prediction > 0).all())
        scores["poisson_deviance"] = (
            float(metrics.mean_poisson_deviance(truth, prediction, sample_weight=weights)) if positive else None
        )
    return scores
