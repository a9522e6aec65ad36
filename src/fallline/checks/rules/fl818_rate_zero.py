"""The learning rate is zero at every step.

A schedule that starts at zero and is not stepped, or a rate that was rounded away, leaves the parameters where they
are.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 100)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        scheduler.step()
        return value

Sources: none
"""

from __future__ import annotations

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.instruments import modal
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL818", "rate-zero", Severity.error, ("schedule", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an optimizer made five steps or more, all at a learning rate of 0."""
    steps = evidence.trace.steps
    for owner in {step.owner for step in steps}:
        rates = [rate for step in steps if step.owner == owner for rate in step.rates]
        if len(rates) < 5 or any(rates):
            continue
        unscheduled = evidence.setup is not None and evidence.setup.train_step is None
        if unscheduled and evidence.setup is not None and evidence.setup.scheduler is not None:
            return None  # it is the check that does not step the schedule
        name = evidence.optimizer_name(owner)
        return RULE.finding(
            what=f"The learning rate was 0 at all {len(rates)} steps.",
            why="A step of size 0 moves nothing.",
            mend=f'{name}.param_groups[0]["lr"] = 1e-3    # or step the schedule that begins at 0',
            evidence={"steps": len(rates), "lr": 0.0},
            where=next(step.place for step in steps if step.owner == owner),
            severity=Severity.hint if _normed(evidence) else None,  # their statistics may be what is wanted
        )
    return None


def _normed(evidence: Evidence) -> bool:
    """Whether a network has batch norm, whose statistics change without a rate."""
    norms = (nn.modules.batchnorm._BatchNorm,)
    return any(isinstance(module, norms) and module.training for root in evidence.roots for module in modal(root))
