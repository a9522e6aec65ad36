"""`KLDivLoss` is left at its default reduction, which does not give the divergence.

`reduction="mean"` divides by rows and by classes; the divergence is the sum over the classes. The loss, its gradient
and so the learning rate are too small by the number of classes. Torch warns of it.

Fires on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    loss = nn.KLDivLoss()
    x, y = torch.randn(8, 4), torch.softmax(torch.randn(8, 3), dim=1)

Silent on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    loss = nn.KLDivLoss(reduction="batchmean")
    x, y = torch.randn(8, 4), torch.softmax(torch.randn(8, 3), dim=1)

Sources: https://github.com/pytorch/pytorch/issues/60928
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import patched, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL306", "kl-mean", Severity.warning, ("contract",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where kl_div divides by the classes too."""
    for met in losses(evidence, "kl_div"):
        shape = met.output.shape
        if met.operation.options.get("reduction") != "mean" or len(shape) < 2 or shape[-1] < 2:
            continue

        def batchmean(func: Any, args: Any, kwargs: Any) -> Any:
            return func(*args[:2], **{**kwargs, "reduction": "batchmean"})

        return RULE.finding(
            what=f'kl_div with reduction="mean" divides by all {shape[0] * shape[-1]:,} numbers of {shape}, '
            f"not by the {shape[0]} rows.",
            why=f"The divergence is a sum over the classes: the loss and its gradient are {shape[-1]} times too small.",
            mend='nn.KLDivLoss(reduction="batchmean")',
            evidence={"output": shape, "too small by": shape[-1]},
            verified=tried(evidence, mode=patched(met.operation, batchmean)),
            where=met.operation.place,
        )
    return None
