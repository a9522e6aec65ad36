"""The optimizers as pure update rules of one number, in plain Python, written from the papers' formulas.

`path` gives a parameter's values over steps whose gradients are known beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence


def sgd(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> Iterator[float]:
    """The first gradient enters the momentum whole, whatever the dampening, as in torch."""
    memory = None
    for gradient in gradients:
        g = gradient + weight_decay * theta
        memory = g if memory is None else momentum * memory + (1 - dampening) * g
        theta -= rate * (g + momentum * memory if nesterov else memory if momentum else g)
        yield theta


def adam(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
    decoupled: bool = False,
) -> Iterator[float]:
    m = v = largest = 0.0
    for t, gradient in enumerate(gradients, start=1):
        g = gradient
        if decoupled:
            theta *= 1 - rate * weight_decay
        else:
            g += weight_decay * theta
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        largest = max(largest, v)
        divisor = math.sqrt((largest if amsgrad else v) / (1 - beta2**t)) + eps
        theta -= rate * (m / (1 - beta1**t)) / divisor
        yield theta


def adamw(
    theta: float, gradients: Sequence[float], rate: float, *, weight_decay: float = 0.01, **options: float
) -> Iterator[float]:
    return adam(theta, gradients, rate, weight_decay=weight_decay, decoupled=True, **options)


def rmsprop(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
) -> Iterator[float]:
    v = average = memory = 0.0
    for gradient in gradients:
        g = gradient + weight_decay * theta
        v = alpha * v + (1 - alpha) * g**2
        average = alpha * average + (1 - alpha) * g
        memory = momentum * memory + g / (math.sqrt(v - average**2 if centered else v) + eps)
        theta -= rate * memory
        yield theta


OPTIMIZERS: dict[str, Callable[..., Iterator[float]]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
}


def path(optimizer: str, theta: float, gradients: Sequence[float], rate: float, **options: float) -> list[float]:
    """The parameter after each step."""
    return list(OPTIMIZERS[optimizer](theta, gradients, rate, **options))
