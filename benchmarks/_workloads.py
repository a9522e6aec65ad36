"""What the engines are measured on: networks, made rows, and populations of seeds × learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fallline.catalogue.resolution import resolved
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder
from fallline.core.task import Target, Task
from fallline.data.dataset import Dataset, Split
from fallline.engines._cost import operations

__all__ = ["WORKLOADS", "Workload"]

VALIDATION_ROWS = 16  # so few that validating costs next to nothing: the peers do not
NOISE = 0.3  # standard deviation, so that no network can bring the loss to 0


@dataclass(frozen=True)
class Workload:
    """A population of ``seeds`` × ``rates`` runs of one network, by Adam in float32.

    Args:
        sizes: Units of the input, the hidden layers and the output; one output: mse, more: cross entropy.
        batch: Rows in a batch.
        rows: Training rows, whole batches.
        seeds: Number of seeds, 0 … seeds - 1.
        rates: Number of learning rates, from 1e-4 to ``highest`` by equal factors.
        highest: Low enough that nothing diverges.
        targets: How many times faster than each peer the native engine is to be.
    """

    sizes: tuple[int, ...]
    batch: int
    rows: int
    seeds: int
    rates: int = 16
    highest: float = 1e-2
    targets: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def runs(self) -> int:
        return self.seeds * self.rates

    @property
    def steps(self) -> int:
        """Of an epoch."""
        return -(-self.rows // self.batch)

    @property
    def regression(self) -> bool:
        return self.sizes[-1] == 1

    @property
    def operations(self) -> int:
        """Executed in a step of one run."""
        return operations(self.sizes, self.batch)

    @cached_property
    def learning_rates(self) -> tuple[float, ...]:
        if self.rates == 1:
            return (1e-3,)
        factor = (self.highest / 1e-4) ** (1 / (self.rates - 1))
        return tuple(1e-4 * factor**place for place in range(self.rates))

    @cached_property
    def data(self) -> Dataset:
        g = torch.Generator().manual_seed(0)
        teacher = torch.randn(self.sizes[0], self.sizes[-1], generator=g) / self.sizes[0] ** 0.5

        def split(count: int) -> Split:
            inputs = torch.randn(count, self.sizes[0], generator=g)
            signal = inputs @ teacher + (inputs[:, :1] * inputs[:, 1:2] - inputs[:, 2:3])
            noisy = signal + NOISE * torch.randn(signal.shape, generator=g)
            if self.sizes[-1] == 2:
                noisy[:, 0] = 0  # else what both classes have in common would say nothing
            targets = noisy[:, 0].double() if self.regression else noisy.argmax(1)
            return Split(inputs, targets, None, torch.arange(count))

        features = tuple(f"x{place}" for place in range(self.sizes[0]))
        return Dataset(split(self.rows), split(VALIDATION_ROWS), split(0), self._target, features)

    @property
    def _target(self) -> Target:
        task = Task.regression if self.regression else Task.binary if self.sizes[-1] == 2 else Task.multiclass
        classes = () if self.regression else (False, True) if self.sizes[-1] == 2 else tuple(range(self.sizes[-1]))
        return Target(name="y", task=task, reason="it is made so", classes=classes)

    def population(self, epochs: int) -> Population:
        """Seed by seed: run ``s * rates + r`` has seed ``s`` and learning rate ``r``."""
        recipe = Recipe(
            widths=self.sizes[1:-1],
            loss="mse" if self.regression else "cross_entropy",
            optimizer="adam",
            batch_size=self.batch,
            epochs=epochs,
        )
        recipe = resolved(recipe, self.data.target, rows=self.rows)
        return Population(
            tuple(
                recipe.replace(seed=seed, learning_rate=rate)
                for seed in range(self.seeds)
                for rate in self.learning_rates
            )
        )

    def orders(self, epochs: int) -> Tensor:
        """The rows of each batch: int64 ``(step, seed, row)``."""
        drawn = []
        for seed in range(self.seeds):
            order = BatchOrder(rows=self.rows, batch_size=self.batch, seed=seed)
            drawn.append(torch.stack([torch.stack(order.epoch()) for _ in range(epochs)]).flatten(0, 1))
        return torch.stack(drawn, dim=1)


WORKLOADS = (
    Workload((5, 5, 5, 1), 32, 1024, seeds=64, targets=(("loop", 2000), ("jax", 15), ("vmap", 25))),
    Workload((13, 64, 64, 1), 32, 1024, seeds=16, targets=(("loop", 40), ("jax", 2), ("vmap", 4.5))),
    Workload((30, 128, 128, 2), 256, 2048, seeds=4, targets=(("loop", 2), ("jax", 1.5), ("vmap", 2))),
    Workload((784, 128, 10), 64, 2048, seeds=2, targets=(("loop", 2.5), ("jax", 1.25), ("vmap", 3))),
)
