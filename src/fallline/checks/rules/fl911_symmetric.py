"""All units of a hidden layer are the same, and stay so.

Units that begin with equal weights get equal gradients: a layer of a hundred is worth one. With zeros in two layers
in a row there is no gradient at all. Zeros are fine in a linear model, and in the last layer.

Fires on:

    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    nn.init.constant_(model[0].weight, 0.1)
    nn.init.zeros_(model[0].bias)
    nn.init.constant_(model[2].weight, 0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.MSELoss()
    x = torch.randn(32, 4)
    y = x[:, :1] ** 2

Silent on:

    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    nn.init.zeros_(model[2].weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.MSELoss()
    x = torch.randn(32, 4)
    y = x[:, :1] ** 2

Sources: https://github.com/yz93/LAVT-RIS/issues/25
"""

from __future__ import annotations

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.setup import Setup
from fallline.core.finding import Finding, Severity

RULE = Rule("FL911", "symmetric", Severity.error, ("gradient", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the rows of a hidden layer's matrix are equal after training, though gradients reached it."""
    if len(evidence.trace.steps) < 2:
        return None
    reached = {name for backward in evidence.trace.backwards for name in backward.reached}
    for name in sorted(evidence.equal_rows & reached & evidence.owned):
        weight = evidence.parameters[name]
        if not _hidden(evidence, name) or weight.dim() > 5:
            continue
        zero = not bool(weight.detach().any())
        return RULE.finding(
            what=f"All {weight.shape[0]} rows of {name} {tuple(weight.shape)} are the same"
            f"{' (zero)' if zero else ''}, and still are after {len(evidence.trace.steps)} steps.",
            why="Equal units get equal gradients and stay equal"
            + (": zeros on both sides give no gradient at all." if zero else ": the layer is worth a single unit."),
            mend=f"nn.init.kaiming_uniform_({name})    # random, so that the units differ",
            evidence={"shape": tuple(weight.shape), "zero": zero},
            verified=tried(evidence, _drawn(weight)),
        )
    return None


def _hidden(evidence: Evidence, name: str) -> bool:
    """Whether what the matrix makes goes into another matrix."""
    used = [
        op
        for op in evidence.trace.operations
        if op.step == 0 and any(s.label == f"parameter {name}" for s in op.inputs)
    ]
    if not used or used[0].name not in ("linear", "matmul", "conv1d", "conv2d", "conv3d", "addmm", "mm"):
        return False
    keys = {seen.key for seen in used[0].outputs}
    for operation in evidence.trace.operations[used[0].index + 1 :]:
        if operation.step or not any(seen.key in keys for seen in operation.inputs):
            continue
        weights = [s for s in operation.inputs if (s.label or "").startswith("parameter ") and len(s.shape) > 1]
        if weights and operation.name in ("linear", "matmul", "conv1d", "conv2d", "conv3d", "addmm", "mm"):
            return True
        keys.update(seen.key for seen in operation.outputs)
    return False


def _drawn(weight: torch.Tensor):
    def change(setup: Setup) -> Setup:
        with torch.no_grad():
            torch.nn.init.kaiming_uniform_(weight, a=5**0.5)
        return setup

    return change
