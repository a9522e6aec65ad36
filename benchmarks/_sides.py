"""The sides of the race that need no more than torch: ours, the plain loop, and torch.func.

Every side starts from the same parameters and sees the same batches, and `train` begins anew each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import functional

from benchmarks._workloads import Workload
from fallline.core.outcome import Outcome
from fallline.core.seeds import BatchOrder, initialised
from fallline.engines.chooser import ENGINES
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Epoch
from fallline.engines.threads import threads

__all__ = ["Ours", "PlainLoop", "Side", "TorchVmap", "initial", "rows"]

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's defaults everywhere


class Side(Protocol):
    """One that trains a workload's population, or a few of its runs."""

    setup: str
    """How, in words."""
    runs: tuple[int, ...]
    """Which runs of the population."""
    losses: Tensor
    """Training losses of the last training ``(run, epoch)``."""

    def train(self, epochs: int) -> float:
        """Train from the start and give the seconds of the training itself."""
        ...


class Ours:
    """An engine, through the protocol of all engines; it validates and keeps the best parameters besides.

    Its recipes have an epoch more than is trained, so that reading out what came of the runs falls to the end of the
    training and not to the clock, as with the peers.
    """

    def __init__(self, workload: Workload, engine: str, threads: int) -> None:
        self.setup = engine
        self.runs = tuple(range(workload.runs))
        self.losses = torch.empty(0)
        self._workload, self._engine, self._threads = workload, ENGINES[engine], threads

    def train(self, epochs: int) -> float:
        with threads(self._threads):
            training = self._engine.start(self._workload.population(epochs + 1), self._workload.data)
            began = time.perf_counter()
            training.advance(Epoch(epochs))
            seconds = time.perf_counter() - began
        trained = training.trained()
        assert all(run.outcome is Outcome.running for run in trained), "a run diverged: lower the highest rate"
        self.losses = torch.tensor([run.training_losses for run in trained])
        return seconds


class PlainLoop:
    """The loop of the tutorials, one run after the other."""

    def __init__(self, workload: Workload, threads: int) -> None:
        self.setup = f"{threads} thread" + "s" * (threads > 1)
        # one run below the middle of the rates and one above it, of different seeds where there are two
        self.runs = (workload.rates // 4, (workload.seeds > 1) * workload.rates + 3 * workload.rates // 4)
        self.losses = torch.empty(0)
        self._workload, self._threads = workload, threads

    def train(self, epochs: int) -> float:
        torch.set_num_threads(self._threads)
        seconds, losses = zip(*(self._train(run, epochs) for run in self.runs), strict=True)
        self.losses = torch.tensor(losses)
        return sum(seconds)

    def _train(self, run: int, epochs: int) -> tuple[float, list[float]]:
        seed, place = divmod(run, self._workload.rates)
        model = initial(self._workload, seed)
        x, y = rows(self._workload)
        criterion = nn.MSELoss() if self._workload.regression else nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=self._workload.learning_rates[place])
        order = BatchOrder(rows=len(x), batch_size=self._workload.batch, seed=seed)
        means = []
        began = time.perf_counter()
        for _ in range(epochs):
            losses = []
            for batch in order.epoch():
                optimizer.zero_grad()
                loss = criterion(model(x[batch]), y[batch])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            means.append(sum(losses) / len(losses))
        return time.perf_counter() - began, means


class TorchVmap:
    """torch.func: ``vmap(grad)`` over stacked parameters, Adam in place on the stacks.

    Args:
        workload: What is trained.
        threads: torch's threads.
        nested: Whether the rates are a vmap inside that of the seeds, which gathers each seed's batch once and shares
            it; else one vmap over all runs, each with rows of its own.
        foreach: Whether Adam's arithmetic is that of torch._foreach; else one tensor after the other.
    """

    def __init__(self, workload: Workload, threads: int, *, nested: bool, foreach: bool) -> None:
        forms = "seeds × rates" if nested else "runs", "foreach" if foreach else "in-place"
        self.setup = f"vmap over {forms[0]}, {forms[1]} Adam, {threads} thread" + "s" * (threads > 1)
        self.runs = tuple(range(workload.runs))
        self.losses = torch.empty(0)
        self._workload, self._threads, self._nested, self._foreach = workload, threads, nested, foreach
        lead = (workload.seeds, workload.rates) if nested else (workload.runs,)
        models = [initial(workload, seed) for seed in range(workload.seeds)]
        self._initial = {
            name: torch.stack([dict(model.named_parameters())[name].detach() for model in models])
            .repeat_interleave(workload.rates, dim=0)
            .unflatten(0, lead)
            for name, _ in models[0].named_parameters()
        }
        rates = torch.tensor(workload.learning_rates).repeat(workload.seeds).view(lead)
        self._rates = [
            rates.view(*lead, *(1 for _ in stack.shape[len(lead) :])).contiguous() for stack in self._initial.values()
        ]
        self._gradient = _stacked_gradient(models[0], regression=workload.regression, nested=nested)

    def train(self, epochs: int) -> float:
        torch.set_num_threads(self._threads)
        x, y = rows(self._workload)
        orders = self._workload.orders(epochs)
        stacks = {name: stack.clone() for name, stack in self._initial.items()}
        parameters = list(stacks.values())
        adam = (_foreach_adam if self._foreach else _adam)(parameters, self._rates)
        losses = []
        began = time.perf_counter()
        for step, batch in enumerate(orders, start=1):
            inputs, targets = x[batch], y[batch]  # (seed, row, …)
            if not self._nested:
                inputs = inputs.repeat_interleave(self._workload.rates, dim=0)
                targets = targets.repeat_interleave(self._workload.rates, dim=0)
            gradients, loss = self._gradient(stacks, inputs, targets)
            adam(list(gradients.values()), step)
            losses.append(loss)
        seconds = time.perf_counter() - began
        self.losses = torch.stack(losses).flatten(1).unflatten(0, (epochs, -1)).mean(1).T
        return seconds


def initial(workload: Workload, seed: int) -> nn.Module:
    """The module that every side's runs of ``seed`` start from."""
    network = network_of(workload.population(1)[0], workload.data)
    return initialised(network.build, seed=seed, dtype=torch.float32).module


def rows(workload: Workload) -> tuple[Tensor, Tensor]:
    """The training rows as a loss takes them."""
    fed = feed(workload.population(1)[0], workload.data, workload.data.train)
    return fed.inputs, fed.targets


def _stacked_gradient(
    model: nn.Module, *, regression: bool, nested: bool
) -> Callable[[dict[str, Tensor], Tensor, Tensor], tuple[dict[str, Tensor], Tensor]]:
    def loss(parameters: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        outputs = functional_call(model, parameters, (inputs,))
        # mse_loss written out: inside two vmaps torch 2.13 broadcasts it wrongly
        return (outputs - targets).square().mean() if regression else functional.cross_entropy(outputs, targets)

    gradient = grad_and_value(loss)
    return vmap(vmap(gradient, in_dims=(0, None, None))) if nested else vmap(gradient)


Update = Callable[[list[Tensor], int], None]


def _adam(parameters: list[Tensor], rates: list[Tensor]) -> Update:
    means, squares = ([torch.zeros_like(parameter) for parameter in parameters] for _ in range(2))

    def update(gradients: list[Tensor], step: int) -> None:
        mean_correction, root_correction = 1 - BETA1**step, (1 - BETA2**step) ** 0.5
        for parameter, mean, square, gradient, rate in zip(parameters, means, squares, gradients, rates, strict=True):
            mean.lerp_(gradient, 1 - BETA1)
            square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            direction = mean / square.sqrt().div_(root_correction).add_(EPS)
            parameter.addcmul_(direction, rate, value=-1 / mean_correction)

    return update


def _foreach_adam(parameters: list[Tensor], rates: list[Tensor]) -> Update:
    means, squares = ([torch.zeros_like(parameter) for parameter in parameters] for _ in range(2))

    def update(gradients: list[Tensor], step: int) -> None:
        mean_correction, root_correction = 1 - BETA1**step, (1 - BETA2**step) ** 0.5
        torch._foreach_lerp_(means, gradients, 1 - BETA1)
        torch._foreach_mul_(squares, BETA2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - BETA2)
        divisors = torch._foreach_sqrt(squares)
        torch._foreach_div_(divisors, root_correction)
        torch._foreach_add_(divisors, EPS)
        directions = torch._foreach_div(means, divisors)
        torch._foreach_addcmul_(parameters, directions, rates, -1 / mean_correction)

    return update
