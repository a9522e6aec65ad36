"""The learning rate is gone after a few steps.

A schedule meant for epochs is stepped once per batch. After twenty batches the rate is a thousandth of what it was, and
training stands still.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
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
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        scheduler.step()
        return value

Sources: https://discuss.pytorch.org/t/scheduler-step-per-batch-or-per-epoch/
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL814", "schedule-too-fast", Severity.error, ("schedule", "stuck"))

_OPEN_ENDED = ("StepLR", "ExponentialLR", "MultiStepLR", "MultiplicativeLR", "LambdaLR")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where such a schedule takes the rate below a thousandth within the steps seen; in a loop, within half."""
    events = [event for event in evidence.trace.events if event.kind == "schedule"]
    steps = evidence.trace.steps
    if not events or len(steps) < 5 or events[-1].detail["scheduler"] not in _OPEN_ENDED:
        return None
    owner = steps[-1].owner
    rates = [max(step.rates) for step in steps if step.owner == owner and step.rates]
    if len(rates) < 5 or len(rates) > 60 or not 0 <= rates[-1] < 1.01e-3 * rates[0] or max(rates) > rates[0] * 1.01:
        return None
    gone = next(place for place, rate in enumerate(rates) if rate < 1.01e-3 * rates[0])
    if evidence.setup is None and gone > len(rates) / 2:
        return None  # a short training that ends as its schedule does
    return RULE.finding(
        what=f"{events[0].detail['scheduler']} took the learning rate from {rates[0]:.3g} to {rates[-1]:.3g} in "
        f"{gone} steps.",
        why="At this pace nothing is learned after the first few batches: it is meant to be stepped once per epoch.",
        mend="scheduler.step()    # once per epoch, after the loop over the batches",
        evidence={"first": rates[0], "last": rates[-1], "steps": gone},
        where=events[0].place,
    )
