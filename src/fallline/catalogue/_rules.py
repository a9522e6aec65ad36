"""The schedules' rules: the learning rate of a step as a pure function of the clock."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from fallline.core.recipe import Options

__all__ = [
    "Clock",
    "Rate",
    "constant",
    "cosine",
    "cosine_restarts",
    "exponential",
    "multi_step",
    "one_cycle",
    "polynomial",
    "reduce_on_plateau",
    "step",
]

_SMALLEST_CUT = 1e-8
"""Torch's ``eps``: a plateau that would lower the rate by no more than this leaves it alone."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How far a run is, in optimizer steps.

    Args:
        step: The step that is about to be taken, from 0.
        steps: All steps of the run.
        epoch_steps: Steps in an epoch.
        losses: The validation losses of the complete epochs, first to last.

    Example:
        >>> Clock(step=7, steps=20, epoch_steps=5).epoch
        1
    """

    step: int
    steps: int
    epoch_steps: int
    losses: tuple[float, ...] = ()

    @property
    def epoch(self) -> int:
        """The epoch of the step, from 0."""
        return self.step // self.epoch_steps


Rate = Callable[[float, Clock, Options], float]
"""``rate(base, clock, options)``: the learning rate of the clock's step."""


def constant(base: float, clock: Clock, options: Options) -> float:
    """The base at every step."""
    return base


def step(base: float, clock: Clock, options: Options) -> float:
    """The base times gamma for every ``step_size`` epochs that are over."""
    return base * _number(options, "gamma") ** (clock.epoch // _whole(options, "step_size"))


def multi_step(base: float, clock: Clock, options: Options) -> float:
    """The base times gamma for every milestone reached; one given twice counts twice, as in torch."""
    milestones = options["milestones"]
    assert isinstance(milestones, tuple)
    return base * _number(options, "gamma") ** bisect_right(sorted(milestones), clock.epoch)


def exponential(base: float, clock: Clock, options: Options) -> float:
    """The base times gamma for every epoch that is over."""
    return base * _number(options, "gamma") ** clock.epoch


def cosine(base: float, clock: Clock, options: Options) -> float:
    """Half a cosine over all steps; it would reach ``eta_min`` one step after the last."""
    return _half_cosine(base, _number(options, "eta_min"), clock.step, clock.steps)


def cosine_restarts(base: float, clock: Clock, options: Options) -> float:
    """Half a cosine over ``T_0`` epochs, then again over ``T_mult`` times as many, and so on."""
    position, length, growth = clock.step, _whole(options, "T_0") * clock.epoch_steps, _whole(options, "T_mult")
    if growth == 1:
        position %= length
    while position >= length:
        position -= length
        length *= growth
    return _half_cosine(base, _number(options, "eta_min"), position, length)


def one_cycle(base: float, clock: Clock, options: Options) -> float:
    """Up to the base, and down again to almost nothing; the corners lie where torch has them."""
    start = base / _number(options, "div_factor")
    low = start / _number(options, "final_div_factor")
    peak, last = _number(options, "pct_start") * clock.steps - 1, clock.steps - 1
    phases = [(peak, start, base), (last, base, low)]
    if options["three_phase"]:
        phases = [(peak, start, base), (2 * peak, base, start), (last, start, low)]
    phase = next((number for number, (end, _, _) in enumerate(phases) if clock.step <= end), len(phases) - 1)
    begin = phases[phase - 1][0] if phase else 0.0
    end, before, after = phases[phase]
    # torch divides by zero in a phase of no length; what it leads to is meant
    share = (clock.step - begin) / (end - begin) if end != begin else 1.0
    if options["anneal_strategy"] == "linear":
        return (after - before) * share + before
    return after + (before - after) / 2 * (math.cos(math.pi * share) + 1)


def polynomial(base: float, clock: Clock, options: Options) -> float:
    """A power of the share of steps that are left; it would reach 0 one step after the last."""
    return base * (1 - clock.step / clock.steps) ** _number(options, "power")


def reduce_on_plateau(base: float, clock: Clock, options: Options) -> float:
    """The base, cut each time the losses have not improved for more than ``patience`` epochs.

    Torch's rule is replayed over the whole history, so that there is no state to keep.
    """
    threshold, relative = _number(options, "threshold"), options["threshold_mode"] == "rel"
    rate, best, bad, waiting = base, math.inf, 0, 0
    for loss in clock.losses:
        bad += 1
        if loss < (best * (1 - threshold) if relative else best - threshold):
            best, bad = loss, 0
        if waiting:
            waiting, bad = waiting - 1, 0
        if bad > _whole(options, "patience"):
            lower = max(rate * _number(options, "factor"), _number(options, "min_lr"))
            rate = lower if rate - lower > _SMALLEST_CUT else rate
            waiting, bad = _whole(options, "cooldown"), 0
    return rate


def _half_cosine(high: float, low: float, position: int, length: int) -> float:
    return low + (high - low) * (1 + math.cos(math.pi * position / length)) / 2


def _number(options: Options, name: str) -> float:
    value = options[name]
    assert isinstance(value, int | float), name  # the card has seen to it
    return value


def _whole(options: Options, name: str) -> int:
    value = options[name]
    assert isinstance(value, int), name  # the card has seen to it
    return value
