"""What a comparison was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import TypeGuard

from fallline.core.errors import ArgumentError
from fallline.core.plain import plain
from fallline.study.job import Job
from fallline.study.space import Space

__all__ = ["Contest", "seeds_of"]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What a comparison was asked for.

    Args:
        job: The table, and what is to be done with it; its ``recipe`` is empty.
        space: The recipes.
        seeds: The seeds of each, from 0 … 2³² - 1.
        folds: Train each so many times, each time with another part of the rows held out; None: once, with the
            validation rows.
        sample: Draw so many recipes of the space; None: all.
        halving: Whether the weaker recipes are dropped on the way.
        budget: Seconds of training; None: as long as it takes.
        default: Whether nothing was said of the space, so that it may be cut to what can be waited for.

    Raises:
        ArgumentError: One of them is out of its range.
    """

    job: Job
    space: Space
    seeds: tuple[int, ...]
    folds: int | None = None
    sample: int | None = None
    halving: bool = False
    budget: float | None = None
    default: bool = False

    def __post_init__(self) -> None:
        whole = all(_whole(seed) and 0 <= int(seed) < 2**32 for seed in self.seeds)
        if not self.seeds or not whole or len(set(self.seeds)) < len(self.seeds):
            raise _error("seeds", self.seeds, "a number of seeds, 1 or more, or different seeds", "--seeds 4")
        if self.folds is not None and not (isinstance(self.folds, Integral) and self.folds >= 2):
            raise _error("folds", self.folds, "2 or more folds", "--folds 5, or leave it out")
        if self.sample is not None and not (isinstance(self.sample, Integral) and self.sample >= 1):
            raise _error("sample", self.sample, "1 or more recipes", "--sample 2000")
        if self.budget is not None and not (isinstance(self.budget, Real) and self.budget > 0):
            raise _error("budget", self.budget, "more than 0 seconds", "--budget 60s")


def seeds_of(seeds: object) -> tuple[int, ...]:
    """The seeds of a number of them, or of any collection.

    Raises:
        ArgumentError: It is neither.

    Example:
        >>> seeds_of(3), seeds_of({7, 3})
        ((0, 1, 2), (3, 7))
    """
    held = plain(seeds)
    if _whole(held):
        return tuple(range(max(0, int(held))))
    if not isinstance(held, list):
        raise _error("seeds", seeds, "a number of seeds, 1 or more, or different seeds", "seeds=4, or seeds=[0, 7]")
    return tuple(held)


def _whole(value: object) -> TypeGuard[Integral]:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _error(name: str, value: object, expected: str, do: str) -> ArgumentError:
    return ArgumentError(
        "setting up the comparison",
        f"{name} is out of its range",
        expected=expected,
        got=f"{name} = {value!r}",
        do=do,
    )
