"""What a seed fixes: the initial parameters and the order of the batches.

Neither depends on the learning rate, optimizer, loss, engine or place in the population, so runs that differ
in those only start from the same parameters and see the same batches (common random numbers).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

import torch
from torch import Tensor, nn

__all__ = ["BatchOrder", "Start", "blank", "initialised"]


@dataclass(frozen=True)
class Start:
    """A freshly initialised module, and the random state right after it was built.

    The state is what `nn.Dropout` draws from in a plain script that seeds, builds, and trains.
    """

    module: nn.Module
    random_state: Tensor


_DRAWING = RLock()
"""Torch's random state is the process's: trainings that begin in several threads take turns with it."""


def initialised(build: Callable[[], nn.Module], *, seed: int, dtype: torch.dtype) -> Start:
    """Build a module with the parameters that ``seed`` stands for.

    As in ``torch.manual_seed(seed); module = build()`` on the CPU in float32, then cast to ``dtype`` (a
    float64 build would draw other numbers). The caller's random state and default dtype are left as they were.
    """
    default = torch.get_default_dtype()
    with _DRAWING, torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.set_default_dtype(torch.float32)
        try:
            torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the caller's GPUs as well
            module = build()
        finally:
            torch.set_default_dtype(default)
        return Start(module.to(dtype), torch.get_rng_state())


def blank(build: Callable[[], nn.Module]) -> nn.Module:
    """Build a module, on the CPU, whose parameters are to be replaced; the caller's random state stays as it was."""
    with _DRAWING, torch.random.fork_rng(devices=[]), torch.device("cpu"):
        return build()


class BatchOrder:
    """The row indices of each batch, epoch after epoch.

    Epoch ``e`` uses the ``e``-th ``torch.randperm(rows, generator=g)`` of ``g = Generator().manual_seed(seed)``,
    cut into batches of ``batch_size``; the last, partial batch is kept.

    Args:
        rows: Number of training rows.
        batch_size: Rows in a batch; the last batch of an epoch may have fewer.
        seed: The recipe's seed.
        drop_single: Leave out a last batch of one row (BatchNorm cannot train on it).
    """

    def __init__(self, *, rows: int, batch_size: int, seed: int, drop_single: bool = False) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._rows = rows
        self._batch_size = batch_size
        self._drop_single = drop_single

    def __len__(self) -> int:
        """Batches in an epoch."""
        full, rest = divmod(self._rows, self._batch_size)
        return full + (rest > int(self._drop_single))

    def epoch(self) -> tuple[Tensor, ...]:
        """Draw the next epoch: one tensor of row indices ``(row,)`` per batch."""
        order = torch.randperm(self._rows, generator=self._generator, device="cpu")
        return order.split(self._batch_size)[: len(self)]

    def state(self) -> Tensor:
        """The generator's state, as bytes."""
        return self._generator.get_state()

    def restore(self, state: Tensor) -> None:
        """Go on from a state that `state` returned."""
        self._generator.set_state(state)
