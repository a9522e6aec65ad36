"""The loss is a sum over the batch, and the learning rate was chosen for a mean.

With `reduction="sum"` the gradient grows with the number of rows: 256 rows make each step 256 times as long.

Fires on:

    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    loss = nn.MSELoss(reduction="sum")
    x = torch.randn(256, 4)
    y = x.sum(1, keepdim=True)

Silent on:

    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0002)
    loss = nn.MSELoss(reduction="sum")
    x = torch.randn(256, 4)
    y = x.sum(1, keepdim=True)

Sources: https://github.com/WongKinYiu/yolov7/issues/1713, https://github.com/XPixelGroup/BasicSR/issues/359
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import at_rate, heals, worse
from fallline.checks.traced import Operation
from fallline.checks.trials import said
from fallline.core.finding import Finding, Severity

RULE = Rule("FL905", "summed", Severity.error, ("divergence", "nonfinite", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a summed loss explodes, and does not with the learning rate divided by the rows."""
    if not worse(evidence.losses) or evidence.failure is not None:
        return None
    summed = next(
        (op for met in evidence.comparisons for op in [_sum(evidence, met.operation)] if op is not None), None
    )
    rows = evidence.rows
    if summed is None or rows is None or rows < 2:
        return None
    after = evidence.attempt(at_rate(1 / rows))
    if evidence.setup is not None and not heals(after):
        return None
    rate = evidence.trace.steps[0].rates[0] if evidence.trace.steps and evidence.trace.steps[0].rates else float("nan")
    return RULE.finding(
        what=f"The loss is summed over {rows} rows at a learning rate of {rate:g}: it goes from "
        f"{evidence.losses[0]:.3g} to {evidence.losses[-1]:.3g}.",
        why=f"Its gradient is {rows} times that of the mean, and so is every step.",
        mend=f'{evidence.names.loss} with reduction="mean"    # or lr={rate / rows:.2g}',
        evidence={"rows": rows, "lr": rate},
        verified=said(after, evidence.losses),
        where=summed.place,
    )


def _sum(evidence: Evidence, operation: Operation) -> Operation | None:
    """The operation that sums a loss over its rows."""
    if operation.options.get("reduction") == "sum":
        return operation
    first = evidence.trace.backwards[0].loss if evidence.trace.backwards else None
    last = evidence.trace.source(first)
    return last if last is not None and last.name == "sum" and last.outputs[0].shape == () else None
