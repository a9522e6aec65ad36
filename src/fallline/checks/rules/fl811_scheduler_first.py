"""The scheduler steps before the optimizer does.

The first value of the schedule is skipped, and torch warns. Once per step or epoch: optimizer first, then scheduler.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 100)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        scheduler.step()
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 100)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        scheduler.step()
        return value

Sources: https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL811", "scheduler-first", Severity.warning, ("schedule",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the first schedule step comes before the first optimizer step, and both are made."""
    trace = evidence.trace
    events = [event for event in trace.events if event.kind == "schedule"]
    if not events or not trace.steps or not evidence.complete or events[0].detail["steps"]:
        return None
    if events[0].detail["given"]:
        return None  # a metric; or an epoch, which sets the rate of this very moment
    return RULE.finding(
        what=f"{events[0].detail['scheduler']}.step() is called before the first optimizer.step().",
        why="The first learning rate of the schedule is skipped, and every later one comes a step early.",
        mend="optimizer.step()\nscheduler.step()",
        evidence={"schedule steps before the first optimizer step": sum(not e.detail["steps"] for e in events)},
        where=events[0].place,
    )
