"""All engines as one: every run goes to the first that does not refuse it and is worth it for so many alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from fallline.catalogue.criteria import Criterion
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.engines._plans import kind_of
from fallline.engines._states import by_run, joined
from fallline.engines.protocol import Engine, Network, Rows, Share, Training
from fallline.engines.turns import Part, Turns

__all__ = ["Auto"]

_MANY = 4
"""Points from which on they are worth an engine for many."""


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
            trainings.append(Part(runs, engine.start(part, data, own)))
        return trainings[0].training if len(trainings) == 1 else Turns(trainings)

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
        alike, serving = Counter(kinds), dict[tuple[object, ...], Engine]()
        for kind, recipe in zip(kinds, population, strict=True):
            if kind not in serving:
                serving[kind] = self._engine(recipe, data, alike[kind])
        return [serving[kind] for kind in kinds]

    def _engine(self, recipe: Recipe, data: Dataset, runs: int) -> Engine:
        fitting = (engine for engine in self._engines if engine.refuses(recipe, data) is None)
        return next(engine for engine in fitting if engine.worthwhile(recipe, data, runs=runs))

    def _for_points(self, network: Network, parameters: Mapping[str, Tensor]) -> Engine:
        """The engine for many points, or for few: lanes that are empty cost as much as full ones."""
        few = len(next(iter(parameters.values()))) < _MANY
        return next(
            engine for engine in self._engines if engine is self._engines[-1] or (not few and engine.evaluates(network))
        )
