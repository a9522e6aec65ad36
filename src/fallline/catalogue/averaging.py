"""Several models as one: the mean of what they predict, said as an output that the loss takes.

What is averaged are predictions: numbers in the target's unit, probabilities, a distribution's mean and variance. Only
where outputs can be read as neither, as those of margin losses, the outputs themselves are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from fallline.catalogue.contract import Contract

__all__ = ["MeanModel", "mean_outputs"]


@final
class MeanModel(nn.Module):
    """The mean of models that were trained on the same loss.

    Args:
        contract: The loss's contract, which says what outputs mean.
        models: The models; each maps ``(row, feature)`` to ``(row, unit)``.
    """

    def __init__(self, contract: Contract, models: Sequence[nn.Module]) -> None:
        super().__init__()
        self._contract = contract
        self.models = nn.ModuleList(models)

    def forward(self, inputs: Tensor) -> Tensor:
        """The output that is read as the mean of the models' predictions, ``(row, unit)``."""
        return mean_outputs(self._contract, torch.stack([model(inputs) for model in self.models]))


def mean_outputs(contract: Contract, outputs: Tensor) -> Tensor:
    """The output that is read as the mean of what ``outputs`` are read as.

    Args:
        contract: The loss's contract, which says what outputs mean.
        outputs: ``(model, row, unit)``.

    Returns:
        ``(row, unit)``.

    Example:
        >>> import torch
        >>> from fallline.catalogue.losses import LOSSES
        >>> contract = next(loss.contract for loss in LOSSES if loss.card.name == "bce_with_logits")
        >>> sure = torch.tensor([[[0.2]], [[0.4]]]).logit()
        >>> round(mean_outputs(contract, sure).sigmoid().item(), 6)
        0.3
    """
    match contract.reading:
        case "logits" | "log_probability":
            return _log_mean_exp(outputs.log_softmax(-1))
        case "logit":
            return _log_mean_exp(functional.logsigmoid(outputs)) - _log_mean_exp(functional.logsigmoid(-outputs))
        case "exp":
            return _log_mean_exp(outputs)
        case "mean_and_variance":
            return _mixture(outputs)
        case "number" | "probability" | "scores" | "sign" | "distance":
            return outputs.mean(0)


def _log_mean_exp(logs: Tensor) -> Tensor:
    return logs.logsumexp(0) - math.log(len(logs))


def _mixture(outputs: Tensor) -> Tensor:
    """Mean and variance of a distribution that is drawn from each model's as often as from any other's."""
    means, spreads = outputs.chunk(2, dim=-1)
    mean = means.mean(0)
    variance = (functional.softplus(spreads) + (means - mean) ** 2).mean(0)
    variance = variance.clamp_min(torch.finfo(variance.dtype).tiny)
    # The inverse of the softplus by which the variance is read, without overflow where it is large.
    return torch.cat((mean, variance + torch.log(-torch.expm1(-variance))), dim=-1)
