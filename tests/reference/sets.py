"""Small data sets for any task, made from a seed without `fallline.data`'s readers."""

from __future__ import annotations

import torch
from torch import Tensor

from fallline.core.task import Target, Task
from fallline.data.dataset import Dataset, Split

FEATURES = 5
_MEAN, _SCALE = 20.0, 6.0
_CLASSES: dict[Task, tuple[str, ...]] = {Task.binary: ("no", "yes"), Task.multiclass: ("red", "green", "blue")}


def target_of(task: Task) -> Target:
    """A target column for ``task``; numbers to be standardized have mean 20 and deviation 6."""
    standardized = task is Task.regression
    return Target(
        name="y",
        task=task,
        reason="it is made so",
        classes=_CLASSES.get(task, ()),
        mean=_MEAN if standardized else 0.0,
        scale=_SCALE if standardized else 1.0,
    )


def values_of(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Targets as a table holds them, each a function of the inputs with a little noise."""
    noise = torch.randn(len(inputs), generator=generator)
    signal = inputs[:, 0] - 0.5 * inputs[:, 1] + inputs[:, 2] * inputs[:, 3] + 0.3 * noise
    match task:
        case Task.regression:
            return _MEAN + _SCALE * signal.double() / 1.5
        case Task.counts:
            return torch.poisson(torch.exp(signal.clamp(max=2)), generator=generator).double()
        case Task.binary:
            return (signal > 0).long()
        case Task.multiclass:
            return (signal > -0.7).long() + (signal > 0.7).long()
    raise NotImplementedError(task)


def dataset(
    task: Task = Task.regression, *, rows: tuple[int, int, int] = (50, 23, 11), weighted: bool = False, seed: int = 0
) -> Dataset:
    """A data set of ``rows`` for training, validation and test, with five inputs."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(sum(rows), FEATURES, generator=generator)
    values = values_of(task, inputs, generator)
    weights = 0.1 + torch.rand(sum(rows), generator=generator) * 3 if weighted else None
    parts = [
        Split(inputs[part], values[part], None if weights is None else weights[part], part)
        for part in torch.arange(sum(rows)).split(list(rows))
    ]
    return Dataset(*parts, target=target_of(task), features=tuple(f"x{place}" for place in range(FEATURES)))
