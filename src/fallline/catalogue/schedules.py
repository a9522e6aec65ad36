"""The schedules: cards, and the learning rate at each step as a pure function."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from fallline.catalogue.card import Card, Option
from fallline.core.recipe import Options

__all__ = ["SCHEDULES", "Schedule", "warmup_factor"]


@dataclass(frozen=True)
class Schedule:
    """A schedule of the catalogue.

    Args:
        card: Its card.
        rate: ``rate(base, step, steps, options)``: the learning rate of step ``step`` (from 0) of ``steps``.
    """

    card: Card
    rate: Callable[[float, int, int, Options], float]


def warmup_factor(step: int, steps: int) -> float:
    """What the learning rate is multiplied by at ``step`` of a linear warm-up over ``steps`` steps.

    It rises from 1 / (steps + 1) and would reach 1 at step ``steps``, as torch's
    ``LinearLR(start_factor=1 / (steps + 1), total_iters=steps)`` does.
    """
    return (step + 1) / (steps + 1)


def _constant(base: float, step: int, steps: int, options: Options) -> float:
    return base


def _cosine(base: float, step: int, steps: int, options: Options) -> float:
    low = float(options["eta_min"])  # pyright: ignore[reportArgumentType]  # its card says it is a number
    return low + (base - low) * (1 + math.cos(math.pi * step / steps)) / 2


SCHEDULES: tuple[Schedule, ...] = (
    Schedule(
        Card(
            kind="schedule",
            name="constant",
            torch="torch.optim.lr_scheduler.ConstantLR",
            summary="The same learning rate at every step.",
            formula=r"\eta_t = \eta",
            shapes="a number per step",
            dtypes="float",
            ranges="the learning rate",
            when="First tries, and wherever early stopping ends training anyway.",
            pitfalls=("The noise of the batches keeps the loss above its minimum; a decaying rate gets lower.",),
            source="Robbins and Monro (1951) for why it should decay",
        ),
        _constant,
    ),
    Schedule(
        Card(
            kind="schedule",
            name="cosine",
            torch="torch.optim.lr_scheduler.CosineAnnealingLR",
            summary="Half a cosine, from the learning rate at the first step down to eta_min after the last.",
            formula=r"\eta_t = \eta_{\min} + \tfrac12 (\eta - \eta_{\min})(1 + \cos(\pi t / T))",
            shapes="a number per step",
            dtypes="float",
            ranges="between eta_min and the learning rate",
            when="When the number of epochs is known; usually with a short warm-up.",
            pitfalls=(
                "T counts steps, not epochs: with epochs a scheduler that is stepped per batch goes up again.",
                "Early stopping before the end never sees the low rates: give it patience.",
            ),
            source="Loshchilov and Hutter (2017), eq. 5",
            options=(Option(name="eta_min", default=0.0, low=0, meaning="the learning rate after the last step"),),
        ),
        _cosine,
    ),
)
