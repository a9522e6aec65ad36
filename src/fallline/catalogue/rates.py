"""The learning rate of each step of a recipe: a linear warm-up, then its schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Literal

from fallline.catalogue._rules import Clock
from fallline.catalogue.schedules import SCHEDULES, Schedule
from fallline.core.recipe import Recipe

__all__ = ["Clock", "Pace", "pace_of", "rate_at", "rates_at", "warmup_factor"]

_SCHEDULES = {schedule.card.name: schedule for schedule in SCHEDULES}


def warmup_factor(step: int, steps: int) -> float:
    """What the learning rate is multiplied by at ``step`` of a linear warm-up over ``steps`` steps.

    It rises from 1 / (steps + 1) and would reach 1 at step ``steps``, as torch's
    ``LinearLR(start_factor=1 / (steps + 1), total_iters=steps)`` does.

    Example:
        >>> [warmup_factor(step, 3) for step in range(3)]
        [0.25, 0.5, 0.75]
    """
    return (step + 1) / (steps + 1)


Pace = Literal["never", "epoch", "losses", "step"]


def pace_of(recipe: Recipe) -> Pace:
    """How often a recipe's learning rate may change: at each ``step`` or ``epoch``, by the ``losses``, or ``never``."""
    schedule = _SCHEDULES[recipe.schedule]
    if recipe.warmup > 0 or schedule.each_step:
        return "losses" if schedule.needs_losses else "step"
    if schedule.needs_losses:
        return "losses"
    return "never" if recipe.schedule == "constant" else "epoch"


def rates_at(recipe: Recipe, *, epoch_steps: int) -> Callable[[Sequence[int], Sequence[float]], list[float]]:
    """The learning rates of steps of a run.

    The first ``round(recipe.warmup * steps)`` of its ``steps = recipe.epochs * epoch_steps`` steps warm up linearly.
    The schedule has what remains to itself: it counts steps and epochs from the end of the warm-up, and does not
    see the losses of epochs that ended within it.

    Args:
        recipe: A resolved recipe.
        epoch_steps: Optimizer steps in an epoch.

    Returns:
        ``rates(steps, losses)``: the learning rate of each of ``steps``, from 0, in ascending order, given the
        validation losses of the epochs that are complete before any of them. A pure function: a run taken up again
        needs nothing but its history. Rates that cannot change within an epoch are computed once per epoch.

    Example:
        >>> options = {"step_size": 2, "gamma": 0.5}
        >>> recipe = Recipe(learning_rate=1, schedule="step", schedule_options=options, epochs=6)
        >>> rates_at(recipe, epoch_steps=1)(range(6), ())
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    warmup = round(recipe.warmup * recipe.epochs * epoch_steps)
    after = _scheduled(_SCHEDULES[recipe.schedule], recipe, warmup=warmup, epoch_steps=epoch_steps)
    if warmup == 0:
        return after
    base = recipe.learning_rate

    def rates(steps: Sequence[int], losses: Sequence[float]) -> list[float]:
        rising = [base * warmup_factor(step, warmup) for step in steps if step < warmup]
        return rising + after([step - warmup for step in steps if step >= warmup], losses)

    return rates


def rate_at(recipe: Recipe, *, epoch_steps: int) -> Callable[[int, Sequence[float]], float]:
    """``rate(step, losses)``: what `rates_at` gives of a single step."""
    rates = rates_at(recipe, epoch_steps=epoch_steps)
    return lambda step, losses: rates((step,), losses)[0]


def _scheduled(
    schedule: Schedule, recipe: Recipe, *, warmup: int, epoch_steps: int
) -> Callable[[Sequence[int], Sequence[float]], list[float]]:
    """The rates after a warm-up of ``warmup`` steps, by the steps since then."""
    base, options, all_steps = recipe.learning_rate, recipe.schedule_options, recipe.epochs * epoch_steps - warmup
    unseen = warmup // epoch_steps  # epochs that ended within the warm-up

    def at(steps: Sequence[int], losses: tuple[float, ...] = ()) -> list[float]:
        return schedule.rates(base, Clock(at=steps, steps=all_steps, epoch_steps=epoch_steps, losses=losses), options)

    if schedule.each_step:
        return lambda steps, losses: at(steps)
    if schedule.needs_losses:
        replayed = lru_cache(maxsize=1)(lambda seen: at((0,), seen))
        return lambda steps, losses: replayed(tuple(losses[unseen:])) * len(steps)
    of_epoch = cache(lambda epoch: at((epoch * epoch_steps,))[0])
    return lambda steps, losses: [of_epoch(step // epoch_steps) for step in steps]
