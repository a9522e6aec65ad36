"""Recipes ranked over their seeds, with what the validation rows and the seeds leave to chance.

The best 50 are compared with the first of them *paired*: each draw of the bootstrap takes the same rows and the same
seeds for both, so that what is common to them cancels out (Efron 1979; paired as in Bouthillier et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.study.metrics import HIGHER_IS_BETTER, Guess
from fallline.study.rescoring import rescored
from fallline.study.results import Results, arrays

__all__ = ["COMPARED", "Group", "Place", "Tolerance", "best_run", "grouped", "ranked", "tolerances"]

Array = np.ndarray

COMPARED = 50
"""So many of the best are compared with the first."""
_DRAWS = 1000
_FEWEST_DRAWS = 200
_WORK = 2e8
"""Numbers that a metric may look at over all draws; larger tables get fewer."""
_WITHIN = 1.1
"""A learning rate is tolerated whose validation loss is within this factor of the lowest."""


@dataclass(frozen=True)
class Group:
    """The runs of one recipe, which differ in their seeds alone.

    Args:
        recipe: At the first of its seeds.
        runs: Their numbers in the population, by seed.
    """

    recipe: Recipe
    runs: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """A recipe's place among the others.

    Args:
        group: The recipe and its runs.
        mean: The metric on the validation rows, mean over the seeds; None where a seed has none.
        loss: Its lowest validation loss, mean over the seeds; None where a seed has none.
        interval: 95 % of the means over redrawn seeds and rows; None beyond the best 50.
        distinguishable: Whether the difference from the best has an interval without 0; None beyond the best 50, and
            of a recipe that was dropped on the way.
        dropped: Whether it was.
    """

    group: Group
    mean: float | None
    loss: float | None
    interval: tuple[float, float] | None = None
    distinguishable: bool | None = None
    dropped: bool = False


@dataclass(frozen=True)
class Tolerance:
    """How far an optimizer's learning rate may be off.

    Args:
        decades: Powers of ten of neighbouring learning rates within 1.1 times its lowest validation loss; None where
            that cannot be said: a single rate, a loss that is not above 0, or rates that were dropped on the way.
        low: The lowest of those rates.
        high: The highest.
        best: The rate of the lowest loss.
    """

    decades: float | None
    low: float
    high: float
    best: float


def grouped(recipes: Sequence[Recipe], seeds: int) -> tuple[Group, ...]:
    """The groups of a population in which each recipe's ``seeds`` runs stand side by side."""
    return tuple(Group(recipes[first], tuple(range(first, first + seeds))) for first in range(0, len(recipes), seeds))


def ranked(results: Results, groups: Sequence[Group], metric: str, *, compared: int = COMPARED) -> tuple[Place, ...]:
    """All recipes, the best first; the first ``compared`` with their intervals.

    Those that were dropped on the way come after all others, those without a score last; of equal scores the lower
    log loss comes first, then the lower validation loss.
    """
    places = [
        Place(
            group,
            mean=_mean([_value(results, run, metric) for run in group.runs]),
            loss=_mean([results.trained[run].best_loss for run in group.runs]),
            dropped=any(results.trained[run].outcome is Outcome.halved for run in group.runs),
        )
        for group in groups
    ]
    sign = -1 if metric in HIGHER_IS_BETTER else 1

    def key(place: Place) -> tuple[object, ...]:
        unsure = _known(_mean([_value(results, run, "log_loss") for run in place.group.runs]))
        return place.dropped, math.inf if place.mean is None else sign * place.mean, unsure, _known(place.loss)

    places.sort(key=key)
    return (*_compared(results, places[:compared], metric), *places[compared:])


def best_run(results: Results, place: Place, metric: str) -> int | None:
    """The seed that does best, of a recipe that has a score."""
    if place.mean is None:
        return None
    sign = -1 if metric in HIGHER_IS_BETTER else 1
    return min(place.group.runs, key=lambda run: (sign * (_value(results, run, metric) or 0.0), run))


def tolerances(places: Sequence[Place]) -> dict[str, Tolerance]:
    """How far each optimizer's learning rate may be off, by its name; the widest first.

    The optimizer's recipe with the lowest validation loss is looked at with other learning rates, all else alike. Where
    recipes differ in the loss, that of the optimizer's best place is looked at.
    """
    first: dict[str, Place] = {}
    for place in places:
        if place.loss is not None:
            first.setdefault(place.group.recipe.optimizer, place)
    found = {name: _tolerance(place, places) for name, place in first.items()}
    return dict(sorted(found.items(), key=lambda item: -(item[1].decades or 0.0)))


def _tolerance(first: Place, places: Sequence[Place]) -> Tolerance:
    recipe = first.group.recipe
    own = [place for place in places if _alike(place.group.recipe, recipe, ("optimizer", "loss", "loss_options"))]
    best = min(own, key=lambda place: _known(place.loss))
    alike = [place for place in own if _but_for_rate(place.group.recipe) == _but_for_rate(best.group.recipe)]
    alike.sort(key=lambda place: place.group.recipe.learning_rate)
    lowest, here = _known(best.loss), alike.index(best)
    good = [_known(place.loss) <= _WITHIN * lowest for place in alike]
    start, end = here, here
    while start > 0 and good[start - 1]:
        start -= 1
    while end + 1 < len(alike) and good[end + 1]:
        end += 1
    low, high = (alike[place].group.recipe.learning_rate for place in (start, end))
    known = len(alike) > 1 and lowest > 0 and not any(place.dropped for place in alike)
    decades = math.log10(high / low) if known else None
    return Tolerance(decades, low, high, best.group.recipe.learning_rate)


def _alike(one: Recipe, other: Recipe, fields: Sequence[str]) -> bool:
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _but_for_rate(recipe: Recipe) -> Recipe:
    return recipe.replace(learning_rate=1.0)


def _known(loss: float | None) -> float:
    return math.inf if loss is None else loss


def _compared(results: Results, places: Sequence[Place], metric: str) -> list[Place]:
    """The places with their intervals, and whether each differs from the first by more than chance."""
    known = [place for place in places if place.mean is not None and not place.dropped]
    if not known:
        return list(places)
    draws = _Draws(results, len(known[0].group.runs), metric, runs=sum(len(place.group.runs) for place in known))
    first, compared = draws.means(known[0].group), []
    for place in known:
        means = draws.means(place.group)
        low, high = _interval(means - first)
        differs = place is not known[0] and not low <= 0 <= high
        compared.append(replace(place, interval=_interval(means), distinguishable=differs))
    return [*compared, *(place for place in places if place not in known)]


class _Draws:
    """Draws of validation rows and of seeds, the same for every recipe."""

    def __init__(self, results: Results, seeds: int, metric: str, *, runs: int) -> None:
        self._results, self._metric = results, metric
        self._truth, weights = arrays(results.data.validation)
        rows = len(self._truth)
        count = int(min(_DRAWS, max(_FEWEST_DRAWS, _WORK / (rows * runs))))
        random = np.random.default_rng(0)
        drawn = random.integers(rows, size=(count, rows)) + rows * np.arange(count)[:, None]
        self._counts = np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows).astype(float)
        if weights is not None:
            self._counts *= weights
        self._seeds = random.integers(seeds, size=(count, seeds))

    def means(self, group: Group) -> Array:
        """A recipe's metric in each draw, the mean over the drawn seeds ``(draw,)``."""
        scores = np.stack([self._scores(self._results.guesses[run]) for run in group.runs])
        return scores[self._seeds, np.arange(len(self._counts))[:, None]].mean(axis=1)

    def _scores(self, guess: Guess) -> Array:
        return rescored(self._results.scorer, self._metric, self._truth, guess, self._counts)


def _interval(draws: Array) -> tuple[float, float]:
    """95 % of the draws in which the metric is defined."""
    low, high = np.nanquantile(draws, (0.025, 0.975))
    return float(low), float(high)


def _value(results: Results, run: int, metric: str) -> float | None:
    return None if results.trained[run].best_loss is None else results.validation[run].get(metric)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
