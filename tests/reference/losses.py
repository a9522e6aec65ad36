"""The losses, row by row in plain Python: slow, obvious, and each with its slope written out.

A row's outputs are a list of floats, its target a number or a class id. `mean` puts rows together as a Criterion does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """The loss of one row, and its slope along each output."""

    loss: float
    slopes: list[float]


def mse(outputs: Sequence[float], target: float) -> Row:
    error = outputs[0] - target
    return Row(error**2, [2 * error])


def l1(outputs: Sequence[float], target: float) -> Row:
    error = outputs[0] - target
    return Row(abs(error), [math.copysign(1, error)])


def huber(outputs: Sequence[float], target: float, *, delta: float = 1.0) -> Row:
    error = outputs[0] - target
    if abs(error) <= delta:
        return Row(error**2 / 2, [error])
    return Row(delta * (abs(error) - delta / 2), [math.copysign(delta, error)])


def cross_entropy(outputs: Sequence[float], target: float, *, label_smoothing: float = 0.0) -> Row:
    """The truth is 1 - s on the class and s / classes on every class, s the smoothing."""
    total = math.fsum(math.exp(score) for score in outputs)
    probabilities = [math.exp(score) / total for score in outputs]
    truths = [label_smoothing / len(outputs)] * len(outputs)
    truths[int(target)] += 1 - label_smoothing
    loss = -math.fsum(truth * math.log(p) for truth, p in zip(truths, probabilities, strict=True))
    return Row(loss, [p - truth for truth, p in zip(truths, probabilities, strict=True)])


def bce_with_logits(outputs: Sequence[float], target: float, *, pos_weight: float = 1.0) -> Row:
    yes = sigmoid(outputs[0])
    loss = -pos_weight * target * math.log(yes) - (1 - target) * math.log(1 - yes)
    return Row(loss, [pos_weight * target * (yes - 1) + (1 - target) * yes])


def poisson_nll(outputs: Sequence[float], target: float) -> Row:
    """Without the log of the target's factorial, which no output changes."""
    expected = math.exp(outputs[0])
    return Row(expected - target * outputs[0], [expected - target])


def gaussian_nll(outputs: Sequence[float], target: float, *, eps: float = 1e-6) -> Row:
    """Torch raises a variance below ``eps`` to ``eps`` but lets the slope through as if it had not."""
    mean, spread = outputs
    variance = max(math.log1p(math.exp(spread)), eps)
    error = target - mean
    along_variance = (1 / variance - error**2 / variance**2) / 2
    return Row(
        (math.log(variance) + error**2 / variance) / 2,
        [-error / variance, along_variance * sigmoid(spread)],
    )


def sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-score))


LOSSES: dict[str, Callable[..., Row]] = {
    "mse": mse,
    "l1": l1,
    "huber": huber,
    "cross_entropy": cross_entropy,
    "bce_with_logits": bce_with_logits,
    "poisson_nll": poisson_nll,
    "gaussian_nll": gaussian_nll,
}


def mean(
    loss: str,
    outputs: Sequence[Sequence[float]],
    targets: Sequence[float],
    weights: Sequence[float] | None = None,
    **options: float,
) -> tuple[float, list[list[float]]]:
    """The weighted mean of the rows' losses, and its gradient ``(row, output)``."""
    weights = [1.0] * len(outputs) if weights is None else weights
    total = math.fsum(weights)
    rows = [LOSSES[loss](row, target, **options) for row, target in zip(outputs, targets, strict=True)]
    value = math.fsum(weight * row.loss for weight, row in zip(weights, rows, strict=True)) / total
    gradient = [[weight / total * slope for slope in row.slopes] for weight, row in zip(weights, rows, strict=True)]
    return value, gradient
