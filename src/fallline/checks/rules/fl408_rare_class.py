"""One answer is far rarer than the other, and the loss counts all rows alike.

With few positives a network that always says no is right almost always, and early in training that is what it learns to
say. Weights, sampling or a threshold chosen for the purpose bring the rare class back; accuracy will not show it. That
is a choice rather than a mistake, so this is a hint.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(200, 3), (torch.arange(200) % 50 == 0).float().unsqueeze(1)

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([49.0]))
    x, y = torch.randn(200, 3), (torch.arange(200) % 50 == 0).float().unsqueeze(1)

Sources: https://github.com/abhuse/polyloss-pytorch/issues/5
"""

from __future__ import annotations

from torch import Tensor

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.core.finding import Finding, Severity

RULE = Rule("FL408", "rare-class", Severity.hint, ("rare",))

_RARE = 0.06
_LOSSES = ("binary_cross_entropy_with_logits", "binary_cross_entropy", "cross_entropy")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a class has less than a sixteenth of at least 100 rows and nothing is weighted."""
    for met in losses(evidence, *_LOSSES):
        counts = _counts(met)
        if counts is None or counts.sum() < 100 or _weighted(met):
            continue
        share, rarest = float(counts.min() / counts.sum()), int(counts.argmin())
        fair = 1 / len(counts)
        if not 0 < share < _RARE * 2 * fair or len(counts) > 20:
            continue
        ratio = float(counts.max() / counts.min())
        mend = f"nn.BCEWithLogitsLoss(pos_weight=torch.tensor([{ratio:.0f}.0]))"
        if met.loss == "cross_entropy":
            mend = "nn.CrossEntropyLoss(weight=counts.sum() / (len(counts) * counts))    # counts of each class"
        return RULE.finding(
            what=f"Class {rarest} has {share:.1%} of the {int(counts.sum())} rows, and all rows count alike.",
            why="Never predicting it is right almost always, and accuracy hides that; look at recall or "
            "balanced accuracy.",
            mend=mend,
            evidence={"share": share, "counts": counts.tolist()},
            where=met.operation.place,
        )
    return None


def _counts(met: Comparison) -> Tensor | None:
    targets = met.targets
    if targets is None or not targets.numel():
        return None
    if met.loss == "cross_entropy":
        single = not targets.is_floating_point() and targets.dim() == 1 and int(targets.min()) >= 0
        return targets.bincount().double() if single else None
    column = targets.dim() == 1 or (targets.shape[-1] == 1 and targets.dim() == 2)
    binary = bool(((targets == 0) | (targets == 1)).all())
    return targets.flatten().long().bincount(minlength=2).double() if column and binary else None


def _weighted(met: Comparison) -> bool:
    options = met.operation
    return any(name in options.named for name in ("weight", "pos_weight")) or options.options.get("reduction") == "none"
