"""The scheduler changes the learning rate of another optimizer.

It was built with an optimizer that does not step here, and another one moves the same parameters: the optimizer was
replaced, say, or built a second time.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(torch.optim.SGD(model.parameters(), lr=0.1), 10)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: none
"""

from __future__ import annotations

from torch.optim import Optimizer

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL813", "other-scheduler", Severity.error, ("schedule",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a scheduler's optimizer makes no step, and another one moves its parameters."""
    stepped = {id(evidence.optimizers[step.owner]) for step in evidence.trace.steps}
    given = [evidence.setup.scheduler] if evidence.setup is not None and evidence.setup.scheduler is not None else []
    for scheduler in [*given, *evidence.schedulers]:
        optimizer = getattr(scheduler, "optimizer", None)
        if optimizer is None or not stepped or id(optimizer) in stepped:
            continue
        owner = _instead(evidence, optimizer)
        if owner is None:
            continue
        name = evidence.optimizer_name(owner)
        kind = type(scheduler).__name__
        return RULE.finding(
            what=f"{kind} schedules an optimizer that makes no step; the one that does keeps its learning rate.",
            why="A scheduler changes the learning rate of the optimizer it was built with.",
            mend=f"scheduler = torch.optim.lr_scheduler.{kind}({name}, ...)",
            evidence={"scheduler": kind},
        )
    return None


def _instead(evidence: Evidence, optimizer: Optimizer) -> int | None:
    """Which optimizer moves the parameters of one that makes no step; None where it is a shell around that one.

    An optimizer whose parameters nobody moves may have its turn later.
    """
    groups = {id(group) for group in optimizer.param_groups}
    own = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    for owner in sorted({step.owner for step in evidence.trace.steps}):
        others = evidence.optimizers[owner].param_groups
        if any(id(group) in groups for group in others):
            return None
        if any(id(parameter) in own for group in others for parameter in group["params"]):
            return owner
    return None
