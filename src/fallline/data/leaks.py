"""Columns that alone tell the target: more often a leak (what is known only afterwards) than luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fallline.core.task import Target, Task
from fallline.data.columns import Column

__all__ = ["Leak", "suspected_leaks"]

_SAMPLE = 2_000
_LEAST_ROWS = 20
_CHANCE = np.log(1e-9)  # a column without any bearing on the target should not be suspected in a lifetime
_EXACT = 1e-6


@dataclass(frozen=True)
class Leak:
    """A column that alone tells a target."""

    column: str
    target: str

    @property
    def sentence(self) -> str:
        """What there is to say about it."""
        advice = f"leave it out with --drop {_quoted(self.column)}"
        return f"Suspected leak: {self.column} alone tells {self.target}; {advice}."


def suspected_leaks(
    frame: pl.DataFrame, columns: Sequence[Column], *, target: Target, truths: np.ndarray, rows: np.ndarray
) -> tuple[Leak, ...]:
    """The columns that alone tell the target.

    A column tells the target if each of its values goes with one target only, or if sorting by it sorts the
    target (for classes: puts each class in one piece), or if it is the target up to scale and shift; and if a
    column without any bearing on the target would do so with a chance of less than 1 in 10⁹.

    Args:
        frame: The source.
        columns: Those that give features are looked at.
        target: What is predicted.
        truths: Its values ``(row,)`` or ``(row, target)``, on ``rows``.
        rows: Positions in ``frame`` of the training rows.
    """
    if len(rows) < _LEAST_ROWS:
        return ()
    few = np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(np.int64)
    names = target.columns or (target.name,)
    ordered = target.task not in (Task.multiclass,)
    leaks = []
    for column in columns:
        if not column.features:
            continue
        # Few columns tell even the target of a few rows; only those are looked at in full.
        for name, truth in zip(names, np.atleast_2d(truths.T), strict=True):
            sample = frame[column.name].gather(pl.Series(rows[few]))
            if not _tells(sample, truth[few], ordered=ordered, sure=False):
                continue
            if _tells(frame[column.name].gather(pl.Series(rows)), truth, ordered=ordered, sure=True):
                leaks.append(Leak(column.name, name))
    return tuple(leaks)


def _tells(column: pl.Series, truth: np.ndarray, *, ordered: bool, sure: bool) -> bool:
    """Whether ``column`` alone tells ``truth``; if not ``sure``, whether it may where it is one of more rows."""
    codes = column.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    _, targets = np.unique(truth, return_inverse=True)
    if _one_target_each(codes, targets, sure=sure):
        return True
    if column.null_count() or not (column.dtype.is_numeric() or column.dtype.is_temporal()):
        return False
    return _sorts(codes, targets, ordered=ordered, sure=sure) or (ordered and _is_affine(column, truth))


def _one_target_each(codes: np.ndarray, targets: np.ndarray, *, sure: bool) -> bool:
    """Whether each code goes with one target only, and that is no chance."""
    pairs = np.unique(codes * (int(targets.max()) + 1) + targets)
    levels, counts = np.unique(codes, return_counts=True)
    if len(pairs) > len(levels):
        return False
    if not sure:
        return True
    # The chance that c rows drawn at random all have the same target is Σₖ pₖᶜ; rare values say nothing (c = 1).
    shares = np.bincount(targets) / len(targets)
    shares = shares[shares > 0]
    sizes, times = np.unique(counts, return_counts=True)
    chances = np.array([np.sum(np.exp(size * np.log(shares))) for size in sizes])
    with np.errstate(divide="ignore"):
        return bool(np.sum(times * np.log(np.minimum(chances, 1.0))) < _CHANCE)


def _sorts(codes: np.ndarray, targets: np.ndarray, *, ordered: bool, sure: bool) -> bool:
    """Whether sorting by ``codes`` sorts the targets, up or down, or puts each in one piece."""
    sizes = np.bincount(targets)
    low, high = np.full(len(sizes), np.iinfo(np.int64).max), np.full(len(sizes), -1)
    np.minimum.at(low, targets, codes)
    np.maximum.at(high, targets, codes)
    order = np.arange(len(sizes)) if ordered else np.argsort(low)
    low, high = low[order], high[order]
    if not ((high[:-1] < low[1:]).all() or (high[1:] < low[:-1]).all()):
        return False
    # Of all n! orders of the rows, ∏ nₖ! have each target in one piece, times 2 or k! ways to arrange the pieces.
    within = sum(
        times * math.lgamma(size + 1) for size, times in zip(*np.unique(sizes, return_counts=True), strict=True)
    )
    pieces = math.log(2) if ordered else math.lgamma(len(sizes) + 1)
    return not sure or pieces + within - math.lgamma(len(targets) + 1) < _CHANCE


def _is_affine(column: pl.Series, truth: np.ndarray) -> bool:
    """Whether a line gives the target from the column, but for rounding (R² = 1)."""
    if column.dtype.is_temporal():
        return False
    values = column.cast(pl.Float64).to_numpy()
    if not np.isfinite(values).all() or np.ptp(values) == 0 or len(np.unique(truth)) < _LEAST_ROWS:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        correlation = np.corrcoef(values, truth)[0, 1]
    return bool(correlation**2 > 1 - _EXACT)


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
