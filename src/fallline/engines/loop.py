"""The plain PyTorch loop: zero_grad, forward, backward, step. The reference for every other engine.

It takes any module, loss and optimizer, one run after the other within each epoch. Read `_Run.step` and
`_Run.end_epoch` first: they are all there is to training a network.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from fallline.catalogue.builders import Criterion, encoded_targets, optimizer_for, rate_at
from fallline.catalogue.networks import Feedforward
from fallline.catalogue.registry import find
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder, blank, initialised
from fallline.data.dataset import Dataset, Split
from fallline.engines.protocol import Epoch, Network, Observer, Progress, Rows, Trained, Until

__all__ = ["Loop", "feed", "network_of"]

_CHUNK = 65_536
"""Rows evaluated at once: bounds the memory of a forward pass, above all tables where one pass is one call."""


class Loop:
    """The engine that trains one run at a time, as a hand-written script would."""

    name = "loop"

    def refuses(self, recipe: Recipe, data: Dataset) -> str | None:
        """Never: it is the engine for all that others refuse."""
        return None

    def start(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None = None) -> LoopTraining:
        """Begin to train a population of resolved recipes, or go on from a state."""
        training = LoopTraining(population, data)
        if state is not None:
            training.restore(state)
        return training

    def outputs(self, network: Network, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """What the network returns at each point, ``(point, row, unit)``."""
        module = blank(network.build).eval()
        with torch.no_grad():
            return torch.stack([_forward(module, point, inputs) for point in _points(parameters)])

    def evaluate(self, network: Network, parameters: Mapping[str, Tensor], data: Rows, loss: Criterion) -> Tensor:
        """The loss over ``data`` at each point, float64 ``(point,)``."""
        module = blank(network.build).eval()
        losses = []
        for point in _points(parameters):
            module.load_state_dict(point, assign=True)
            losses.append(_mean_loss(module, data, loss))
        return torch.tensor(losses, dtype=torch.float64)


class LoopTraining:
    """A population's training under way on the plain loop."""

    def __init__(self, population: Population, data: Dataset) -> None:
        feeds: dict[tuple[str, str], tuple[Rows, Rows]] = {}
        self._runs: list[_Run] = []
        for recipe in population:
            kind = (recipe.loss, recipe.dtype)
            if kind not in feeds:
                feeds[kind] = (feed(recipe, data, data.train), feed(recipe, data, data.validation))
            self._runs.append(_Run(recipe, network_of(recipe, data), *feeds[kind]))

    def advance(self, until: Until, observer: Observer | None = None) -> None:
        """Train on, epoch by epoch through the runs, so that all of them get on together."""
        going = True
        while going:
            going = False
            for number, run in enumerate(self._runs):
                if run.pending(until):
                    with _random_state_of(run):
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
        return {
            f"{number}/{name}": tensor for number, run in enumerate(self._runs) for name, tensor in run.state().items()
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave for the same population and data."""
        for number, run in enumerate(self._runs):
            run.restore(_below(state, str(number)))

    def trained(self) -> tuple[Trained, ...]:
        """Every run as far as it got."""
        return tuple(run.trained() for run in self._runs)


class _Run:
    """One recipe being trained."""

    def __init__(self, recipe: Recipe, network: Feedforward, train: Rows, validation: Rows) -> None:
        self.recipe, self.train, self.validation = recipe, train, validation
        dtype = getattr(torch, recipe.dtype)
        start = initialised(network.build, seed=recipe.seed, dtype=dtype)
        self.module, self.random_state = start.module, start.random_state
        self.criterion = Criterion(recipe, dtype=dtype)
        self.optimizer = optimizer_for(recipe, self.module.parameters())
        self.order = BatchOrder(rows=len(train), batch_size=recipe.batch_size, seed=recipe.seed)
        self.rate = rate_at(recipe, steps=recipe.epochs * len(self.order))
        self.outcome = Outcome.running
        self.steps = 0
        self.batches: list[Tensor] = []  # what is left of this epoch, last batch first
        self.loss_sum = self.weight_sum = 0.0  # over the batches of this epoch
        self.curve: list[tuple[float, float, float]] = []  # per epoch: training loss, validation loss, rate
        self.best: tuple[int, float, dict[str, Tensor]] | None = None  # epoch, validation loss, parameters

    @property
    def at_epoch_end(self) -> bool:
        return not self.batches

    def pending(self, until: Until) -> bool:
        reached = len(self.curve) if isinstance(until, Epoch) else self.steps
        return self.outcome is Outcome.running and reached < until.number

    def advance_within_epoch(self, until: Until) -> None:
        """Train to the end of this epoch, or to ``until`` if that comes first."""
        self.module.train()
        if not self.batches:
            self.batches = list(reversed(self.order.epoch()))
        while self.batches and self.pending(until):
            self.step(self.batches[-1])
        if not self.batches and self.outcome is Outcome.running:
            self.end_epoch()

    def step(self, batch: Tensor) -> None:
        """One training step on the rows ``batch``."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(self.steps)
        weights = None if self.train.weights is None else self.train.weights[batch]

        self.optimizer.zero_grad()
        outputs = self.module(self.train.inputs[batch])
        loss = self.criterion(outputs, self.train.targets[batch], weights)
        value = loss.item()
        if not math.isfinite(value):
            self.outcome = Outcome.diverged
            return
        loss.backward()
        self._clip()
        self.optimizer.step()

        weight = len(batch) if weights is None else weights.sum().item()
        self.loss_sum += value * weight
        self.weight_sum += weight
        self.steps += 1
        self.batches.pop()

    def _clip(self) -> None:
        if self.recipe.clip_norm is not None:
            clip_grad_norm_(self.module.parameters(), self.recipe.clip_norm)
        if self.recipe.clip_value is not None:
            clip_grad_value_(self.module.parameters(), self.recipe.clip_value)

    def end_epoch(self) -> None:
        """Validate, remember the best parameters, and stop where it is time to."""
        loss = _mean_loss(self.module.eval(), self.validation, self.criterion)
        self.curve.append((self.loss_sum / self.weight_sum, loss, self.rate(self.steps - 1)))
        self.loss_sum = self.weight_sum = 0.0
        epoch = len(self.curve)
        if not math.isfinite(loss):
            self.outcome = Outcome.diverged
            return
        if self.best is None or loss < self.best[1]:
            self.best = (epoch, loss, {name: value.clone() for name, value in self.module.state_dict().items()})
        if epoch == self.recipe.epochs:
            self.outcome = Outcome.finished
        elif self.recipe.patience is not None and epoch - self.best[0] >= self.recipe.patience:
            self.outcome = Outcome.stopped

    def progress(self, number: int) -> Progress:
        inside = bool(self.batches) or not self.curve
        training, validation = (None, None) if inside else self.curve[-1][:2]
        return Progress(number, len(self.curve), self.steps, training, validation, self.outcome)

    def trained(self) -> Trained:
        epoch, loss, parameters = self.best or (0, None, self.module.state_dict())
        training, validation, rates = zip(*self.curve, strict=True) if self.curve else ((), (), ())
        return Trained(
            parameters={name: value.clone() for name, value in parameters.items()},
            training_losses=training,
            validation_losses=validation,
            learning_rates=rates,
            outcome=self.outcome,
            steps=self.steps,
            best_epoch=epoch,
            best_loss=loss,
        )

    def state(self) -> dict[str, Tensor]:
        best_epoch, best_loss, best = self.best or (0, math.nan, {})
        numbers = [self.steps, self.loss_sum, self.weight_sum, best_epoch, best_loss]
        state = {
            "outcome": torch.tensor(list(Outcome).index(self.outcome)),
            "numbers": torch.tensor(numbers, dtype=torch.float64),
            "curve": torch.tensor(self.curve, dtype=torch.float64).reshape(-1, 3),
            "batches": torch.cat(self.batches[::-1]) if self.batches else torch.empty(0, dtype=torch.int64),
            "order": self.order.state(),
            "random_state": self.random_state,
        }
        state |= {f"module/{name}": value for name, value in self.module.state_dict().items()}
        state |= {f"best/{name}": value for name, value in best.items()}
        for parameter, slots in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer/{parameter}/{name}": slot for name, slot in slots.items() if slot is not None}
        return {name: value.detach().clone() for name, value in state.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.outcome = list(Outcome)[int(state["outcome"])]
        steps, self.loss_sum, self.weight_sum, best_epoch, best_loss = state["numbers"].tolist()
        self.steps = int(steps)
        self.curve = [(training, validation, rate) for training, validation, rate in state["curve"].tolist()]
        rest = state["batches"].split(self.recipe.batch_size) if len(state["batches"]) else ()
        self.batches = list(reversed(rest))
        self.order.restore(state["order"])
        self.random_state = state["random_state"].clone()
        self.module.load_state_dict(_below(state, "module"))
        stored = _below(state, "best")
        best = {name: stored[name] for name in self.module.state_dict() if name in stored}  # a file keeps no order
        self.best = (int(best_epoch), best_loss, best) if best else None
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _below(state, "optimizer").items():
            parameter, _, slot = name.partition("/")
            slots.setdefault(int(parameter), {})[slot] = value.clone()  # steps change it in place
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": slots})


def network_of(recipe: Recipe, data: Dataset) -> Feedforward:
    """The network of ``recipe`` between the features of ``data`` and what its loss wants to see."""
    width = find("loss", recipe.loss).contract.width(data.target)
    return Feedforward.of(recipe, inputs=len(data.features), outputs=width)


def feed(recipe: Recipe, data: Dataset, split: Split) -> Rows:
    """A split of ``data`` as the loss of ``recipe`` takes it, in the recipe's dtype."""
    dtype = getattr(torch, recipe.dtype)
    contract = find("loss", recipe.loss).contract
    weights = None if split.weights is None else split.weights.to(dtype)
    targets = encoded_targets(contract, data.target, split.targets, dtype=dtype)
    return Rows(split.inputs.to(dtype), targets, weights)


@contextmanager
def _random_state_of(run: _Run) -> Iterator[None]:
    """Let `nn.Dropout` draw from the run's own random state, and leave the caller's as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(run.random_state)
        try:
            yield
        finally:
            run.random_state = torch.get_rng_state()


def _mean_loss(module: nn.Module, rows: Rows, criterion: Criterion) -> float:
    """The loss over all ``rows``, in chunks that count by their rows, or by the rows' weights."""
    mean = weight_sum = 0.0
    with torch.no_grad():
        for start in range(0, len(rows), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            weights = None if rows.weights is None else rows.weights[chunk]
            loss = criterion(module(rows.inputs[chunk]), rows.targets[chunk], weights).item()
            weight = len(rows.inputs[chunk]) if weights is None else weights.sum().item()
            weight_sum += weight
            mean += (loss - mean) * (weight / weight_sum)  # of a single chunk: its loss to the last bit
    return mean


def _forward(module: nn.Module, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    return torch.cat([functional_call(module, dict(parameters), (chunk,)) for chunk in inputs.split(_CHUNK)])


def _points(parameters: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """Each point of stacked parameters in turn."""
    count = len(next(iter(parameters.values())))
    for point in range(count):
        yield {name: values[point] for name, values in parameters.items()}


def _below(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries under ``prefix/``, with the prefix taken off."""
    start = f"{prefix}/"
    return {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}
