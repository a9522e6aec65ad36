"""From a recipe to what torch runs: the loss, the optimizer, the rate of each step, the contract's two ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from fallline.catalogue.losses import Contract
from fallline.catalogue.registry import find
from fallline.catalogue.schedules import warmup_factor
from fallline.core.recipe import Recipe
from fallline.core.task import Target

__all__ = ["Criterion", "Prediction", "encoded_targets", "optimizer_for", "rate_at", "read_outputs"]

_LOSSES: dict[str, Callable[..., nn.Module]] = {
    "mse": nn.MSELoss,
    "l1": nn.L1Loss,
    "huber": nn.HuberLoss,
    "cross_entropy": nn.CrossEntropyLoss,
    "bce_with_logits": nn.BCEWithLogitsLoss,
    "poisson_nll": nn.PoissonNLLLoss,
    "gaussian_nll": nn.GaussianNLLLoss,
}
_OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


class Criterion:
    """A recipe's loss, on the outputs of a network and encoded targets.

    Without weights it is torch's own module with ``reduction="mean"``; with weights ``w (row,)`` it is
    ``sum(w * l) / sum(w)``, ``l (row,)`` the mean loss of each row.
    """

    def __init__(self, recipe: Recipe, *, dtype: torch.dtype) -> None:
        options: dict[str, Any] = dict(recipe.loss_options)
        if "pos_weight" in options:
            options["pos_weight"] = torch.tensor(options["pos_weight"], dtype=dtype)
        build = _LOSSES[recipe.loss]
        self._mean, self._each = build(reduction="mean", **options), build(reduction="none", **options)
        self._two_headed = recipe.loss == "gaussian_nll"

    def __call__(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The loss, a scalar.

        Args:
            outputs: What the network returned ``(row, unit)``.
            targets: As `encoded_targets` gives them, ``(row, target)`` or class ids ``(row,)``.
            weights: Row weights ``(row,)``, not all 0.
        """
        if weights is None:
            return self._evaluate(self._mean, outputs, targets)
        each = self._evaluate(self._each, outputs, targets).reshape(len(outputs), -1).mean(1)
        return (weights * each).sum() / weights.sum()

    def _evaluate(self, module: nn.Module, outputs: Tensor, targets: Tensor) -> Tensor:
        if self._two_headed:
            mean, spread = outputs.chunk(2, dim=1)
            return module(mean, targets, functional.softplus(spread))
        return module(outputs, targets)


def encoded_targets(contract: Contract, target: Target, values: Tensor, *, dtype: torch.dtype) -> Tensor:
    """Targets as the loss wants them.

    Args:
        contract: The loss's contract.
        target: The target column.
        values: Class ids int64 ``(row,)``, or numbers in their own unit float64 ``(row,)``.
        dtype: Dtype of the network.

    Returns:
        Class ids ``(row,)`` int64, or numbers ``(row, 1)`` of ``dtype``.
    """
    if contract.targets == "class_id":
        return values
    if contract.targets == "standardized":
        values = (values - target.mean) / target.scale
    return values.to(dtype).unsqueeze(1)


@dataclass(frozen=True)
class Prediction:
    """What a network's outputs mean.

    Args:
        value: Class ids int64 ``(row,)``, or numbers in the target's own unit float64 ``(row,)``.
        probability: Class probabilities float64 ``(row, class)``, where the loss gives any.
        deviation: Predicted standard deviation in the target's own unit float64 ``(row,)``, where it gives one.
    """

    value: Tensor
    probability: Tensor | None = None
    deviation: Tensor | None = None


def read_outputs(contract: Contract, target: Target, outputs: Tensor) -> Prediction:
    """Read a network's outputs ``(row, unit)`` as predictions."""
    outputs = outputs.double()
    match contract.head:
        case "softmax":
            return Prediction(outputs.argmax(1), probability=outputs.softmax(1))
        case "sigmoid":
            yes = outputs[:, 0].sigmoid()
            return Prediction((yes > 0.5).long(), probability=torch.stack((1 - yes, yes), dim=1))
        case "exp":
            return Prediction(outputs[:, 0].exp())
        case "identity":
            return Prediction(outputs[:, 0] * target.scale + target.mean)
        case "mean_and_variance":
            deviation = functional.softplus(outputs[:, 1]).sqrt() * target.scale
            return Prediction(outputs[:, 0] * target.scale + target.mean, deviation=deviation)


def optimizer_for(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Torch's optimizer for a resolved recipe."""
    options: dict[str, Any] = dict(recipe.optimizer_options)
    if "beta1" in options:
        options["betas"] = (options.pop("beta1"), options.pop("beta2"))
    return _OPTIMIZERS[recipe.optimizer](parameters, lr=recipe.learning_rate, **options)


def rate_at(recipe: Recipe, *, steps: int) -> Callable[[int], float]:
    """The learning rate of each step, from 0 to ``steps`` - 1: a linear warm-up, then the schedule."""
    schedule = find("schedule", recipe.schedule).rate
    base, options = recipe.learning_rate, recipe.schedule_options
    warmup = round(recipe.warmup * steps)

    def rate(step: int) -> float:
        if step < warmup:
            return base * warmup_factor(step, warmup)
        return schedule(base, step - warmup, steps - warmup, options)

    return rate
