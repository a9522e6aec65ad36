"""The training of a comparison: all runs at once, on every fold; or by halving, the first seed before the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Epoch, Trained, Training
from fallline.engines.turns import Part, Turns
from fallline.study.clock import Clock
from fallline.study.events import JobObserver
from fallline.study.halving import rungs, weaker
from fallline.study.judging import Judge
from fallline.study.metrics import DECISIONS
from fallline.study.ranking import Group, grouped, ranked
from fallline.study.results import Results
from fallline.study.stages import interrupted

__all__ = ["Trials"]

_Found = TypeVar("_Found")
_NOT_BEGUN = Trained(
    parameters={},
    training_losses=(),
    validation_losses=(),
    learning_rates=(),
    outcome=Outcome.running,
    steps=0,
    best_epoch=0,
    best_loss=None,
)
_Legs = list[tuple[list[int], Training]]
"""What has been begun: the numbers of some runs, in order, and their training."""


@dataclass(frozen=True, kw_only=True)
class Trials:
    """What a comparison trains, and how it compares on the way.

    Args:
        population: The runs: each recipe with its seeds side by side, and each seed with its folds.
        seeds: How many seeds.
        data: What is trained on; with folds, what they were cut from.
        folds: The folds; empty where there are none.
        engine: What trains.
        judge: What scores and ranks.
        halving: Whether the weaker recipes are dropped on the way, and never get but the first seed.
    """

    population: Population
    seeds: int
    data: Dataset
    folds: tuple[Dataset, ...]
    engine: Engine
    judge: Judge
    halving: bool

    def carried_out(self, observer: JobObserver, clock: Clock) -> tuple[Results, bool]:
        """Every run as far as it got, and whether Ctrl-C ended the training."""
        legs: _Legs = []
        try:
            if self.halving:
                left = self._halved(legs, observer, clock)
                others = [run for group in left for runs in group.seeds[1:] for run in runs]
                if others:
                    self._through(self._begun(others, legs, clock), observer, clock)
            else:
                self._through(self._begun(range(len(self.population)), legs, clock), observer, clock)
        except KeyboardInterrupt:
            found = self._results(legs)
            if not self._anything_in(found.trained):
                raise  # before the first epoch there is nothing to keep
            return replace(found, trained=[interrupted(run) for run in found.trained]), True
        with clock.part("reading out"):
            found = self._results(legs)
            runs = [run if run.outcome.ended else replace(run, outcome=Outcome.halved) for run in found.trained]
            return replace(found, trained=runs), False

    def _results(self, legs: _Legs) -> Results:
        """The runs as far as they are."""
        many = len(self.population)
        decided = self.judge.metric in DECISIONS
        return Results(
            population=self.population,
            trained=_of_all([(runs, training.trained()) for runs, training in legs], many, _NOT_BEGUN),
            data=self.data,
            engine=self.engine,
            scorer=self.judge.scorer,
            metric=self.judge.metric,
            latest=_of_all([(runs, training.latest()) for runs, training in legs], many, None) if decided else (),
            folds=self.folds,
        )

    @property
    def groups(self) -> tuple[Group, ...]:
        """The recipes, each with its runs."""
        return grouped(self.population.recipes, self.seeds, max(1, len(self.folds)))

    def _halved(self, legs: _Legs, observer: JobObserver, clock: Clock) -> Sequence[Group]:
        """Train every recipe's first seed, the weaker ones not to the end; return those that are."""
        left: Sequence[Group] = self.groups
        training = self._begun([run for group in left for run in group.seeds[0]], legs, clock)
        for epoch in rungs(self._last):
            with clock.part("training"):
                training.advance(Epoch(epoch), observer)
            with clock.part("halving"):
                left = self._drop_weaker(left, training, legs)
        self._through(training, observer, clock)
        return left

    def _drop_weaker(self, here: Sequence[Group], training: Training, legs: _Legs) -> list[Group]:
        """Drop the weaker recipes, by their first seed; return the others."""
        first = {group.seeds[0]: group for group in here}
        asked = [replace(group, runs=runs) for runs, group in first.items()]
        places = ranked(self._results(legs), asked, self.judge.metric, compared=0)
        leaving = {place.group.runs for place in weaker(places)}
        training.drop({run for runs in leaving for run in runs})
        return [group for runs, group in first.items() if runs not in leaving]

    def _through(self, training: Training, observer: JobObserver, clock: Clock) -> None:
        with clock.part("training"):
            training.advance(Epoch(self._last), observer)

    @property
    def _last(self) -> int:
        return max(recipe.epochs for recipe in self.population)

    def _begun(self, runs: Sequence[int], legs: _Legs, clock: Clock) -> Training:
        """The training of some runs, told of by their numbers in the population; that of the folds takes turns."""
        with clock.part("setting up"):
            many = max(1, len(self.folds))
            parts = [
                Part(own, self.engine.start(Population(tuple(self.population[run] for run in own)), data))
                for fold, data in enumerate(self.folds or (self.data,))
                if (own := [run for run in runs if run % many == fold])
            ]
            legs.append((sorted(runs), Turns(parts)))
        return legs[-1][1]

    def _anything_in(self, runs: Sequence[Trained]) -> bool:
        """Whether there is a whole answer: a run, or one on each fold, that has completed an epoch."""
        many = max(1, len(self.folds))
        return any(all(run.best_epoch for run in runs[start : start + many]) for start in range(0, len(runs), many))


def _of_all(legs: Iterable[tuple[list[int], Sequence[_Found]]], many: int, otherwise: _Found) -> tuple[_Found, ...]:
    """What there is of each of ``many`` runs; ``otherwise`` of those that were never begun."""
    found = {run: one for runs, each in legs for run, one in zip(runs, each, strict=True)}
    return tuple(found.get(run, otherwise) for run in range(many))
