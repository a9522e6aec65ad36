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
    """Fires where such a call without an argument raised, or where a loss is watched as if more of it were better."""
    if (turned := _turned(evidence)) is not None:
        return turned
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


def _turned(evidence: Evidence) -> Finding | None:
    """A scheduler in mode "max" that is told the very losses that are minimized."""
    told = [event for event in evidence.trace.events if event.kind == "schedule" and event.detail.get("mode") == "max"]
    values = {backward.value for backward in evidence.trace.backwards}
    maximized = any(group.get("maximize") for optimizer in evidence.optimizers for group in optimizer.param_groups)
    if maximized or len(told) < 2 or not all(event.detail["metric"] in values for event in told):
        return None
    return RULE.finding(
        what='ReduceLROnPlateau(mode="max") is told the loss: it takes a falling loss for a lack of progress.',
        why="It lowers the learning rate while training goes well, until nothing moves any more.",
        mend='ReduceLROnPlateau(optimizer, mode="min")',
        evidence={"mode": "max", "metric": told[0].detail["metric"]},
        where=told[0].place,
    )
