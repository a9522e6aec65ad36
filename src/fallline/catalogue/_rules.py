"""The schedules' rules: the learning rates of steps as a pure function of the clock."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fallline.core.recipe import Options

__all__ = [
    "Clock",
    "Rates",
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
    """How far a run is, at steps whose learning rates are wanted.

    Args:
        at: The optimizer steps that are about to be taken, from 0.
        steps: All steps of the run.
        epoch_steps: Steps in an epoch.
        losses: The validation losses of the complete epochs, first to last.

    Example:
        >>> Clock(at=(4, 7), steps=20, epoch_steps=5).epochs
        [0, 1]
    """

    at: Sequence[int]
    steps: int
    epoch_steps: int
    losses: tuple[float, ...] = ()

    @property
    def epochs(self) -> list[int]:
        """The epoch of each step, from 0."""
        return [step // self.epoch_steps for step in self.at]


Rates = Callable[[float, Clock, Options], list[float]]
"""``rates(base, clock, options)``: the learning rates of the clock's steps."""


def constant(base: float, clock: Clock, options: Options) -> list[float]:
    """The base at every step."""
    return [base] * len(clock.at)


def step(base: float, clock: Clock, options: Options) -> list[float]:
    """The base times gamma for every ``step_size`` epochs that are over."""
    gamma, size = _number(options, "gamma"), _whole(options, "step_size")
    return [base * gamma ** (epoch // size) for epoch in clock.epochs]


def multi_step(base: float, clock: Clock, options: Options) -> list[float]:
    """The base times gamma for every milestone reached; one given twice counts twice, as in torch."""
    milestones = options["milestones"]
    assert isinstance(milestones, tuple)
    gamma, milestones = _number(options, "gamma"), sorted(milestones)
    return [base * gamma ** bisect_right(milestones, epoch) for epoch in clock.epochs]


def exponential(base: float, clock: Clock, options: Options) -> list[float]:
    """The base times gamma for every epoch that is over."""
    gamma = _number(options, "gamma")
    return [base * gamma**epoch for epoch in clock.epochs]


def cosine(base: float, clock: Clock, options: Options) -> list[float]:
    """Half a cosine over all steps; it would reach ``eta_min`` one step after the last."""
    low, steps = _number(options, "eta_min"), clock.steps
    return [_half_cosine(base, low, step, steps) for step in clock.at]


def cosine_restarts(base: float, clock: Clock, options: Options) -> list[float]:
    """Half a cosine over ``T_0`` epochs, then again over ``T_mult`` times as many, and so on."""
    low, first, growth = _number(options, "eta_min"), _whole(options, "T_0"), _whole(options, "T_mult")
    places = (_in_cycle(step, first * clock.epoch_steps, growth) for step in clock.at)
    return [_half_cosine(base, low, position, length) for position, length in places]


def _in_cycle(step: int, length: int, growth: int) -> tuple[int, int]:
    """How many steps its cycle has gone on for, and is to go on for."""
    position = step % length if growth == 1 else step
    while position >= length:
        position -= length
        length *= growth
    return position, length


def one_cycle(base: float, clock: Clock, options: Options) -> list[float]:
    """Up to the base, and down again to almost nothing; the corners lie where torch has them."""
    start = base / _number(options, "div_factor")
    low = start / _number(options, "final_div_factor")
    peak, last = _number(options, "pct_start") * clock.steps - 1, clock.steps - 1
    phases = [(0.0, peak, start, base), (peak, last, base, low)]
    if options["three_phase"]:
        phases = [(0.0, peak, start, base), (peak, 2 * peak, base, start), (2 * peak, last, start, low)]
    linear = options["anneal_strategy"] == "linear"
    return [_in_phase(step, phases, linear=linear) for step in clock.at]


def _in_phase(step: int, phases: list[tuple[float, float, float, float]], *, linear: bool) -> float:
    """The rate of a step in the first of the phases, ``(begin, end, before, after)``, that ends with it or later."""
    begin, end, before, after = next((phase for phase in phases if step <= phase[1]), phases[-1])
    # torch divides by zero in a phase of no length; what it leads to is meant
    share = (step - begin) / (end - begin) if end != begin else 1.0
    if linear:
        return (after - before) * share + before
    return after + (before - after) / 2 * (math.cos(math.pi * share) + 1)


def polynomial(base: float, clock: Clock, options: Options) -> list[float]:
    """A power of the share of steps that are left; it would reach 0 one step after the last."""
    power, steps = _number(options, "power"), clock.steps
    return [base * (1 - step / steps) ** power for step in clock.at]


def reduce_on_plateau(base: float, clock: Clock, options: Options) -> list[float]:
    """The base, cut each time the losses have not improved for more than ``patience`` epochs.

    Torch's rule is replayed over the whole history, so that there is no state to keep.
    """
    threshold, relative = _number(options, "threshold"), options["threshold_mode"] == "rel"
    share, less = (1 - threshold, 0.0) if relative else (1.0, threshold)
    patience, cooldown = _whole(options, "patience"), _whole(options, "cooldown")
    factor, lowest = _number(options, "factor"), _number(options, "min_lr")
    rate, bar, bad, waiting = base, math.inf * share - less, 0, 0
    for loss in clock.losses:
        bad += 1
        if loss < bar:
            bar, bad = loss * share - less, 0
        if waiting:
            waiting, bad = waiting - 1, 0
        if bad > patience:
            lower = max(rate * factor, lowest)
            rate = lower if rate - lower > _SMALLEST_CUT else rate
            waiting, bad = cooldown, 0
    return [rate] * len(clock.at)


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
