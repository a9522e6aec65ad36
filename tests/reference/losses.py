"""The losses, row by row in plain Python: slow, obvious, and each with its slope written out.

A row's outputs are a list of floats; its target is a list, or the id of a class. `reduced` puts rows together as a
Criterion does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Outputs = Sequence[float]
Weights = Sequence[float]


class Row(NamedTuple):
    """A row's loss, its slope along each output, and what the row counts in what a mean divides by."""

    loss: float
    slopes: list[float]
    mass: float = 1.0


Point = tuple[float, float]
"""A loss and its slope, of one output against one number."""


def sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-score))


# --- one output against one number ---------------------------------------------------------------


def mse(z: float, y: float) -> Point:
    return (z - y) ** 2, 2 * (z - y)


def l1(z: float, y: float) -> Point:
    return abs(z - y), math.copysign(1, z - y)


def smooth_l1(z: float, y: float, *, beta: float) -> Point:
    error = z - y
    if abs(error) < beta:
        return error**2 / (2 * beta), error / beta
    return abs(error) - beta / 2, math.copysign(1, error)


def huber(z: float, y: float, *, delta: float) -> Point:
    error = z - y
    if abs(error) <= delta:
        return error**2 / 2, error
    return delta * (abs(error) - delta / 2), math.copysign(delta, error)


def log_cosh(z: float, y: float) -> Point:
    return math.log(math.cosh(z - y)), math.tanh(z - y)


def quantile(z: float, y: float, *, quantile: float) -> Point:
    if y > z:
        return quantile * (y - z), -quantile
    return (1 - quantile) * (z - y), 1 - quantile


def poisson_nll(z: float, y: float, *, log_input: bool, full: bool, eps: float) -> Point:
    constant = y * math.log(y) - y + math.log(2 * math.pi * y) / 2 if full and y > 1 else 0.0
    if log_input:
        return math.exp(z) - y * z + constant, math.exp(z) - y
    return z - y * math.log(z + eps) + constant, 1 - y / (z + eps)


def bce_with_logits(z: float, y: float, *, weight: float) -> Point:
    yes = sigmoid(z)
    return -weight * y * math.log(yes) - (1 - y) * math.log(1 - yes), weight * y * (yes - 1) + (1 - y) * yes


def bce(p: float, y: float) -> Point:
    return -y * math.log(p) - (1 - y) * math.log(1 - p), (1 - y) / (1 - p) - y / p


def soft_margin(z: float, y: float) -> Point:
    return math.log(1 + math.exp(-y * z)), -y * sigmoid(-y * z)


def hinge_embedding(d: float, y: float, *, margin: float) -> Point:
    if y == 1:
        return d, 1.0
    return max(0.0, margin - d), -1.0 if d < margin else 0.0


def each(point: Callable[..., Point]) -> Callable[..., Row]:
    """The sum over the columns of a row, which counts as many times as it has columns."""

    def row(outputs: Outputs, targets: Sequence[float], **options: Any) -> Row:
        points = [point(z, y, **options) for z, y in zip(outputs, targets, strict=True)]
        return Row(math.fsum(loss for loss, _ in points), [slope for _, slope in points], float(len(points)))

    return row


# --- a row against several numbers ---------------------------------------------------------------


def gaussian_nll(outputs: Outputs, targets: Sequence[float], *, full: bool, eps: float) -> Row:
    """Torch raises a variance below ``eps`` to ``eps`` but lets the slope through as if it had not."""
    count = len(targets)
    loss, along_means, along_spreads = 0.0, [], []
    for mean, spread, y in zip(outputs[:count], outputs[count:], targets, strict=True):
        variance = max(math.log1p(math.exp(spread)), eps)
        error = y - mean
        loss += (math.log(variance) + error**2 / variance) / 2 + (math.log(2 * math.pi) / 2 if full else 0.0)
        along_means.append(-error / variance)
        along_spreads.append((1 / variance - error**2 / variance**2) / 2 * sigmoid(spread))
    return Row(loss, along_means + along_spreads, float(count))


def bce_with_logits_row(outputs: Outputs, targets: Sequence[float], *, pos_weight: Weights | None = None) -> Row:
    weights = [1.0] if pos_weight is None else list(pos_weight)
    weights = weights * len(targets) if len(weights) == 1 else weights
    points = [bce_with_logits(z, y, weight=w) for z, y, w in zip(outputs, targets, weights, strict=True)]
    return Row(math.fsum(loss for loss, _ in points), [slope for _, slope in points], float(len(points)))


def multilabel_soft_margin(outputs: Outputs, targets: Sequence[float], *, weight: Weights | None = None) -> Row:
    count = len(targets)
    weights = [1.0] * count if weight is None else weight
    points = [bce_with_logits(z, y, weight=1.0) for z, y in zip(outputs, targets, strict=True)]
    loss = math.fsum(w * loss for w, (loss, _) in zip(weights, points, strict=True)) / count
    return Row(loss, [w * slope / count for w, (_, slope) in zip(weights, points, strict=True)])


def multilabel_margin(outputs: Outputs, targets: Sequence[int]) -> Row:
    """The targets are the ids of the labels that hold, then -1."""
    holding = [label for label in targets if label >= 0]
    count, loss, slopes = len(outputs), 0.0, [0.0] * len(outputs)
    for j in holding:
        for i in set(range(count)) - set(holding):
            short = 1 - (outputs[j] - outputs[i])
            if short > 0:
                loss += short / count
                slopes[j] -= 1 / count
                slopes[i] += 1 / count
    return Row(loss, slopes)


# --- a row against the id of a class -------------------------------------------------------------


def softmax(scores: Outputs) -> list[float]:
    total = math.fsum(math.exp(score) for score in scores)
    return [math.exp(score) / total for score in scores]


def cross_entropy(scores: Outputs, c: int, *, label_smoothing: float, weight: Weights | None = None) -> Row:
    """The truth is 1 - s on the class and s / classes on every class, s the smoothing; each weighted by its class."""
    probabilities, weights = softmax(scores), [1.0] * len(scores) if weight is None else list(weight)
    truths = [w * label_smoothing / len(scores) for w in weights]
    truths[c] += (1 - label_smoothing) * weights[c]
    loss = -math.fsum(truth * math.log(p) for truth, p in zip(truths, probabilities, strict=True))
    total = math.fsum(truths)
    return Row(loss, [total * p - truth for truth, p in zip(truths, probabilities, strict=True)], weights[c])


def nll(log_probabilities: Outputs, c: int, *, weight: Weights | None = None) -> Row:
    w = 1.0 if weight is None else weight[c]
    return Row(-w * log_probabilities[c], [-w if k == c else 0.0 for k in range(len(log_probabilities))], w)


def focal(scores: Outputs, c: int, *, gamma: float, weight: Weights | None = None) -> Row:
    probabilities, w = softmax(scores), 1.0 if weight is None else weight[c]
    p = probabilities[c]
    along_log_p = gamma * (1 - p) ** (gamma - 1) * p * math.log(p) - (1 - p) ** gamma
    slopes = [w * along_log_p * ((k == c) - q) for k, q in enumerate(probabilities)]
    return Row(-w * (1 - p) ** gamma * math.log(p), slopes, w)


def kl_div(log_probabilities: Outputs, targets: Sequence[float]) -> Row:
    pairs = list(zip(log_probabilities, targets, strict=True))
    return Row(math.fsum(t * (math.log(t) - o) for o, t in pairs if t > 0), [-t for _, t in pairs])


def multi_margin(scores: Outputs, c: int, *, p: int, margin: float, weight: Weights | None = None) -> Row:
    """Its mean divides by the rows, whatever the weights of their classes."""
    count, w = len(scores), 1.0 if weight is None else weight[c]
    loss, slopes = 0.0, [0.0] * count
    for k in range(count):
        short = margin - scores[c] + scores[k]
        if k != c and short > 0:
            loss += w * short**p / count
            slopes[k] += w * p * short ** (p - 1) / count
            slopes[c] -= w * p * short ** (p - 1) / count
    return Row(loss, slopes)


LOSSES: dict[str, Callable[..., Row]] = {
    "mse": each(mse),
    "l1": each(l1),
    "smooth_l1": each(smooth_l1),
    "huber": each(huber),
    "log_cosh": each(log_cosh),
    "quantile": each(quantile),
    "poisson_nll": each(poisson_nll),
    "gaussian_nll": gaussian_nll,
    "bce_with_logits": bce_with_logits_row,
    "bce": each(bce),
    "soft_margin": each(soft_margin),
    "hinge_embedding": each(hinge_embedding),
    "multilabel_soft_margin": multilabel_soft_margin,
    "multilabel_margin": multilabel_margin,
    "cross_entropy": cross_entropy,
    "nll": nll,
    "focal": focal,
    "kl_div": kl_div,
    "multi_margin": multi_margin,
}


def reduced(
    loss: str,
    outputs: Sequence[Outputs],
    targets: Sequence[Any],
    weights: Sequence[float] | None = None,
    *,
    reduction: str = "mean",
    **options: Any,
) -> tuple[float, list[list[float]]]:
    """The weighted sum of the rows' losses, or the mean, and its gradient ``(row, output)``."""
    weights = [1.0] * len(outputs) if weights is None else weights
    rows = [LOSSES[loss](row, target, **options) for row, target in zip(outputs, targets, strict=True)]
    mass = math.fsum(weight * row.mass for weight, row in zip(weights, rows, strict=True))
    divisor = mass if reduction == "mean" else 1.0
    value = math.fsum(weight * row.loss for weight, row in zip(weights, rows, strict=True)) / divisor
    gradient = [[weight / divisor * slope for slope in row.slopes] for weight, row in zip(weights, rows, strict=True)]
    return value, gradient
