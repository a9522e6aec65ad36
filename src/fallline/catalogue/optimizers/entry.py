"""Optimizer: an entry of the catalogue, with the learning rates worth trying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fallline.catalogue.card import Card
from fallline.core.recipe import Options

__all__ = ["Optimizer"]


def _never(options: Options) -> None:
    """No set of options contradicts itself."""


@dataclass(frozen=True)
class Optimizer:
    """An optimizer of the catalogue.

    Args:
        card: Its card.
        rates: Lowest and highest learning rate of a ladder of 16 rungs.
        contradiction: Says what is wrong with a set of complete options and, after a colon, how to mend it; or None.
        full_batch: Whether a step must see every training row.
        elementwise: Whether its step treats every coordinate alone, so that engines can stack runs.
    """

    card: Card
    rates: tuple[float, float]
    contradiction: Callable[[Options], str | None] = _never
    full_batch: bool = False
    elementwise: bool = True
