"""The compiled engine: sixteen runs in the sixteen lanes of a vector register.

Runs that differ in numbers only (learning rates, seeds, decays, …) share a block and are trained as one program; see
docs/engines.md for the layout, native/block.h for what a block does. On this side `_plans` says what a recipe is to the
compiled module, `_packing` which runs share a block, `_kind` and `_block` are what they have in common and a block's
own, and `_native_training` is the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.networks import HEADS, Feedforward
from fallline.core.errors import EngineError
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder, blank
from fallline.data.dataset import Dataset
from fallline.engines._block import Run
from fallline.engines._compiled import compiled, instruction_set, required
from fallline.engines._cost import worth_lanes
from fallline.engines._kind import array, tables
from fallline.engines._native_training import NativeTraining
from fallline.engines._packing import packed
from fallline.engines._plans import LANES, network_refusal, points_plan, refusal
from fallline.engines.loop import network_of
from fallline.engines.protocol import Network, Rows, Share
from fallline.engines.threads import workers

__all__ = ["Native"]


class Native:
    """The engine that trains feedforward networks on the CPU, many at a time."""

    name = "native"

    def refuses(self, recipe: Recipe, data: Dataset) -> str | None:
        """Why it cannot train ``recipe``, a sentence; None where it can."""
        if compiled() is None:
            return "the compiled engine is not installed"
        if not _shuffles_alike():
            return "this version of torch shuffles in another way than the compiled engine"
        return refusal(recipe)

    def worthwhile(self, recipe: Recipe, data: Dataset, *, runs: int) -> bool:
        """Unless most of the work would be that of empty lanes."""
        network = network_of(recipe, data)
        assert isinstance(network, Feedforward)  # others are refused
        rows = min(recipe.batch_size, len(data.train))
        return worth_lanes(network, rows=rows, dtype=recipe.dtype, runs=runs)

    def serving(self, population: Population, data: Dataset) -> str:
        """Its name."""
        return self.name

    def shares(self, population: Population, data: Dataset) -> tuple[Share, ...]:
        """All of it, in blocks."""
        blocks = packed(Run(number, recipe) for number, recipe in enumerate(population))
        places = sum(LANES[block[0].recipe.dtype] for block in blocks)
        return (Share(self.name, len(population), len(blocks), places),)

    def evaluates(self, network: Network) -> bool:
        """Feedforward networks of linear layers and an activation that learns nothing."""
        return compiled() is not None and isinstance(network, Feedforward) and network_refusal(network) is None

    def start(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None = None) -> NativeTraining:
        """Begin to train a population of resolved recipes, or go on from a state.

        Raises:
            EngineError: It refuses a recipe.
        """
        for recipe in population:
            if reason := self.refuses(recipe, data):
                raise EngineError("training on engine native", reason, do="--engine auto")
        return NativeTraining(population, data, state)

    def outputs(self, network: Network, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """What the network returns at each point, ``(point, row, unit)``."""
        assert isinstance(network, Feedforward)
        dtype = next(iter(parameters.values())).dtype
        found = required().outputs(
            points_plan(network),
            _flat(network, parameters),
            array(inputs, dtype),
            workers(),
            instruction_set(),
        )
        head = nn.Sequential(*HEADS[network.head]())
        return torch.stack([head(point) for point in torch.from_numpy(found)])

    def evaluate(self, network: Network, parameters: Mapping[str, Tensor], data: Rows, loss: Criterion) -> Tensor:
        """The loss over ``data`` at each point, float64 ``(point,)``."""
        assert isinstance(network, Feedforward)
        points = _flat(network, parameters)
        inputs, targets, weights = tables(data, next(iter(parameters.values())).dtype)
        plan = points_plan(network, loss.recipe)
        found = required().losses(plan, points, inputs, targets, weights, workers(), instruction_set())
        return torch.from_numpy(found)


@cache
def _shuffles_alike() -> bool:
    """Whether this torch draws permutations as the compiled engine does."""
    order = BatchOrder(rows=1000, batch_size=1000, seed=1)
    order.epoch()
    return torch.equal(order.epoch()[0], torch.from_numpy(required().order(1, 1000, 2)).long())


def _flat(network: Feedforward, parameters: Mapping[str, Tensor]) -> NDArray[Any]:
    """Points ``(point, parameter)``, the parameters of each one after the other."""
    names = [name for name, _ in blank(network.build).named_parameters()]
    return torch.cat([parameters[name].detach().flatten(1) for name in names], dim=1).contiguous().numpy()
