"""From a recipe's loss to what torch runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from fallline.core.recipe import Recipe

__all__ = ["Criterion"]

_MEAN_BY_CLASS_WEIGHT = frozenset({"cross_entropy", "nll", "focal"})
"""Losses whose mean divides by the class weights of the rows; multi_margin's divides by the rows."""

_ROW_BY_ROW = _MEAN_BY_CLASS_WEIGHT | {"kl_div", "multi_margin", "multilabel_margin", "multilabel_soft_margin"}
"""Losses with one value per row; the others have one per row and target column."""

Compare = Callable[[Tensor, Tensor], Tensor]


class Criterion:
    """A recipe's loss, on the outputs of a network and encoded targets.

    Without row weights it is what torch's own module gives. With weights ``w (row,)`` the mean is ``sum(w l) /
    sum(w)``, ``l (row,)`` being the mean over the elements of a row, and with class weights ``c`` that weigh the mean
    too, ``sum(w c l) / sum(w c)``.

    Args:
        recipe: Resolved: its loss has all its options.
        dtype: Of the outputs.
    """

    def __init__(self, recipe: Recipe, *, dtype: torch.dtype) -> None:
        options: dict[str, Any] = {
            name: torch.tensor(value, dtype=dtype, device="cpu") if isinstance(value, tuple) else value
            for name, value in recipe.loss_options.items()
        }
        self.recipe = recipe
        self.sums = options.pop("reduction") == "sum"
        build = _BUILDERS[recipe.loss]
        self._mean, self._sum, self._each = (build(kind, options) for kind in ("mean", "sum", "none"))
        self._elementwise = recipe.loss not in _ROW_BY_ROW
        self._class_weights: Tensor | None = options.get("weight") if recipe.loss in _MEAN_BY_CLASS_WEIGHT else None

    def __call__(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """What the gradient is taken of, a scalar: the mean, or with ``reduction="sum"`` the sum.

        Args:
            outputs: What the network returned ``(row, unit)``.
            targets: As `fallline.catalogue.readout.encoded_targets` gives them.
            weights: Row weights ``(row,)``, not all 0.
        """
        if not self.sums:
            return self.mean(outputs, targets, weights)
        if weights is None:
            return self._sum(outputs, targets)
        each = self._each(outputs, targets)
        return (weights * each.reshape(len(outputs), -1).sum(1)).sum()

    def mean(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The mean loss, a scalar, whatever the reduction: what is reported."""
        if weights is None:
            return self._mean(outputs, targets)
        each = self._each(outputs, targets).reshape(len(outputs), -1).mean(1)
        return (weights * each).sum() / self._mass(targets, weights)

    def divisor(self, targets: Tensor, weights: Tensor | None = None) -> float:
        """What `mean` divides the sum by: means of several batches, each times its divisor, add up."""
        columns = targets.shape[1] if self._elementwise and targets.ndim == 2 else 1
        if weights is not None:
            return columns * self._mass(targets, weights).item()
        if self._class_weights is not None:
            return self._class_weights[targets].sum().item()
        return float(columns * len(targets))

    def _mass(self, targets: Tensor, weights: Tensor) -> Tensor:
        return weights.sum() if self._class_weights is None else (weights * self._class_weights[targets]).sum()


def _module(kind: type[nn.Module]) -> Callable[[str, dict[str, Any]], Compare]:
    return lambda reduction, options: kind(reduction=reduction, **options)


def _own(each: Callable[..., Tensor]) -> Callable[[str, dict[str, Any]], Compare]:
    """A loss that torch lacks, or computes badly, from its values per element."""

    def build(reduction: str, options: dict[str, Any]) -> Compare:
        reduce = {"mean": torch.mean, "sum": torch.sum, "none": lambda values: values}[reduction]
        return lambda outputs, targets: reduce(each(outputs, targets, **options))

    return build


def _margin(kind: type[nn.Module], holds: Compare) -> Callable[[str, dict[str, Any]], Compare]:
    """A margin loss whose value is not a number where a lead is none.

    Torch 2.13 counts as 0 what is not above 0, so that outputs which are no numbers would be a perfect fit.

    Args:
        kind: Torch's module.
        holds: Which outputs are to lead ``(row, unit)``, of outputs and targets.
    """

    def build(reduction: str, options: dict[str, Any]) -> Compare:
        module = kind(reduction=reduction, **options)

        def compare(outputs: Tensor, targets: Tensor) -> Tensor:
            value = module(outputs, targets)
            if outputs.isfinite().all():
                return value
            lost = _without_lead(outputs, holds(outputs, targets))
            return value.masked_fill(lost if reduction == "none" else lost.any(), math.nan)

        return compare

    return build


def _without_lead(outputs: Tensor, holds: Tensor) -> Tensor:
    """Rows ``(row,)`` in which an output that is to lead, less one that is not, is not a number."""
    lost = outputs.isnan().any(1) & holds.any(1) & ~holds.all(1)
    for infinity in (math.inf, -math.inf):
        there = outputs == infinity
        lost |= (there & holds).any(1) & (there & ~holds).any(1)
    return lost


def _of_class(outputs: Tensor, targets: Tensor) -> Tensor:
    return functional.one_hot(targets, outputs.shape[1]).bool()


def _of_labels(outputs: Tensor, targets: Tensor) -> Tensor:
    unit = torch.arange(outputs.shape[1], device=outputs.device)
    return (targets.unsqueeze(2) == unit).any(1)


def _bce(reduction: str, options: dict[str, Any]) -> Compare:
    module = nn.BCELoss(reduction=reduction, **options)

    def compare(outputs: Tensor, targets: Tensor) -> Tensor:
        # Torch's module raises where an output is not a number (torch 2.13), which would end every other run too.
        nothing = 0 * outputs.detach()  # or not a number
        return module(outputs.nan_to_num(0.0), targets) + (nothing if reduction == "none" else nothing.sum())

    return compare


def _log_cosh(outputs: Tensor, targets: Tensor) -> Tensor:
    error = (outputs - targets).abs()
    return error + functional.softplus(-2 * error) - math.log(2)


def _soft_margin(outputs: Tensor, targets: Tensor) -> Tensor:
    # torch.nn.SoftMarginLoss computes log(1 + exp(-y z)) as it is written, which overflows from -y z = 89 on in
    # float32, with a gradient that is not a number (torch 2.13; pytorch#77529 is near). Once it does not, it will do.
    return functional.softplus(-targets * outputs)


def _quantile(outputs: Tensor, targets: Tensor, *, quantile: float) -> Tensor:
    below = targets - outputs
    return torch.maximum(quantile * below, (quantile - 1) * below)


def _gaussian_nll(reduction: str, options: dict[str, Any]) -> Compare:
    module = nn.GaussianNLLLoss(reduction=reduction, **options)

    def compare(outputs: Tensor, targets: Tensor) -> Tensor:
        mean, spread = outputs.chunk(2, dim=1)
        return module(mean, targets, functional.softplus(spread))

    return compare


def _kl_div(reduction: str, options: dict[str, Any]) -> Compare:
    if reduction == "none":
        return lambda outputs, targets: functional.kl_div(outputs, targets, reduction="none").sum(1)
    return nn.KLDivLoss(reduction="batchmean" if reduction == "mean" else reduction, **options)


def _focal(reduction: str, options: dict[str, Any]) -> Compare:
    gamma, weight = options["gamma"], options.get("weight")

    def compare(outputs: Tensor, targets: Tensor) -> Tensor:
        log_p = functional.log_softmax(outputs, dim=1).gather(1, targets.unsqueeze(1)).squeeze(1)
        # 1 - p, exact where p is close to 1; its floor keeps the power's gradient finite where p is 1 itself.
        missed = (-torch.expm1(log_p)).clamp_min(torch.finfo(outputs.dtype).tiny)
        each = -(missed**gamma) * log_p
        if weight is not None:
            each = each * weight[targets]
        if reduction == "none":
            return each
        mass = len(targets) if weight is None else weight[targets].sum()
        return each.sum() / mass if reduction == "mean" else each.sum()

    return compare


_BUILDERS: dict[str, Callable[[str, dict[str, Any]], Compare]] = {
    "mse": _module(nn.MSELoss),
    "l1": _module(nn.L1Loss),
    "smooth_l1": _module(nn.SmoothL1Loss),
    "huber": _module(nn.HuberLoss),
    "log_cosh": _own(_log_cosh),
    "quantile": _own(_quantile),
    "poisson_nll": _module(nn.PoissonNLLLoss),
    "gaussian_nll": _gaussian_nll,
    "bce_with_logits": _module(nn.BCEWithLogitsLoss),
    "bce": _bce,
    "soft_margin": _own(_soft_margin),
    "hinge_embedding": _module(nn.HingeEmbeddingLoss),
    "multilabel_soft_margin": _module(nn.MultiLabelSoftMarginLoss),
    "multilabel_margin": _margin(nn.MultiLabelMarginLoss, _of_labels),
    "cross_entropy": _module(nn.CrossEntropyLoss),
    "nll": _module(nn.NLLLoss),
    "focal": _focal,
    "kl_div": _kl_div,
    "multi_margin": _margin(nn.MultiMarginLoss, _of_class),
}
