"""Questions about what a loss is given: is it a probability, a log-probability, a raw score?"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rules._shared import failed_loss
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended

__all__ = ["BOUNDS", "bounds", "distributions", "log_distributions", "losses", "outside", "skipping", "written_as"]

BOUNDS = {
    "sigmoid": (0.0, 1.0),
    "sigmoid_": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "softmin": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "tanh_": (-1.0, 1.0),
    "hardtanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, None),
    "relu_": (0.0, None),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, None),
    "exp": (0.0, None),
    "log_softmax": (None, 0.0),
    "log_sigmoid": (None, 0.0),
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
}
"""What a function's values are confined to; hardtanh as it is where nothing else is said."""


def bounds(operation: Operation) -> tuple[float | None, float | None]:
    """What the values of one of these operations are confined to."""
    low, high = BOUNDS[operation.name]
    if operation.name == "hardtanh":
        return float(operation.options.get("min_val", low)), float(operation.options.get("max_val", high))
    return low, high


def losses(evidence: Evidence, *names: str) -> Iterator[Comparison]:
    """The losses of these names, the one that raised among them."""
    failed = failed_loss(evidence.failure, evidence)
    for met in [*evidence.comparisons, *([failed] if failed is not None else [])]:
        if met.loss in names:
            yield met


def distributions(values: Tensor | None, axis: int = 1) -> bool:
    """Whether the numbers along an axis are probabilities of one distribution each."""
    if values is None or values.dim() <= axis or values.shape[axis] < 2 or not values.is_floating_point():
        return False
    inside = bool(((values >= 0) & (values <= 1)).all())
    sums = values.sum(axis)
    return inside and bool(torch.isclose(sums, torch.ones_like(sums), atol=1e-3).all())


def log_distributions(values: Tensor | None, axis: int = 1) -> bool:
    """Whether the numbers along an axis are the logs of one distribution each; some may be left out as −∞."""
    if values is None or values.dim() <= axis or not values.is_floating_point():
        return False
    sums = values.exp().sum(axis)
    return bool(torch.isclose(sums, torch.ones_like(sums), atol=1e-2).all())


def outside(values: Tensor, low: float | None, high: float | None) -> float:
    """The share of numbers beyond a range by more than a twentieth of it."""
    span = (high - low) if low is not None and high is not None else 1.0
    numbers = values.detach().double()
    beyond = torch.zeros_like(numbers, dtype=torch.bool)
    if low is not None:
        beyond |= numbers < low - 0.05 * span
    if high is not None:
        beyond |= numbers > high + 0.05 * span
    return float(beyond.double().mean()) if numbers.numel() else 0.0


def written_as(evidence: Evidence, operation: Operation) -> str:
    """What to remove: the layer by its name where it is one, else the call of the function."""
    layers = {name: module for name, module in evidence.modules if not list(module.children())}
    last = operation.modules[-1] if operation.modules else ""
    of_torch = last in layers and type(layers[last]).__module__.startswith("torch.nn")
    return last if of_torch else f"{operation.name}(...)"


def skipping(operation: Operation) -> Mended:
    """A mode in which an operation hands its input on."""
    return Mended(operation, lambda func, args, kwargs: args[0] if args else next(iter(kwargs.values())))
