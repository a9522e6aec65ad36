"""Every loss at its defaults and at other options, with outputs and targets for it."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from fallline.catalogue.contract import Contract
from fallline.catalogue.criteria import Criterion
from fallline.catalogue.registry import find
from fallline.core.recipe import Recipe

ROWS, CLASSES, COLUMNS = 12, 4, 2
WEIGHT = (0.5, 2.0, 1.0, 3.0)


class Variant(NamedTuple):
    """A loss at some of its options, the reduction left aside."""

    loss: str
    options: dict[str, Any]

    @property
    def complete(self) -> dict[str, Any]:
        """All its options, by the catalogue's names."""
        return find("loss", self.loss).card.complete(self.options)

    @property
    def contract(self) -> Contract:
        return find("loss", self.loss).contract_with(self.complete)

    def criterion(self, *, dtype: torch.dtype = torch.float64, reduction: str = "mean") -> Criterion:
        return Criterion(Recipe(loss=self.loss, loss_options={**self.complete, "reduction": reduction}), dtype=dtype)

    def sample(self, *, dtype: torch.dtype = torch.float64, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Outputs ``(row, unit)`` such as the loss's head gives, that ask for their gradient, and targets."""
        g = torch.Generator().manual_seed(seed)
        of_classes = self.contract.outputs == "per_class" or self.contract.targets == "label_ids"
        units = CLASSES if of_classes or self.loss == "multilabel_soft_margin" else COLUMNS
        doubled = 2 if self.contract.outputs == "two_per_target" else 1
        outputs = headed(self.contract, 1.5 * torch.randn(ROWS, doubled * units, generator=g, dtype=dtype))
        return outputs.detach().requires_grad_(), self._targets(units, g, dtype)

    def _targets(self, units: int, g: torch.Generator, dtype: torch.dtype) -> Tensor:
        holds = torch.randint(0, 2, (ROWS, units), generator=g)
        match self.contract.targets:
            case "standardized":
                return torch.randn(ROWS, units, generator=g, dtype=dtype)
            case "as_is":
                return torch.randint(0, 6, (ROWS, units), generator=g).to(dtype)
            case "class_id":
                return torch.randint(0, CLASSES, (ROWS,), generator=g)
            case "one_hot":
                return functional.one_hot(torch.randint(0, CLASSES, (ROWS,), generator=g), CLASSES).to(dtype)
            case "zero_one":
                return holds.to(dtype)
            case "plus_minus_one":
                return (2 * holds - 1).to(dtype)
            case "label_ids":
                ids = [[label for label, given in enumerate(row) if given] for row in holds.tolist()]
                return torch.tensor([row + [-1] * (units - len(row)) for row in ids])


def headed(contract: Contract, outputs: Tensor) -> Tensor:
    """What a network with the contract's head returns, whose last layer gives ``outputs``."""
    match contract.head:
        case "sigmoid":
            return outputs.sigmoid()
        case "log_softmax":
            return outputs.log_softmax(1)
        case "softplus":
            return functional.softplus(outputs)
        case "none":
            return outputs


def row_weights(*, dtype: torch.dtype = torch.float64) -> Tensor:
    return 0.1 + 3 * torch.rand(ROWS, generator=torch.Generator().manual_seed(5), dtype=dtype)


VARIANTS = [
    Variant(loss, options)
    for loss, options in (
        ("mse", {}),
        ("l1", {}),
        ("smooth_l1", {}),
        ("smooth_l1", {"beta": 0.3}),
        ("smooth_l1", {"beta": 0.0}),
        ("huber", {}),
        ("huber", {"delta": 0.3}),
        ("log_cosh", {}),
        ("quantile", {}),
        ("quantile", {"quantile": 0.9}),
        ("poisson_nll", {}),
        ("poisson_nll", {"full": True}),
        ("poisson_nll", {"log_input": False, "eps": 0.1}),
        ("gaussian_nll", {}),
        ("gaussian_nll", {"full": True}),
        ("gaussian_nll", {"eps": 0.5}),  # above some of the variances
        ("bce_with_logits", {}),
        ("bce_with_logits", {"pos_weight": (3.5,)}),
        ("bce_with_logits", {"pos_weight": (3.5, 0.25)}),
        ("bce", {}),
        ("soft_margin", {}),
        ("hinge_embedding", {}),
        ("hinge_embedding", {"margin": 2.0}),
        ("multilabel_soft_margin", {}),
        ("multilabel_soft_margin", {"weight": WEIGHT}),
        ("multilabel_margin", {}),
        ("cross_entropy", {}),
        ("cross_entropy", {"label_smoothing": 0.2}),
        ("cross_entropy", {"weight": WEIGHT}),
        ("cross_entropy", {"weight": WEIGHT, "label_smoothing": 0.2}),
        ("nll", {}),
        ("nll", {"weight": WEIGHT}),
        ("focal", {}),
        ("focal", {"gamma": 0.5}),
        ("focal", {"gamma": 5.0, "weight": WEIGHT}),
        ("kl_div", {}),
        ("multi_margin", {}),
        ("multi_margin", {"p": 2, "margin": 0.5}),
        ("multi_margin", {"weight": WEIGHT}),
    )
]
