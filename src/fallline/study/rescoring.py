"""The metrics of many draws of the same rows, or of many runs, at once: what a bootstrap and a comparison need.

`fallline.study.metrics` scores one model by scikit-learn; this computes the same numbers for a thousand runs, or for
rows that count several times, or not at all, in a few matrix products. Guesses may have axes in front of their rows, as
``(run, row)``; scores then have them too.
"""

from __future__ import annotations

import numpy as np

from fallline.core.task import Task
from fallline.study.metrics import Guess, Scorer

__all__ = ["rescored", "scored"]

Array = np.ndarray

_PAIRS = 2**16
"""Pairs of rows up to which all are compared; of more, rows are sorted."""
_AT_ONCE = 2**22
"""Numbers that are held at a time."""


def scored(scorer: Scorer, metric: str, truth: Array, guess: Guess, weights: Array | None = None) -> Array:
    """What `Scorer.score` says of a metric, for many models at once, in a hundredth of its time.

    Args:
        scorer: The target's metrics.
        metric: One of its names.
        truth: ``(row,)``, or ``(row, column)``.
        guess: The predictions of one model; or of many, with the models in front.
        weights: ``(row,)``; None where all rows count the same.

    Returns:
        A number for each model; not a number where the metric is not defined.
    """
    counts = np.ones((1, len(truth))) if weights is None else weights[None].astype(float)
    values = rescored(scorer, metric, truth, guess, counts)[..., 0]
    return np.where(np.isfinite(values), values, np.nan)


def rescored(scorer: Scorer, metric: str, truth: Array, guess: Guess, counts: Array) -> Array:
    """A metric over many draws of the rows.

    Args:
        scorer: The target's metrics.
        metric: One of its names.
        truth: ``(row,)``, or ``(row, column)``: the score is then the mean over the columns that have one.
        guess: The predictions of one model; or of many, shaped as ``(..., row)`` and ``(..., row, column)``.
        counts: ``(draw, row)``: how much each row counts in each draw, at least 0.

    Returns:
        ``(..., draw)``; not a number where the metric is not defined.
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
    value = guess.value[..., column]
    if scorer.target.task is not Task.multilabel or guess.score is None:
        return Guess(value)
    yes = guess.score[..., column]
    return Guess(value, np.stack((1 - yes if guess.probability else -yes, yes), axis=-1), guess.probability)


def _one(scorer: Scorer, metric: str, truth: Array, guess: Guess, counts: Array) -> Array:
    nothing = np.full((*guess.value.shape[:-1], len(counts)), np.nan)
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
            defined = np.all(guess.value > 0, axis=-1, keepdims=True)
            return np.where(defined, _deviance(truth, guess.value, counts), np.nan)
        case _:
            raise AssertionError(f"no metric {metric}")


def _mean(terms: Array, counts: Array) -> Array:
    return terms.astype(float) @ counts.T / counts.sum(axis=1)


def _balanced(truth: Array, value: Array, counts: Array) -> Array:
    """The mean recall of the classes that a draw holds."""
    recalls, held = [], []
    for each in np.unique(truth):
        own = counts @ (truth == each)
        right = ((truth == each) & (value == each)).astype(float) @ counts.T
        recalls.append(np.where(own > 0, right / own, 0.0))
        held.append(own > 0)
    return np.sum(recalls, axis=0) / np.sum(held, axis=0)


def _log_loss(truth: Array, score: Array, counts: Array) -> Array:
    sure = np.finfo(score.dtype).eps
    return _mean(-np.log(np.clip(score[..., np.arange(len(truth)), truth], sure, 1 - sure)), counts)


def _areas(truth: Array, score: Array, counts: Array, *, classes: int) -> Array:
    """The area under each class's curve against the rest; of two classes there is one."""
    each = range(1, 2) if classes == 2 else range(classes)
    return np.mean([_area(truth == one, score[..., one], counts) for one in each], axis=0)


def _area(holds: Array, score: Array, counts: Array) -> Array:
    """The share of pairs, one of either side, that the score puts in order; ties count half."""
    runs = score.reshape(-1, len(holds))
    pairs = int(holds.sum()) * int((~holds).sum())
    size = max(1, _AT_ONCE // (pairs + counts.size)) if pairs <= _PAIRS else 1
    area = _area_by_pairs if pairs <= _PAIRS else _area_by_order
    found = [area(holds, runs[start : start + size], counts) for start in range(0, len(runs), size)]
    known = np.all(np.isfinite(runs), axis=1, keepdims=True)
    return np.where(known, np.concatenate(found), np.nan).reshape(*score.shape[:-1], len(counts))


def _area_by_pairs(holds: Array, score: Array, counts: Array) -> Array:
    """`_area` of scores ``(run, row)``, each pair of rows looked at."""
    yes, no = score[:, holds, None], score[:, None, ~holds]
    ordered = (yes > no) + 0.5 * (yes == no)
    weights, others = counts[:, holds], counts[:, ~holds]
    return ((weights @ ordered) * others).sum(axis=-1) / (weights.sum(axis=1) * others.sum(axis=1))


def _area_by_order(holds: Array, score: Array, counts: Array) -> Array:
    """`_area` of the scores of one run ``(1, row)``, sorted."""
    order = np.argsort(score[0], kind="stable")
    ties = np.flatnonzero(np.diff(score[0, order], prepend=-np.inf))
    ordered = counts[:, order]
    yes = np.add.reduceat(ordered * holds[order], ties, axis=1)
    no = np.add.reduceat(ordered * ~holds[order], ties, axis=1)
    below = np.cumsum(no, axis=1) - no / 2
    return ((yes * below).sum(axis=1) / (yes.sum(axis=1) * no.sum(axis=1)))[None]


def _r2(truth: Array, value: Array, counts: Array) -> Array:
    centred = truth - truth.mean()  # or the difference of two large numbers would be left
    spread = _mean(centred**2, counts) - _mean(centred, counts) ** 2
    return 1 - _mean((truth - value) ** 2, counts) / spread


def _deviance(truth: Array, value: Array, counts: Array) -> Array:
    logs = np.where(truth > 0, truth * np.log(np.where(truth > 0, truth, 1) / value), 0.0)
    return _mean(2 * (logs - truth + value), counts)
