"""The training of a comparison: all runs at once, on every fold, the weaker recipes dropped on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Epoch, Trained, Training
from fallline.engines.turns import Part, Turns
from fallline.study.clock import Clock
from fallline.study.events import JobObserver
from fallline.study.halving import rungs, weaker
from fallline.study.judging import Judge
from fallline.study.ranking import Group, grouped, ranked
from fallline.study.results import Results
from fallline.study.stages import interrupted

__all__ = ["Trials"]


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
        halving: Whether the weaker recipes are dropped on the way.
    """

    population: Population
    seeds: int
    data: Dataset
    folds: tuple[Dataset, ...]
    engine: Engine
    judge: Judge
    halving: bool

    def trained(self, observer: JobObserver, clock: Clock) -> tuple[tuple[Trained, ...], bool]:
        """Every run as far as it got, and whether Ctrl-C ended the training."""
        with clock.part("setting up"):
            training = self._begun()
        last = max(recipe.epochs for recipe in self.population)
        try:
            for epoch in rungs(last) if self.halving else ():
                with clock.part("training"):
                    training.advance(Epoch(epoch), observer)
                with clock.part("halving"):
                    self._drop_weaker(training)
            with clock.part("training"):
                training.advance(Epoch(last), observer)
        except KeyboardInterrupt:
            runs = training.trained()
            if not self._anything_in(runs):
                raise  # before the first epoch there is nothing to keep
            return tuple(interrupted(run) for run in runs), True
        with clock.part("reading out"):
            return training.trained(), False

    def results(self, trained: Sequence[Trained], runs: frozenset[int] | None = None) -> Results:
        """The runs as far as they are, predicted and scored; with ``runs`` for those alone."""
        return Results(
            population=self.population,
            trained=trained,
            data=self.data,
            engine=self.engine,
            scorer=self.judge.scorer,
            folds=self.folds,
            runs=runs,
        )

    @property
    def groups(self) -> tuple[Group, ...]:
        """The recipes, each with its runs."""
        return grouped(self.population.recipes, self.seeds, max(1, len(self.folds)))

    def _begun(self) -> Training:
        """The training; that of the folds takes turns."""
        many = len(self.folds)
        if not many:
            return self.engine.start(self.population, self.data)
        of_each = Population(self.population.recipes[::many])
        return Turns(
            [
                Part(range(fold, len(self.population), many), self.engine.start(of_each, data))
                for fold, data in enumerate(self.folds)
            ]
        )

    def _anything_in(self, runs: Sequence[Trained]) -> bool:
        """Whether there is a whole answer: a run, or one on each fold, that has completed an epoch."""
        many = max(1, len(self.folds))
        return any(all(run.best_epoch for run in runs[start : start + many]) for start in range(0, len(runs), many))

    def _drop_weaker(self, training: Training) -> None:
        trained = training.trained()
        here = [group for group in self.groups if all(trained[run].outcome is not Outcome.halved for run in group.runs)]
        results = self.results(trained, runs=frozenset(run for group in here for run in group.runs))
        places = ranked(results, here, self.judge.metric, compared=0)
        training.drop({run for place in weaker(places) for run in place.group.runs})
