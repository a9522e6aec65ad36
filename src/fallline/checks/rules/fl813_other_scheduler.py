"""The scheduler changes the learning rate of another optimizer.

It was built with an optimizer that does not step here: that of another network, or one that was replaced since.

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

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import names_of
from fallline.core.finding import Finding, Severity

RULE = Rule("FL813", "other-scheduler", Severity.error, ("schedule",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a scheduler's optimizer makes no step, though another does."""
    stepped = {id(evidence.optimizers[step.owner]) for step in evidence.trace.steps}
    given = [evidence.setup.scheduler] if evidence.setup is not None and evidence.setup.scheduler is not None else []
    for scheduler in [*given, *evidence.schedulers]:
        optimizer = getattr(scheduler, "optimizer", None)
        if optimizer is None or not stepped or id(optimizer) in stepped:
            continue
        name = names_of(evidence).optimizer
        kind = type(scheduler).__name__
        return RULE.finding(
            what=f"{kind} schedules an optimizer that makes no step; the one that does keeps its learning rate.",
            why="A scheduler changes the learning rate of the optimizer it was built with.",
            mend=f"scheduler = torch.optim.lr_scheduler.{kind}({name}, ...)",
            evidence={"scheduler": kind},
        )
    return None
