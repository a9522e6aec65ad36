"""`HingeEmbeddingLoss` is given raw outputs instead of distances.

For a target of 1 the loss is its input itself: a distance, 0 or more. Raw outputs can be made ever more negative, so
that the loss has no lower bound.

Fires on:

    model = nn.Linear(4, 1)
    loss = nn.HingeEmbeddingLoss()
    x, y = torch.randn(8, 4), torch.tensor([1.0, -1.0] * 4).unsqueeze(1)

Silent on:

    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.side = nn.Linear(4, 3)

        def forward(self, a, b):
            return (self.side(a) - self.side(b)).norm(dim=1)

    model = Pair()
    loss = nn.HingeEmbeddingLoss()
    x, y = (torch.randn(8, 4), torch.randn(8, 4)), torch.tensor([1.0, -1.0] * 4)

Sources: https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
"""

from __future__ import annotations

from typing import Any

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL314", "distance", Severity.error, ("contract", "divergence"))

_ROUNDED = -1e-5
"""A distance of 0 may come out as little less than that, as 1 - cosine does."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where its input has negative numbers."""
    for met in losses(evidence, "hinge_embedding_loss"):
        if met.values is None or not met.values.numel() or float(met.values.min()) >= _ROUNDED:
            continue

        def softened(func: Any, args: Any, kwargs: Any) -> Any:
            return func(torch.nn.functional.softplus(args[0]), *args[1:], **kwargs) if args else func(**kwargs)

        return RULE.finding(
            what=f"hinge_embedding_loss takes distances and is given numbers from {float(met.values.min()):.3g}.",
            why="For a target of 1 the loss is its input: negative inputs make it negative without bound.",
            mend="F.softplus(output), or a distance such as (a - b).norm(dim=1)    # for a classifier: "
            "nn.SoftMarginLoss()",
            evidence={"lowest": float(met.values.min())},
            verified=tried(evidence, mode=Mended(met.operation, softened)),
            where=met.operation.place,
        )
    return None
