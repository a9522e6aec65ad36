"""Which part of the losses a figure shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fallline.render.report import Report

__all__ = ["Window", "logarithmic", "padded"]


@dataclass(frozen=True)
class Window:
    """The losses between ``low`` and ``high``, on a logarithmic scale or not.

    ``low`` and ``high`` are None where there is no finite loss to show.
    """

    low: float | None
    high: float | None
    log: bool

    @classmethod
    def over(cls, losses: Sequence[float]) -> Window:
        """The window that holds all of ``losses``, which are finite."""
        return cls(min(losses), max(losses), logarithmic(losses)) if losses else cls(None, None, False)

    @classmethod
    def around(cls, report: Report) -> Window:
        """The window that holds the learning curves.

        Runs that diverged do not widen it, unless all did: they pass through any number.
        A linear window leaves out the few losses that are far above the rest.
        """
        runs = [run for run in report.runs if not run.diverged] or report.runs
        losses = [loss for run in runs for loss in run.validation if math.isfinite(loss)]
        if (best := report.chosen) is not None:
            losses += [loss for loss in (best.lowest, *best.training) if loss is not None and math.isfinite(loss)]
        window = cls.over(losses)
        return window if window.log or not losses else cls(window.low, _without_spikes(losses), False)

    def range(self) -> list[float]:
        """The ends of the axis as plotly takes them: exponents where the scale is logarithmic."""
        if self.low is None or self.high is None:
            return [0.0, 1.0]
        if self.log:
            return padded(math.log10(self.low), math.log10(self.high))
        return padded(self.low, self.high)

    @property
    def ticks(self) -> int | None:
        """About how many ticks keep a logarithmic axis at 1, 2, 5 or decades; None leaves it to plotly."""
        if not self.log or self.low is None or self.high is None:
            return None
        return 4 if math.log10(self.high / self.low) < 2.4 else 6

    def holds(self, loss: float) -> bool:
        """Whether ``loss`` is at most as high as the window."""
        return self.high is not None and math.isfinite(loss) and loss <= self.high and (loss > 0 or not self.log)


def logarithmic(losses: Sequence[float]) -> bool:
    """Whether ``losses`` call for a logarithmic axis: all are above zero, and they span a factor above 8."""
    return bool(losses) and min(losses) > 0 and max(losses) / min(losses) > 8


def padded(low: float, high: float, *, below: float = 0.12, above: float = 0.05) -> list[float]:
    """The range with some air at both ends; around a single value, one that has a width."""
    width = high - low or abs(high) or 1.0
    return [low - below * width, high + above * width]


def _without_spikes(losses: Sequence[float]) -> float:
    """The largest loss that is not far above nearly all others."""
    ordered = sorted(losses)
    usual = ordered[math.ceil(0.95 * len(ordered)) - 1]
    reach = usual + 2 * (usual - ordered[0])
    return max(loss for loss in ordered if loss <= reach)
