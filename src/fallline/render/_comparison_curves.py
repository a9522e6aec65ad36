"""The course of an optimizer's best recipe: the mean over its seeds, as far as they go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fallline.render._window import Window
from fallline.render.comparison import Curve

__all__ = ["Course", "course_of", "window_of"]

_SPIKE = 10.0
"""Losses so many times above nearly all others do not widen the axis."""


@dataclass(frozen=True)
class Course:
    """The mean loss of each epoch.

    Args:
        mean: Over the seeds that have a finite loss in the epoch; not a number where none has.
        whole: Epochs, from the first on, in which all seeds have one.
        lowest: The lowest loss of each seed, their mean; None where no seed has any.
    """

    mean: tuple[float, ...]
    whole: int
    lowest: float | None


def course_of(curve: Curve) -> Course:
    """The mean over the seeds of a curve."""
    epochs = max((len(losses) for losses in curve.seeds), default=0)
    going = [_finite([losses[epoch] for losses in curve.seeds if epoch < len(losses)]) for epoch in range(epochs)]
    whole = next((epoch for epoch, losses in enumerate(going) if len(losses) < len(curve.seeds)), epochs)
    lowest = [min(losses) for seed in curve.seeds if (losses := _finite(seed))]
    return Course(tuple(_mean(losses) for losses in going), whole, _mean(lowest) if lowest else None)


def window_of(curves: Sequence[Curve]) -> Window:
    """The losses that a figure of ``curves`` shows: all but a few that are far above the rest."""
    losses = sorted(_finite([loss for curve in curves for seed in curve.seeds for loss in seed]))
    if not losses:
        return Window.over([])
    usual = losses[math.ceil(0.98 * len(losses)) - 1]
    if losses[0] <= 0:
        return Window.over([loss for loss in losses if loss <= usual + 2 * (usual - losses[0])])
    return Window.over([loss for loss in losses if loss <= _SPIKE * usual])


def _finite(losses: Sequence[float]) -> list[float]:
    return [loss for loss in losses if math.isfinite(loss)]


def _mean(losses: Sequence[float]) -> float:
    return math.fsum(losses) / len(losses) if losses else math.nan
