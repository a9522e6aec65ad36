"""The optimizer owns none of the parameters that are trained.

It was built with another network's parameters, or with those of a copy: the network was built anew, deep-copied or
replaced afterwards. It steps, and the network stays as it is.

Fires on:

    model = nn.Linear(3, 1)
    other = nn.Linear(3, 1)
    optimizer = torch.optim.Adam(other.parameters())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.Adam(model.parameters())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/zhaoyuzhi/deepfillv2/pull/3
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._ownership import rebuilt
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL702", "other-parameters", Severity.error, ("ownership", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where gradients reach only parameters that no optimizer owns, and nothing moved."""
    trace = evidence.trace
    reached = {name for backward in trace.backwards for name in backward.reached}
    if not reached or not evidence.optimizers or evidence.moved & reached or reached & evidence.owned:
        return None
    if evidence.setup is None and not trace.steps:
        return None
    names, optimizer = evidence.names, evidence.optimizers[0]
    owned = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    shapes = [tuple(parameter.shape) for parameter in owned]
    copy = shapes == [tuple(evidence.parameters[name].shape) for name in evidence.parameters if name in reached]
    kind = type(optimizer).__name__
    return RULE.finding(
        what=f"{names.optimizer} owns {len(owned)} parameters, none of which is among the {len(reached)} that "
        f"get gradients"
        + (
            ": they have the same shapes, as those of a copy or of the network before it was built anew."
            if copy
            else "."
        ),
        why="It moves the parameters it was built with; those of the network stay where they are.",
        mend=f"{names.optimizer} = torch.optim.{kind}({names.model}.parameters(), ...)    # after the network "
        f"is finished",
        evidence={"owned": len(owned), "with gradients": sorted(reached)[:5], "same shapes": copy},
        verified=tried(evidence, rebuilt),
    )
