"""Small data sets for any task, made from a seed without `fallline.data`'s readers."""

from __future__ import annotations

import torch
from torch import Tensor

from fallline.core.task import Target, Task
from fallline.data.dataset import Dataset, Split

FEATURES = 5
LABELS = 3
_MEANS, _SCALES = (20.0, -3.0), (6.0, 0.5)
_CLASSES: dict[Task, tuple[str, ...]] = {Task.binary: ("no", "yes"), Task.multiclass: ("red", "green", "blue")}
_COLUMNS = {Task.regression: ("height", "depth"), Task.multilabel: ("rain", "wind", "snow")}


def target_of(task: Task, *, several: bool = False) -> Target:
    """A target for ``task``; of a regression one column, or ``several``: two on unlike scales."""
    several = several or task is Task.multilabel
    count = 2 if several else 1
    standardized = task is Task.regression
    return Target(
        name="y",
        columns=_COLUMNS[task] if several else (),
        task=task,
        reason="it is made so",
        classes=_CLASSES.get(task, ()),
        mean=_MEANS[:count] if standardized else (0.0,) * (LABELS if several else 1),
        scale=_SCALES[:count] if standardized else (1.0,) * (LABELS if several else 1),
    )


def values_of(task: Task, inputs: Tensor, generator: torch.Generator, *, several: bool = False) -> Tensor:
    """Targets as a table holds them, each a function of the inputs with a little noise."""
    noise = torch.randn(len(inputs), generator=generator)
    signal = inputs[:, 0] - 0.5 * inputs[:, 1] + inputs[:, 2] * inputs[:, 3] + 0.3 * noise
    match task:
        case Task.regression:
            columns = torch.stack((signal, inputs[:, 4].abs() - signal / 2), dim=1).double() / 1.5
            values = torch.tensor(_MEANS).double() + torch.tensor(_SCALES).double() * columns
            return values if several else values[:, 0]
        case Task.counts:
            return torch.poisson(torch.exp(signal.clamp(max=2)), generator=generator).double()
        case Task.binary:
            return (signal > 0).long()
        case Task.multiclass:
            return (signal > -0.7).long() + (signal > 0.7).long()
        case Task.multilabel:
            return torch.stack((signal > 0, inputs[:, 0] > 0.5, inputs[:, 1] < 0.5), dim=1).long()


def dataset(
    task: Task = Task.regression,
    *,
    rows: tuple[int, int, int] = (50, 23, 11),
    weighted: bool = False,
    several: bool = False,
    seed: int = 0,
) -> Dataset:
    """A data set of ``rows`` for training, validation and test, with five inputs."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(sum(rows), FEATURES, generator=generator)
    values = values_of(task, inputs, generator, several=several)
    weights = 0.1 + torch.rand(sum(rows), generator=generator) * 3 if weighted else None
    parts = [
        Split(inputs[part], values[part], None if weights is None else weights[part], part)
        for part in torch.arange(sum(rows)).split(list(rows))
    ]
    features = tuple(f"x{place}" for place in range(FEATURES))
    return Dataset(*parts, target=target_of(task, several=several), features=features)
