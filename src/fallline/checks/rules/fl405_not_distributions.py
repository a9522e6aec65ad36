"""Float targets of cross entropy are no probabilities.

Targets in the shape of the outputs are one distribution per row, which sums to 1. Several labels that are true at once
are a question of their own for each label: `BCEWithLogitsLoss`.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(6, 4), torch.tensor([[1.0, 1.0, 0.0]] * 6)

Silent on:

    model = nn.Linear(4, 3)
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(6, 4), torch.tensor([[1.0, 1.0, 0.0]] * 6)

Sources: https://discuss.pytorch.org/t/is-there-an-example-for-multi-class-multilabel-classification/
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL405", "not-distributions", Severity.error, ("labels", "contract"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the rows of such targets hold several ones, negative numbers, or sums far from 1."""
    for met in losses(evidence, "cross_entropy", "kl_div"):
        targets = met.targets
        if targets is None or targets.dim() < 2 or targets.shape != met.output.shape or not targets.is_floating_point():
            continue
        if met.operation.options.get("log_target") or met.target.needs_grad or not targets.isfinite().all():
            continue
        axis = 1 if met.loss == "cross_entropy" else targets.dim() - 1
        if targets.shape[axis] < 2 or (met.loss == "kl_div" and float(targets.min()) < 0):
            continue
        several = bool(((targets == 0) | (targets == 1)).all()) and float(targets.sum(axis).max()) > 1
        if (several or not _distributions(targets, axis)) and not _weighted(targets, axis):
            return _found(evidence, met, targets, axis, several=several)
    return None


def _distributions(targets: Tensor, axis: int) -> bool:
    """Whether all rows sum to 1; rows of zeros are rows left out."""
    sums = targets.sum(axis)
    return float(targets.min()) >= 0 and bool((((sums - 1).abs() < 0.05) | (sums.abs() < 1e-6)).all())


def _weighted(targets: Tensor, axis: int) -> bool:
    """Whether every row holds one class at most, with a weight of its own."""
    return float(targets.min()) >= 0 and bool(((targets != 0).sum(axis) <= 1).all())


def _found(evidence: Evidence, met: Comparison, targets: Tensor, axis: int, *, several: bool) -> Finding:
    low, high = float(targets.sum(axis).min()), float(targets.sum(axis).max())
    kind = "several true labels per row" if several else f"rows that sum to {low:.3g} … {high:.3g}"
    return RULE.finding(
        what=f"{met.loss} is given targets with {kind}; it takes one distribution per row, which sums to 1.",
        why="The classes exclude each other in this loss: it cannot ask for two at once, or for more than certainty.",
        mend="nn.BCEWithLogitsLoss()    # several labels may be true"
        if several
        else "target = target / target.sum(1, keepdim=True)    # or torch.softmax(target, dim=1) of scores",
        evidence={"lowest sum": low, "highest sum": high, "lowest": float(targets.min())},
        verified=tried(evidence, mode=Mended(met.operation, _binary)) if several else None,
        where=met.operation.place,
        severity=None if several or float(targets.min()) < 0 else Severity.hint,  # counts may be meant
    )


def _binary(func: Any, args: Any, kwargs: Any) -> Any:
    """The mend where several labels are true."""
    return torch.nn.functional.binary_cross_entropy_with_logits(*args[:2]) if len(args) > 1 else func(**kwargs)
