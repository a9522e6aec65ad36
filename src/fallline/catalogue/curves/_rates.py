"""Schedules: the learning rate over the epochs."""

from __future__ import annotations

import math

from fallline.catalogue.rates import rate_at
from fallline.catalogue.registry import find
from fallline.core.recipe import Recipe
from fallline.render.picture import Line, Picture

__all__ = ["schedule_picture"]

_EPOCHS, _EPOCH_STEPS = 100, 5
_WARMUP = 0.1


def schedule_picture(name: str) -> Picture:
    """A schedule's learning rate over 100 epochs, as a share of the recipe's."""
    schedule = find("schedule", name)
    losses = _losses()
    lines = [_line("learning rate", name, warmup=0.0, losses=losses)]
    caption = f"{_EPOCHS} epochs of {_EPOCH_STEPS} steps, at the default options; 1 is the learning rate of the recipe."
    if schedule.needs_losses:
        epochs = tuple(float(epoch + 1) for epoch in range(_EPOCHS))
        lines.append(Line("validation loss", epochs, tuple(losses), hue=1))
        caption += " The losses are made up: they fall, and stop falling."
    elif name != "one_cycle":
        lines.append(_line("with --warmup 0.1", name, warmup=_WARMUP, losses=losses, hue=1))
    return Picture(
        title=f"{name}: the learning rate over the epochs",
        caption=caption,
        across="epoch",
        window=(0.0, float(_EPOCHS), -0.04, 1.08),
        lines=tuple(lines),
    )


def _line(name: str, schedule: str, *, warmup: float, losses: list[float], hue: int = 0) -> Line:
    options = find("schedule", schedule).card.complete({})
    recipe = Recipe(
        learning_rate=1.0, schedule=schedule, schedule_options=options, warmup=warmup, epochs=_EPOCHS, batch_size=1
    )
    rate = rate_at(recipe, epoch_steps=_EPOCH_STEPS)
    steps = range(_EPOCHS * _EPOCH_STEPS)
    rates = tuple(rate(step, losses[: step // _EPOCH_STEPS]) for step in steps)
    return Line(name, tuple(step / _EPOCH_STEPS for step in steps), rates, hue)


def _losses() -> list[float]:
    """Validation losses that fall for about forty epochs, and then no longer."""
    return [max(math.exp(-epoch / 18), 0.12) for epoch in range(1, _EPOCHS + 1)]
