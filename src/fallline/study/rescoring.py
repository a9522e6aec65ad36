"""The metrics of many draws of the same rows at once: what a bootstrap, or a thousand runs, need.

`fallline.study.metrics` scores one model by scikit-learn; this computes the same numbers for rows that count several
times, or not at all, in a few matrix products.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fallline.core.task import Task
from fallline.study.metrics import Guess, Scorer, Scores

__all__ = ["rescored", "scored"]

Array = np.ndarray
_Metric = Callable[[Array, Guess, Array], Array]


def scored(
    scorer: Scorer, truth: Array, guess: Guess, weights: Array | None = None, names: Sequence[str] | None = None
) -> Scores:
    """What `Scorer.score` says, in a hundredth of its time.

    Args:
        scorer: The target's metrics.
        truth: ``(row,)``, or ``(row, column)``.
        guess: The predictions.
        weights: ``(row,)``; None where all rows count the same.
        names: Which of its metrics; None: all.
    """
    counts = np.ones((1, len(truth))) if weights is None else weights[None].astype(float)
    values = {name: float(rescored(scorer, name, truth, guess, counts)[0]) for name in names or scorer.names}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def rescored(scorer: Scorer, metric: str, truth: Array, guess: Guess, counts: Array) -> Array:
    """A metric over many draws of the rows.

    Args:
        scorer: The target's metrics.
        metric: One of its names.
        truth: ``(row,)``, or ``(row, column)``: the score is then the mean over the columns that have one.
        guess: The predictions.
        counts: ``(draw, row)``: how much each row counts in each draw, at least 0.

    Returns:
        ``(draw,)``; not a number where the metric is not defined.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if truth.ndim == 1:
            return _one(scorer, metric, truth, guess, counts)
        columns = [
            _one(scorer, metric, truth[:, column], _column(scorer, guess, column), counts)
            for column in range(truth.shape[1])
        ]
    stacked = np.stack(columns)
    if scorer.target.task is not Task.multilabel:
        return stacked.mean(axis=0)
    defined = np.isfinite(stacked)
    return np.where(defined, stacked, 0).sum(axis=0) / np.where(defined.any(axis=0), defined.sum(axis=0), np.nan)


def _column(scorer: Scorer, guess: Guess, column: int) -> Guess:
    """One of several columns as a question of its own."""
    value = guess.value[:, column]
    if scorer.target.task is not Task.multilabel or guess.score is None:
        return Guess(value)
    yes = guess.score[:, column]
    return Guess(value, np.stack((1 - yes if guess.probability else -yes, yes), axis=1), guess.probability)


def _one(scorer: Scorer, metric: str, truth: Array, guess: Guess, counts: Array) -> Array:
    nothing = np.full(len(counts), np.nan)
    match metric:
        case "accuracy":
            return _mean(truth == guess.value, counts)
        case "balanced_accuracy":
            return _balanced(truth, guess.value, counts)
        case "log_loss":
            return _log_loss(truth, guess.score, counts) if guess.score is not None and guess.probability else nothing
        case "roc_auc":
            width = max(2, len(scorer.target.classes))
            return nothing if guess.score is None else _areas(truth, guess.score, counts, classes=width)
        case "r2":
            return _r2(truth, guess.value, counts)
        case "rmse":
            return np.sqrt(_mean((truth - guess.value) ** 2, counts))
        case "mae":
            return _mean(np.abs(truth - guess.value), counts)
        case "pinball":
            assert scorer.quantile is not None
            missed = truth - guess.value
            return _mean(np.maximum(scorer.quantile * missed, (scorer.quantile - 1) * missed), counts)
        case "poisson_deviance":
            return _deviance(truth, guess.value, counts) if (guess.value > 0).all() else nothing
        case _:
            raise AssertionError(f"no metric {metric}")


def _mean(terms: Array, counts: Array) -> Array:
    return counts @ terms.astype(float) / counts.sum(axis=1)


def _balanced(truth: Array, value: Array, counts: Array) -> Array:
    """The mean recall of the classes that a draw holds."""
    classes = np.unique(truth)
    held = np.stack([counts @ (truth == each) for each in classes]).astype(float)
    right = np.stack([counts @ ((truth == each) & (value == each)) for each in classes]).astype(float)
    recalls = np.where(held > 0, right / held, 0.0)
    return recalls.sum(axis=0) / (held > 0).sum(axis=0)


def _log_loss(truth: Array, score: Array, counts: Array) -> Array:
    sure = np.finfo(score.dtype).eps
    return _mean(-np.log(np.clip(score[np.arange(len(truth)), truth], sure, 1 - sure)), counts)


def _areas(truth: Array, score: Array, counts: Array, *, classes: int) -> Array:
    """The area under each class's curve against the rest; of two classes there is one."""
    each = range(1, 2) if classes == 2 else range(classes)
    return np.mean([_area(truth == one, score[:, one], counts) for one in each], axis=0)


def _area(holds: Array, score: Array, counts: Array) -> Array:
    """The share of pairs, one of either side, that the score puts in order; ties count half."""
    if not np.isfinite(score).all():
        return np.full(len(counts), np.nan)
    order = np.argsort(score, kind="stable")
    ties = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    ordered = counts[:, order]
    yes = np.add.reduceat(ordered * holds[order], ties, axis=1)
    no = np.add.reduceat(ordered * ~holds[order], ties, axis=1)
    below = np.cumsum(no, axis=1) - no / 2
    return (yes * below).sum(axis=1) / (yes.sum(axis=1) * no.sum(axis=1))


def _r2(truth: Array, value: Array, counts: Array) -> Array:
    centred = truth - truth.mean()  # or the difference of two large numbers would be left
    spread = _mean(centred**2, counts) - _mean(centred, counts) ** 2
    return 1 - _mean((truth - value) ** 2, counts) / spread


def _deviance(truth: Array, value: Array, counts: Array) -> Array:
    logs = np.where(truth > 0, truth * np.log(np.where(truth > 0, truth, 1) / value), 0.0)
    return _mean(2 * (logs - truth + value), counts)
