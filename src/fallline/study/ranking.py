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
from fallline.engines.protocol import Trained
from fallline.study.metrics import HIGHER_IS_BETTER
from fallline.study.rescoring import rescored
from fallline.study.results import Results, arrays, mean_of_all

__all__ = ["COMPARED", "Group", "Place", "Tolerance", "best_seed", "counting", "grouped", "ranked", "tolerances"]

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
        runs: Their numbers in the population, by seed, and of each seed by fold.
        folds: How many there are of each seed.
    """

    recipe: Recipe
    runs: tuple[int, ...]
    folds: int = 1

    @property
    def seeds(self) -> tuple[tuple[int, ...], ...]:
        """The runs of each seed, one on each fold."""
        return tuple(self.runs[start : start + self.folds] for start in range(0, len(self.runs), self.folds))


@dataclass(frozen=True)
class Place:
    """A recipe's place among the others.

    Args:
        group: The recipe and its runs.
        mean: The metric on the validation rows, mean over folds and seeds; None where a run has none.
        loss: Its lowest validation loss, mean over folds and seeds; None where a run has none.
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


def grouped(recipes: Sequence[Recipe], seeds: int, folds: int = 1) -> tuple[Group, ...]:
    """The groups of a population in which each recipe's runs stand side by side, seed by seed, fold by fold."""
    many = seeds * folds
    return tuple(
        Group(recipes[first], tuple(range(first, first + many)), folds) for first in range(0, len(recipes), many)
    )


def ranked(results: Results, groups: Sequence[Group], metric: str, *, compared: int = COMPARED) -> tuple[Place, ...]:
    """All recipes, the best first; the first ``compared`` with their intervals.

    Those that were dropped on the way come after all others, those without a score last; of equal scores the lower
    log loss comes first, then the lower validation loss.
    """
    places = [_place(results, group, metric) for group in groups]
    sign = -1 if metric in HIGHER_IS_BETTER else 1

    def key(place: Place) -> tuple[object, ...]:
        unsure = _known(results.mean(counting(results, place.group), "log_loss"))
        return place.dropped, math.inf if place.mean is None else sign * place.mean, unsure, _known(place.loss)

    places.sort(key=key)
    return (*_compared(results, places[:compared], metric), *places[compared:])


def _place(results: Results, group: Group, metric: str) -> Place:
    runs = counting(results, group)
    return Place(
        group,
        mean=results.mean(runs, metric),
        loss=mean_of_all([results.trained[run].best_loss for run in runs]),
        dropped=any(results.trained[run].outcome is Outcome.halved for run in group.runs),
    )


def counting(results: Results, group: Group) -> list[int]:
    """The runs of the seeds that count: not those of one that was ended, or never begun, before its first epoch."""
    return [run for runs in group.seeds if not any(_cut_short(results.trained[run]) for run in runs) for run in runs]


def _cut_short(run: Trained) -> bool:
    return run.best_loss is None and run.outcome in (Outcome.halved, Outcome.interrupted, Outcome.running)


def best_seed(results: Results, place: Place, metric: str) -> tuple[int, ...]:
    """The runs of the seed that does best, one on each fold, of a recipe that has a score; of others none."""
    scores = {runs: results.mean(runs, metric) for runs in place.group.seeds}
    known = {runs: score for runs, score in scores.items() if score is not None}
    sign = -1 if metric in HIGHER_IS_BETTER else 1
    return min(known, key=lambda runs: (sign * known[runs], runs), default=())


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
    draws = _Draws(results, known, metric)
    if not draws.seeds:
        return list(places)
    first, compared = draws.means(known[0].group), []
    for place in known:
        means = draws.means(place.group)
        low, high = _interval(means - first)
        differs = place is not known[0] and not low <= 0 <= high
        compared.append(replace(place, interval=_interval(means), distinguishable=differs))
    return [*compared, *(place for place in places if place.mean is None or place.dropped)]


class _Draws:
    """Draws of validation rows, within each fold, and of the seeds that all recipes have, the same for every recipe."""

    def __init__(self, results: Results, places: Sequence[Place], metric: str) -> None:
        self._results, self._metric = results, metric
        runs = [set(counting(results, place.group)) for place in places]
        by_seed = enumerate(zip(*(place.group.seeds for place in places), strict=True))
        self.seeds = [seed for seed, each in by_seed if all(map(set.issuperset, runs, each))]
        truths = [arrays(split) for split in results.held_out]
        looked_at = len(places) * len(self.seeds) * sum(len(truth) for truth, _ in truths)
        self._count = int(min(_DRAWS, max(_FEWEST_DRAWS, _WORK / max(1, looked_at))))
        random = np.random.default_rng(0)
        self._folds = [(truth, _counts(len(truth), weights, self._count, random)) for truth, weights in truths]
        self._drawn = random.integers(max(1, len(self.seeds)), size=(self._count, len(self.seeds)))

    def means(self, group: Group) -> Array:
        """A recipe's metric in each draw, the mean over the folds and the drawn seeds ``(draw,)``."""
        seeds = [group.seeds[seed] for seed in self.seeds]
        scores = np.stack([_mean_of_known([self._scores(run) for run in runs]) for runs in seeds])
        return scores[self._drawn, np.arange(self._count)[:, None]].mean(axis=1)

    def _scores(self, run: int) -> Array:
        truth, counts = self._folds[self._results.fold(run)]
        return rescored(self._results.scorer, self._metric, truth, self._results.guesses[run], counts)


def _counts(rows: int, weights: Array | None, draws: int, random: np.random.Generator) -> Array:
    """How much each row counts in each draw of as many rows with replacement ``(draw, row)``."""
    drawn = random.integers(rows, size=(draws, rows)) + rows * np.arange(draws)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=draws * rows).reshape(draws, rows).astype(float)
    return counts if weights is None else counts * weights


def _mean_of_known(scores: Sequence[Array]) -> Array:
    """The mean over folds, in each draw of those whose drawn rows admit the metric: which are the same for all."""
    stacked = np.stack(scores)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return np.where(known, stacked, 0).sum(axis=0) / known.sum(axis=0)


def _interval(draws: Array) -> tuple[float, float]:
    """95 % of the draws in which the metric is defined."""
    low, high = np.nanquantile(draws, (0.025, 0.975))
    return float(low), float(high)
