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


def adamax(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Iterator[float]:
    m = largest = 0.0
    for t, gradient in enumerate(gradients, start=1):
        g = gradient + weight_decay * theta
        m = beta1 * m + (1 - beta1) * g
        largest = max(beta2 * largest, abs(g) + eps)
        theta -= rate / (1 - beta1**t) * m / largest
        yield theta


def nadam(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled_weight_decay: bool = False,
) -> Iterator[float]:
    def mu(t: int) -> float:
        return beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))

    m = v = 0.0
    for t, gradient in enumerate(gradients, start=1):
        theta, g = _decayed(theta, gradient, rate * weight_decay, weight_decay, decoupled=decoupled_weight_decay)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        so_far = math.prod(mu(i) for i in range(1, t + 1))
        ahead = (1 - mu(t)) * g / (1 - so_far) + mu(t + 1) * m / (1 - so_far * mu(t + 1))
        theta -= rate * ahead / (math.sqrt(v / (1 - beta2**t)) + eps)
        yield theta


def radam(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
) -> Iterator[float]:
    m = v = 0.0
    longest = 2 / (1 - beta2) - 1
    for t, gradient in enumerate(gradients, start=1):
        theta, g = _decayed(theta, gradient, rate * weight_decay, weight_decay, decoupled=decoupled_weight_decay)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        factor = 1.0
        if length > 5:
            share = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            factor = math.sqrt(share) * math.sqrt(1 - beta2**t) / (math.sqrt(v) + eps)
        theta -= rate * m / (1 - beta1**t) * factor
        yield theta


def adagrad(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
) -> Iterator[float]:
    total = initial_accumulator_value
    for t, gradient in enumerate(gradients, start=1):
        g = gradient + weight_decay * theta
        total += g**2
        theta -= rate / (1 + (t - 1) * lr_decay) * g / (math.sqrt(total) + eps)
        yield theta


def adadelta(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
) -> Iterator[float]:
    v = u = 0.0
    for gradient in gradients:
        g = gradient + weight_decay * theta
        v = rho * v + (1 - rho) * g**2
        step = math.sqrt(u + eps) / math.sqrt(v + eps) * g
        u = rho * u + (1 - rho) * step**2
        theta -= rate * step
        yield theta


def asgd(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
) -> Iterator[float]:
    """The last step, as in torch; the average, from ``t0`` on, moves nothing."""
    for t, gradient in enumerate(gradients):
        g = gradient + weight_decay * theta
        now = rate / (1 + lambd * rate * t) ** alpha
        theta = (1 - lambd * now) * theta - now * g
        yield theta


def rprop(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    eta_minus: float = 0.5,
    eta_plus: float = 1.2,
    step_size_min: float = 1e-6,
    step_size_max: float = 50.0,
) -> Iterator[float]:
    step, before = rate, 0.0
    for gradient in gradients:
        agreement = gradient * before
        factor = eta_plus if agreement > 0 else eta_minus if agreement < 0 else 1.0
        step = min(max(step * factor, step_size_min), step_size_max)
        before = 0.0 if agreement < 0 else gradient
        theta -= step * _sign(before)
        yield theta


def lion(
    theta: float,
    gradients: Sequence[float],
    rate: float,
    *,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
) -> Iterator[float]:
    """Chen et al. (2023), algorithm 2."""
    m = 0.0
    for g in gradients:
        theta -= rate * (_sign(beta1 * m + (1 - beta1) * g) + weight_decay * theta)
        m = beta2 * m + (1 - beta2) * g
        yield theta


def _sign(number: float) -> float:
    return math.copysign(1.0, number) if number != 0 else 0.0


def _decayed(theta: float, g: float, shrink: float, decay: float, *, decoupled: bool) -> tuple[float, float]:
    """The parameter and the gradient after weight decay, which is the one's business or the other's."""
    return (theta * (1 - shrink), g) if decoupled else (theta, g + decay * theta)


OPTIMIZERS: dict[str, Callable[..., Iterator[float]]] = {
    each.__name__: each
    for each in (sgd, asgd, adam, adamw, adamax, nadam, radam, adagrad, adadelta, rmsprop, rprop, lion)
}


def path(optimizer: str, theta: float, gradients: Sequence[float], rate: float, **options: float) -> list[float]:
    """The parameter after each step."""
    return list(OPTIMIZERS[optimizer](theta, gradients, rate, **options))
