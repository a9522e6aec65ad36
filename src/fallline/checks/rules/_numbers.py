"""Questions about how large things are and where a loss goes."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from fallline.checks.evidence import Evidence
from fallline.checks.recorder import tensors_in
from fallline.checks.setup import Setup, parts

__all__ = ["at_rate", "batch", "calm", "explodes", "finite", "heals", "standardized", "untrained_loss", "worse"]


def finite(losses: list[float]) -> bool:
    """Whether all losses are finite."""
    return all(map(math.isfinite, losses))


def explodes(losses: list[float]) -> bool:
    """Whether the loss runs off: to infinity, or far above where it began and not back."""
    if len(losses) < 4 or not math.isfinite(losses[0]):
        return False
    if not finite(losses):
        return True
    scale = max(abs(losses[0]), 1e-8)
    late = losses[len(losses) // 2 :]
    still = len(losses) >= 10 and max(late) - min(late) < 1e-3 * scale  # thrown away, and nothing moves any more
    return max(losses) > 50 * scale and (losses[-1] > 0.9 * losses[0] or still)


def worse(losses: list[float]) -> bool:
    """Whether the loss explodes, or ends clearly above where it began."""
    if explodes(losses):
        return True
    return len(losses) >= 20 and finite(losses) and losses[0] > 0 and sum(losses[-5:]) / 5 > 1.5 * losses[0]


def heals(losses: list[float], steps: int = 20) -> bool:
    """Whether a training with a mend stays finite and brings the loss down by a fifth."""
    return len(losses) >= steps and finite(losses) and losses[-1] < losses[0] - 0.2 * abs(losses[0])


def calm(losses: list[float], steps: int = 20) -> bool:
    """Whether a training with a mend stays finite and does not go up."""
    return len(losses) >= steps and finite(losses) and losses[-1] <= losses[0] and max(losses) < 2 * abs(losses[0])


def at_rate(factor: float) -> Callable[[Setup], Setup]:
    """A change of every learning rate by a factor."""

    def change(setup: Setup) -> Setup:
        setup.build()
        for group in setup.optimizer.param_groups if setup.optimizer is not None else ():
            group["lr"] = group["lr"] * factor
        return setup

    return change


def standardized(tensor: Tensor) -> Tensor:
    """Mean 0 and standard deviation 1, by column where there are several rows."""
    if not tensor.is_floating_point() or tensor.numel() < 2:
        return tensor
    axes = 0 if tensor.dim() == 2 and len(tensor) > 1 else None
    mean = tensor.mean(axes, keepdim=True) if axes is not None else tensor.mean()
    spread = tensor.std(axes, keepdim=True) if axes is not None else tensor.std()
    return (tensor - mean) / spread.clamp(min=1e-8)


def batch(evidence: Evidence) -> tuple[list[Tensor], list[Tensor]]:
    """The first batch's inputs and targets."""
    if evidence.setup is None:
        return [], []
    inputs, targets = parts(evidence.setup.batches[0])
    return list(tensors_in(inputs)), list(tensors_in(targets))


def spread(tensor: Tensor) -> tuple[float, float]:
    """Mean and largest magnitude of a float tensor."""
    numbers = tensor.detach().double()
    return float(numbers.mean()), float(numbers.abs().max()) if torch.numel(numbers) else 0.0


def untrained_loss(evidence: Evidence) -> float | None:
    """What predicting the mean, or every class alike, would cost."""
    for met in evidence.comparisons:
        if met.loss == "cross_entropy" and len(met.output.shape) > 1 and met.output.shape[1] > 1:
            return math.log(met.output.shape[1])
        if met.loss == "binary_cross_entropy_with_logits":
            return math.log(2)
        if met.loss == "mse_loss" and met.targets is not None and met.targets.numel() > 1:
            return float(met.targets.double().square().mean()) or None
    return None
