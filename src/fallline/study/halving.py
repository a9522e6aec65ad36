"""Successive halving: the weaker recipes leave early, and what they would have taken goes to the others.

Jamieson and Talwalkar (2016), with three times the epochs and a third of the recipes from rung to rung.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from fallline.study.ranking import Place

__all__ = ["ETA", "rungs", "share_trained", "weaker"]

ETA = 3
"""Of so many recipes one goes on from a rung to the next, for so many times the epochs."""
_RUNGS = 2


def rungs(epochs: int) -> tuple[int, ...]:
    """The epochs after which recipes leave.

    Example:
        >>> rungs(100), rungs(2)
        ((11, 33), ())
    """
    return tuple(epoch for rung in range(_RUNGS, 0, -1) if (epoch := epochs // ETA**rung) >= 1)


def share_trained(epochs: int) -> float:
    """The share of all epochs that is trained.

    Example:
        >>> round(share_trained(99), 3)
        0.259
    """
    ends = (0, *rungs(epochs), epochs)
    return sum((end - start) / ETA**rung for rung, (start, end) in enumerate(itertools.pairwise(ends))) / epochs


def weaker(places: Sequence[Place]) -> Sequence[Place]:
    """The recipes that leave at a rung: all but the best third of ``places``, the ranking of those still there."""
    return places[max(1, len(places) // ETA) :]
