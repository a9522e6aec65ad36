"""A schedule of a fixed length is stepped more often than it is long.

`OneCycleLR` is told how many steps there will be, batches times epochs, and raises beyond that. Told the number of
epochs and stepped once per batch it ends in the first epoch. Where only the check's own steps are seen, and no loader
says how many an epoch has, it is a hint: the training itself may be that short.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=5)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        scheduler.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, epochs=5, steps_per_epoch=40)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        scheduler.step()
        return value

Sources: https://discuss.pytorch.org/t/onecyclelr-tried-to-step-times/
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.setup import Setup
from fallline.core.finding import Finding, Severity

RULE = Rule("FL815", "schedule-over", Severity.error, ("exception", "schedule"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a schedule with a total raised when it was stepped."""
    failure = evidence.failure
    last = evidence.trace.events[-1] if evidence.trace.events else None
    if failure is None or last is None or last.kind != "schedule" or not isinstance(failure.error, ValueError):
        return None
    total = next((s.total_steps for s in evidence.schedulers if isinstance(s.__dict__.get("total_steps"), int)), None)
    if total is None or failure.operation is not None:
        return None
    made = sum(event.kind == "schedule" for event in evidence.trace.events)
    return RULE.finding(
        what=f"{last.detail['scheduler']} was made for {total} steps and is stepped for the {made + 1}th time.",
        why="It counts the steps it is given; stepped once per batch it needs batches times epochs of them.",
        mend="OneCycleLR(optimizer, max_lr=..., epochs=epochs, steps_per_epoch=len(loader))",
        evidence={"total": total, "made": made},
        where=failure.place,
        message=failure.message,
        severity=Severity.hint if _may_suffice(evidence.setup, total) else None,
    )


def _may_suffice(setup: Setup | None, total: int) -> bool:
    """Whether the user's own training may be no longer than the schedule: the check made its steps by itself."""
    return setup is not None and (setup.epoch is None or setup.epoch <= total)
