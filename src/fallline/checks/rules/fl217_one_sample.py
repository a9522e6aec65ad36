"""Batch norm is given a single value per channel in training.

It normalizes by the mean and variance of the batch; of one value there is no variance. The usual cause is a last batch
of one sample: drop it.

Fires on:

    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    loss = nn.MSELoss()
    x, y = torch.randn(1, 3), torch.randn(1, 1)

Silent on:

    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))
    loss = nn.MSELoss()
    x, y = torch.randn(1, 3), torch.randn(1, 1)

Sources: https://github.com/pytorch/pytorch/issues/4534
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe
from fallline.core.finding import Finding, Severity

RULE = Rule("FL217", "one-sample", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where batch or instance norm raised over one value per channel."""
    failure = evidence.failure
    operation = None if failure is None else failure.operation
    if failure is None or operation is None or operation.name not in ("batch_norm", "instance_norm"):
        return None
    shape = operation.inputs[0].shape if operation.inputs else ()
    values = 1
    for axis, size in enumerate(shape):
        if axis != 1 and not (operation.name == "instance_norm" and axis == 0):
            values *= size
    if values != 1 or not shape:
        return None
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} was given {shape}: one value per channel to take a "
        f"variance of.",
        why="In training it normalizes by the batch's own variance, which one value does not have.",
        mend="DataLoader(..., drop_last=True)    # or a batch of at least two samples",
        evidence={"input": shape},
        where=failure.place,
        message=failure.message,
    )
