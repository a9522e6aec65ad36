"""The learning rate of each step of a recipe: a linear warm-up, then its schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Literal

from fallline.catalogue._rules import Clock
from fallline.catalogue.schedules import SCHEDULES, Schedule
from fallline.core.recipe import Recipe

__all__ = ["Clock", "Pace", "pace_of", "rate_at", "warmup_factor"]

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


def rate_at(recipe: Recipe, *, epoch_steps: int) -> Callable[[int, Sequence[float]], float]:
    """The learning rate of each step of a run.

    The first ``round(recipe.warmup * steps)`` of its ``steps = recipe.epochs * epoch_steps`` steps warm up linearly.
    The schedule has what remains to itself: it counts steps and epochs from the end of the warm-up, and does not
    see the losses of epochs that ended within it.

    Args:
        recipe: A resolved recipe.
        epoch_steps: Optimizer steps in an epoch.

    Returns:
        ``rate(step, losses)``: the learning rate of ``step``, from 0, given the validation losses of the complete
        epochs. A pure function: a run taken up again needs nothing but its history. Rates that cannot change
        within an epoch are computed once per epoch.

    Example:
        >>> options = {"step_size": 2, "gamma": 0.5}
        >>> rate = rate_at(Recipe(learning_rate=1, schedule="step", schedule_options=options, epochs=6), epoch_steps=1)
        >>> [rate(step, ()) for step in range(6)]
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    steps = recipe.epochs * epoch_steps
    warmup = round(recipe.warmup * steps)
    after = _scheduled(_SCHEDULES[recipe.schedule], recipe, warmup=warmup, epoch_steps=epoch_steps)
    if warmup == 0:
        return after
    base = recipe.learning_rate

    def rate(step: int, losses: Sequence[float]) -> float:
        return base * warmup_factor(step, warmup) if step < warmup else after(step - warmup, losses)

    return rate


def _scheduled(
    schedule: Schedule, recipe: Recipe, *, warmup: int, epoch_steps: int
) -> Callable[[int, Sequence[float]], float]:
    """The rates after a warm-up of ``warmup`` steps, by the step since then."""
    base, options, steps = recipe.learning_rate, recipe.schedule_options, recipe.epochs * epoch_steps - warmup
    unseen = warmup // epoch_steps  # epochs that ended within the warm-up

    def at(step: int, losses: tuple[float, ...] = ()) -> float:
        return schedule.rate(base, Clock(step=step, steps=steps, epoch_steps=epoch_steps, losses=losses), options)

    if schedule.each_step:
        return lambda step, losses: at(step)
    if schedule.needs_losses:
        replayed = lru_cache(maxsize=1)(lambda epoch, seen: at(epoch * epoch_steps, seen))
        return lambda step, losses: replayed(step // epoch_steps, tuple(losses[unseen:]))
    of_epoch = cache(lambda epoch: at(epoch * epoch_steps))
    return lambda step, losses: of_epoch(step // epoch_steps)
