"""`KLDivLoss` is left at its default reduction, which does not give the divergence.

`reduction="mean"` divides by rows and by classes; the divergence is the sum over the classes. The loss and its gradient
are too small by the number of classes. Torch warns of it. Multiplied with that number, the loss is what it should be.

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

import math
from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL306", "kl-mean", Severity.warning, ("contract",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where kl_div divides by the classes too."""
    for met in losses(evidence, "kl_div"):
        shape = met.output.shape
        if met.operation.options.get("reduction") != "mean" or len(shape) < 2 or shape[-1] < 2:
            continue
        if _made_good(evidence, met.operation):
            continue
        rows = math.prod(shape[:-1])

        def summed(func: Any, args: Any, kwargs: Any, rows: int = rows) -> Any:
            return func(*args[:2], **{**kwargs, "reduction": "sum"}) / rows

        whole = f'nn.KLDivLoss(reduction="sum")(output, target) / {rows}    # the {rows} distributions of {shape}'
        return RULE.finding(
            what=f'kl_div with reduction="mean" divides by all {math.prod(shape):,} numbers of {shape}, '
            f"not by the {rows} distributions.",
            why=f"The divergence is a sum over the classes: the loss and its gradient are {shape[-1]} times too small.",
            mend='nn.KLDivLoss(reduction="batchmean")' if len(shape) == 2 else whole,
            evidence={"output": shape, "too small by": shape[-1]},
            verified=tried(evidence, mode=Mended(met.operation, summed)),
            where=met.operation.place,
        )
    return None


def _made_good(evidence: Evidence, operation: Operation) -> bool:
    """Whether the mean is multiplied with the number of classes again."""
    classes = operation.inputs[0].shape[-1]
    keys = {seen.key for seen in operation.outputs}
    return any(
        other.options.get("#1") == classes and any(each.key in keys for each in other.inputs)
        for other in evidence.trace.named("mul", "__mul__", "__rmul__")
    )
