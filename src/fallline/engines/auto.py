"""All engines as one: every run goes to the first that does not refuse it and is worth it for so many alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from fallline.catalogue.criteria import Criterion
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.engines._plans import kind_of
from fallline.engines._states import by_run, joined
from fallline.engines.protocol import Engine, Epoch, Network, Observer, Rows, Share, Step, Trained, Training, Until

__all__ = ["Auto"]

_MANY = 4
"""Points from which on they are worth an engine for many."""
_TURN: dict[type[Until], int] = {Epoch: 1, Step: 50}
"""By how much one engine's runs may get ahead of another's."""


class Auto:
    """The engine that hands every run to another one, so that a mixed population just works.

    Args:
        engines: The fastest first; the last refuses nothing.
    """

    name = "auto"

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = engines

    def refuses(self, recipe: Recipe, data: Dataset) -> str | None:
        """Never: the last of its engines does not."""
        return self._engines[-1].refuses(recipe, data)

    def worthwhile(self, recipe: Recipe, data: Dataset, *, runs: int) -> bool:
        """Always: where no other is, the loop itself serves."""
        return True

    def serving(self, population: Population, data: Dataset) -> str:
        """The engines that train a population, as ``native + loop``."""
        return " + ".join(share.engine for share in self.shares(population, data))

    def shares(self, population: Population, data: Dataset) -> tuple[Share, ...]:
        """What each of its engines trains."""
        return tuple(share for engine, _, part in self._parts(population, data) for share in engine.shares(part, data))

    def evaluates(self, network: Network) -> bool:
        """Always: the last of its engines takes every network."""
        return self._engines[-1].evaluates(network)

    def start(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None = None) -> Training:
        """Begin to train a population of resolved recipes, or go on from a state."""
        states = None if state is None else by_run(state)
        trainings = []
        for engine, runs, part in self._parts(population, data):
            own = None if states is None else joined({place: states[run] for place, run in enumerate(runs)})
            trainings.append(_Part(runs, engine.start(part, data, own)))
        return trainings[0].training if len(trainings) == 1 else AutoTraining(trainings)

    def outputs(self, network: Network, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """What the network returns at each point, ``(point, row, unit)``."""
        return self._for_points(network, parameters).outputs(network, parameters, inputs)

    def evaluate(self, network: Network, parameters: Mapping[str, Tensor], data: Rows, loss: Criterion) -> Tensor:
        """The loss over ``data`` at each point, float64 ``(point,)``."""
        return self._for_points(network, parameters).evaluate(network, parameters, data, loss)

    def _parts(self, population: Population, data: Dataset) -> list[tuple[Engine, list[int], Population]]:
        """Each engine that has runs to train: their numbers, and their recipes."""
        runs: dict[str, list[int]] = {}
        for run, engine in enumerate(self._serving(population, data)):
            runs.setdefault(engine.name, []).append(run)
        return [
            (engine, own, Population(tuple(population[run] for run in own)))
            for engine in self._engines
            if (own := runs.get(engine.name))
        ]

    def _serving(self, population: Population, data: Dataset) -> list[Engine]:
        """The engine of each run: by its kind, and by how many of that there are."""
        kinds = [kind_of(recipe) for recipe in population]
        alike = Counter(kinds)
        return [self._engine(recipe, data, alike[kind]) for recipe, kind in zip(population, kinds, strict=True)]

    def _engine(self, recipe: Recipe, data: Dataset, runs: int) -> Engine:
        fitting = (engine for engine in self._engines if engine.refuses(recipe, data) is None)
        return next(engine for engine in fitting if engine.worthwhile(recipe, data, runs=runs))

    def _for_points(self, network: Network, parameters: Mapping[str, Tensor]) -> Engine:
        """The engine for many points, or for few: lanes that are empty cost as much as full ones."""
        few = len(next(iter(parameters.values()))) < _MANY
        return next(
            engine for engine in self._engines if engine is self._engines[-1] or (not few and engine.evaluates(network))
        )


@dataclass(frozen=True)
class _Part:
    """Some runs of a population, by their numbers in it, and their training on one engine."""

    runs: list[int]
    training: Training


class AutoTraining:
    """A population's training under way on several engines, which take turns."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts

    def reached(self, until: Until) -> int | None:
        """How far the runs have got that are furthest from ``until``; None where all have ended or are there."""
        found = [part.training.reached(until) for part in self._parts]
        return min((reached for reached in found if reached is not None), default=None)

    def advance(self, until: Until, observer: Observer | None = None) -> None:
        """Train on by turns of an epoch, or of some steps, so that all runs get on together."""
        while (reached := self.reached(until)) is not None:
            pending = [part for part in self._parts if part.training.reached(until) is not None]
            alone = len(pending) == 1
            turn = until if alone else replace(until, number=min(until.number, reached + _TURN[type(until)]))
            for part in pending:
                part.training.advance(turn, observer and _renumbered(observer, part.runs))

    def drop(self, runs: Collection[int]) -> None:
        """End ``runs`` where they are."""
        for part in self._parts:
            part.training.drop([place for place, run in enumerate(part.runs) if run in runs])

    def state(self) -> dict[str, Tensor]:
        """Everything needed to go on bit for bit."""
        own = ((part.runs, by_run(part.training.state())) for part in self._parts)
        return joined({runs[place]: state for runs, states in own for place, state in states.items()})

    def trained(self) -> tuple[Trained, ...]:
        """Every run as far as it got."""
        found = {run: one for part in self._parts for run, one in zip(part.runs, part.training.trained(), strict=True)}
        return tuple(found[run] for run in sorted(found))


def _renumbered(observer: Observer, runs: Sequence[int]) -> Observer:
    return lambda event: observer(replace(event, run=runs[event.run]))
