"""Targets of binary cross entropy lie outside 0 … 1.

They are 0 or 1, or probabilities. With labels −1 and 1 the loss with logits has no lower bound and runs off to minus
infinity without a word; with pixels 0 … 255 or labels 1 and 2 it means as little.

Fires on:

    model = nn.Linear(4, 1)
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(8, 4), torch.tensor([1.0, -1.0] * 4).unsqueeze(1)

Silent on:

    model = nn.Linear(4, 1)
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(8, 4), torch.tensor([0.9, 0.1] * 4).unsqueeze(1)

Sources: https://github.com/pytorch/pytorch/issues/139916
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import cast_targets, is_swapped, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL402", "binary-labels", Severity.error, ("exception", "labels", "divergence"))

_LOSSES = ("binary_cross_entropy", "binary_cross_entropy_with_logits", "multilabel_soft_margin_loss")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where such a target is below 0 or above 1."""
    for met in losses(evidence, *_LOSSES):
        targets = met.targets
        if targets is None or not targets.numel() or is_swapped(met):
            continue
        low, high = float(targets.min()), float(targets.max())
        if not (low < -1e-6 or high > 1 + 1e-6) or low != low:
            continue
        y, failure = evidence.names.targets, evidence.failure
        values = targets.double().unique()
        if values.tolist() == [-1, 1]:
            mend, change = f"{y} = ({y} + 1) / 2    # −1 and 1 become 0 and 1", lambda t: (t + 1) / 2
        elif len(values) == 2:
            mend, change = f"{y} = ({y} == {high:g}).float()", lambda t: (t == t.max()).float()
        elif low >= 0 and 1 < high <= 255 and high > 100:
            mend, change = f"{y} = {y} / 255", lambda t: t / 255
        else:
            mend, change = "nn.MSELoss()    # amounts rather than yes or no; or targets scaled to 0 … 1", None
        return RULE.finding(
            what=f"{met.loss} is given targets from {low:.3g} to {high:.3g}; they have to lie between 0 and 1.",
            why="Outside 0 … 1 the loss has no lower bound, or is refused by torch.",
            mend=mend,
            evidence={"lowest": low, "highest": high},
            verified=None if change is None else tried(evidence, cast_targets(change)),
            where=met.operation.place if failure is None else failure.place,
            message=failure.message if failure is not None else None,
        )
    return None
