"""Outputs and targets have different numbers of rows.

A `view` or `flatten` that takes the batch axis along, a pooling over the wrong axis or a batch that was cut on one side
only changes how many rows reach the loss.

Fires on:

    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten(0, 0), nn.Flatten(2))
    loss = lambda output, target: nn.CrossEntropyLoss()(output.reshape(-1, 3), target)
    x, y = torch.randn(5, 1, 6, 6), torch.arange(5) % 3

Silent on:

    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(5, 1, 6, 6), torch.arange(5) % 3

Sources: https://github.com/pytorch/pytorch/issues/29388
"""

from __future__ import annotations

import math

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import failed_loss
from fallline.checks.rules.fl212_batch_as_time import examine as batch_as_time
from fallline.checks.traced import Operation
from fallline.core.finding import Finding, Severity

RULE = Rule("FL207", "rows", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a loss raised and the leading axes of its two sides differ."""
    met = failed_loss(evidence.failure, evidence)
    if met is None or met.loss == "ctc_loss" or not met.output.shape or not met.target.shape:
        return None
    output, target = met.output.shape, met.target.shape
    if output[0] == target[0] or batch_as_time(evidence) is not None:
        return None
    merged = next((op for op in evidence.trace.carried(met.output) if op.inputs[0].shape[:1] == target[:1]), None)
    mend = f"keep the batch axis: the output has to begin with {target[0]}"
    if merged is not None:
        before, each = merged.inputs[0].shape, math.prod(merged.inputs[0].shape[1:])
        line = merged.place.line if merged.place else "?"
        mend = f"{merged.name} at line {line}: .flatten(1)    # {before} becomes ({target[0]}, {each})"
    picked = next((op for op in evidence.trace.ancestors(met.output) if _picks_a_sample(op, target[0])), None)
    if merged is None and picked is not None:
        merged = picked
        mend = f"[:, -1] instead of [-1]    # {picked.inputs[0].shape} has the batch on axis 0, time on axis 1"
    return RULE.finding(
        what=f"{met.loss} was given {output[0]} rows of outputs {output} and {target[0]} rows of targets {target}.",
        why="Row by row one output is compared with one target.",
        mend=mend,
        evidence={"output": output, "target": target},
        where=(merged.place if merged is not None else None) or evidence.failure.place,
        message=evidence.failure.message,
    )


def _picks_a_sample(operation: Operation, rows: int) -> bool:
    """Whether an operation takes one entry of the batch axis, as [-1] does."""
    index = operation.options.get("#1")
    one = isinstance(index, int) and not isinstance(index, bool)
    return operation.name == "__getitem__" and one and operation.inputs[0].shape[:1] == (rows,)
