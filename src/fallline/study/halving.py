"""Successive halving: the weaker recipes leave early, and what they would have taken goes to the others.

Jamieson and Talwalkar (2016), with three times the epochs and a third of the recipes from rung to rung; and as in
racing (Birattari et al. 2002), the first seed decides who leaves, and those alone that are left get the other seeds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from fallline.study.ranking import Place

__all__ = ["ETA", "left_at", "rungs", "share_trained", "weaker"]

ETA = 3
"""Of so many recipes one goes on from a rung to the next, for so many times the epochs."""
_RUNGS = 2
_FEWEST = 8
"""As many recipes are never dropped: the answer is to be compared with something, and few are trained in no time."""


def rungs(epochs: int) -> tuple[int, ...]:
    """The epochs after which recipes leave.

    Example:
        >>> rungs(100), rungs(2)
        ((11, 33), ())
    """
    return tuple(epoch for rung in range(_RUNGS, 0, -1) if (epoch := epochs // ETA**rung) >= 1)


def left_at(recipes: int, epochs: int) -> tuple[int, ...]:
    """How many of the recipes are left after each rung.

    Example:
        >>> left_at(256, 100), left_at(12, 100), left_at(256, 2)
        ((85, 28), (8, 8), ())
    """
    kept = [recipes]
    for _ in rungs(epochs):
        kept.append(_kept(kept[-1]))
    return tuple(kept[1:])


def share_trained(recipes: int, seeds: int, epochs: int) -> float:
    """The share of all epochs, those of all seeds of all recipes, that is trained.

    Example:
        >>> round(share_trained(270, 1, 99), 3), round(share_trained(270, 4, 99), 3), share_trained(8, 4, 99)
        (0.259, 0.148, 1.0)
    """
    ends, here = (0, *rungs(epochs), epochs), (recipes, *left_at(recipes, epochs))
    first = sum(many * (end - start) for many, (start, end) in zip(here, itertools.pairwise(ends), strict=True))
    return (first + (seeds - 1) * here[-1] * epochs) / (seeds * recipes * epochs)


def weaker(places: Sequence[Place]) -> Sequence[Place]:
    """The recipes that leave at a rung, of ``places``, the ranking of those still there."""
    return places[_kept(len(places)) :]


def _kept(recipes: int) -> int:
    return min(recipes, max(_FEWEST, recipes // ETA))
