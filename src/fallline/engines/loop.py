"""The plain PyTorch loop: zero_grad, forward, backward, step. The reference for every other engine.

It takes any module, loss and optimizer, one run after the other within each epoch. Read `Run.step` and
`Run.end_epoch` in `_run.py` first: they are all there is to training a network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.networks import Feedforward, Imported, network_for
from fallline.catalogue.readout import encoded_targets
from fallline.catalogue.registry import contract_of
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import blank
from fallline.data.dataset import Dataset, Split
from fallline.engines._run import CHUNK, Run, mean_loss, surroundings_of, torchs_defaults
from fallline.engines._states import by_run, joined
from fallline.engines.protocol import Network, Observer, Rows, Share, Trained, Until

__all__ = ["Loop", "feed", "network_of", "torchs_defaults"]


class Loop:
    """The engine that trains one run at a time, as a hand-written script would."""

    name = "loop"

    def refuses(self, recipe: Recipe, data: Dataset) -> str | None:
        """Never: it is the engine for all that others refuse."""
        return None

    def worthwhile(self, recipe: Recipe, data: Dataset, *, runs: int) -> bool:
        """Always, as it is the loop."""
        return True

    def serving(self, population: Population, data: Dataset) -> str:
        """Its name."""
        return self.name

    def shares(self, population: Population, data: Dataset) -> tuple[Share, ...]:
        """All of it, one run at a time."""
        return (Share(self.name, len(population), len(population), len(population)),)

    def evaluates(self, network: Network) -> bool:
        """Every network."""
        return True

    def start(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None = None) -> LoopTraining:
        """Begin to train a population of resolved recipes, or go on from a state."""
        training = LoopTraining(population, data)
        if state is not None:
            training.restore(state)
        return training

    def outputs(self, network: Network, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """What the network returns at each point, ``(point, row, unit)``."""
        module = blank(network.build).eval()
        with torch.no_grad(), torchs_defaults():
            return torch.stack([_forward(module, point, inputs) for point in _points(parameters)])

    def evaluate(self, network: Network, parameters: Mapping[str, Tensor], data: Rows, loss: Criterion) -> Tensor:
        """The loss over ``data`` at each point, float64 ``(point,)``."""
        module = blank(network.build).eval()
        losses = []
        with torchs_defaults():
            for point in _points(parameters):
                module.load_state_dict(point, assign=True)
                losses.append(mean_loss(module, data, loss))
            return torch.tensor(losses, dtype=torch.float64)


class LoopTraining:
    """A population's training under way on the plain loop."""

    def __init__(self, population: Population, data: Dataset) -> None:
        feeds: dict[tuple[str, str], tuple[Rows, Rows]] = {}
        self._runs: list[Run] = []
        with torchs_defaults():
            for recipe in population:
                kind = (contract_of(recipe).targets, recipe.dtype)
                if kind not in feeds:
                    feeds[kind] = (feed(recipe, data, data.train), feed(recipe, data, data.validation))
                self._runs.append(Run(recipe, network_of(recipe, data), *feeds[kind]))

    def reached(self, until: Until) -> int | None:
        """How far the runs have got that are furthest from ``until``; None where all have ended or are there."""
        return min((run.reached(until) for run in self._runs if run.pending(until)), default=None)

    def advance(self, until: Until, observer: Observer | None = None) -> None:
        """Train on, epoch by epoch through the runs, so that all of them get on together."""
        going = True
        while going:
            going = False
            for number, run in enumerate(self._runs):
                if run.pending(until):
                    with surroundings_of(run):
                        run.advance_within_epoch(until)
                    going = going or run.pending(until)
                    if observer is not None and (run.at_epoch_end or run.outcome.ended):
                        observer(run.progress(number))

    def drop(self, runs: Collection[int]) -> None:
        """End ``runs`` where they are."""
        for number in runs:
            if not self._runs[number].outcome.ended:
                self._runs[number].outcome = Outcome.halved

    def state(self) -> dict[str, Tensor]:
        """Everything needed to go on bit for bit: ``RUN/...`` → tensor."""
        with torchs_defaults():
            states = [run.state() for run in self._runs]
        return joined(dict(enumerate(states)))

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave for the same population and data."""
        states = by_run(state)
        with torchs_defaults():
            for number, run in enumerate(self._runs):
                run.restore(states[number])

    def trained(self) -> tuple[Trained, ...]:
        """Every run as far as it got."""
        return tuple(run.trained() for run in self._runs)

    def latest(self) -> tuple[dict[str, Tensor] | None, ...]:
        """Every run's parameters at the end of its last epoch; None of one that is, or has ended, within an epoch."""
        return tuple(run.latest() for run in self._runs)


def network_of(recipe: Recipe, data: Dataset) -> Feedforward | Imported:
    """The network of ``recipe`` between the features of ``data`` and what its loss wants to see."""
    contract = contract_of(recipe)
    return network_for(recipe, inputs=len(data.features), outputs=contract.width(data.target), head=contract.head)


def feed(recipe: Recipe, data: Dataset, split: Split) -> Rows:
    """A split of ``data`` as the loss of ``recipe`` takes it, in the recipe's dtype."""
    dtype = getattr(torch, recipe.dtype)
    weights = None if split.weights is None else split.weights.to(dtype)
    targets = encoded_targets(contract_of(recipe), data.target, split.targets, dtype=dtype)
    return Rows(split.inputs.to(dtype), targets, weights)


def _forward(module: nn.Module, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    return torch.cat([functional_call(module, dict(parameters), (chunk,)) for chunk in inputs.split(CHUNK)])


def _points(parameters: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """Each point of stacked parameters in turn: copies, as matrix products round by where in memory a tensor begins."""
    count = len(next(iter(parameters.values())))
    for point in range(count):
        yield {name: values[point].clone() for name, values in parameters.items()}
