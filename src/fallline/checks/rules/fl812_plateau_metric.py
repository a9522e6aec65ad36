"""`ReduceLROnPlateau.step()` is called without what it watches.

It lowers the learning rate when a number stops improving, and has to be given that number.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
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
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        scheduler.step(value.item())
        return value

Sources: https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix/issues/495
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL812", "plateau-metric", Severity.error, ("exception", "schedule"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the last thing before an exception was such a call without an argument."""
    failure = evidence.failure
    last = evidence.trace.events[-1] if evidence.trace.events else None
    if failure is None or last is None or last.kind != "schedule" or not isinstance(failure.error, TypeError):
        return None
    if last.detail["scheduler"] != "ReduceLROnPlateau" or last.detail["given"]:
        return None
    return RULE.finding(
        what="ReduceLROnPlateau.step() is called without the number it watches.",
        why="It lowers the learning rate when that number has stopped improving.",
        mend="scheduler.step(validation_loss)",
        evidence={"arguments": 0},
        where=failure.place,
        message=failure.message,
    )
