"""LBFGS steps without a closure.

It evaluates the loss several times in one step, and has to be given the function that does so.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.LBFGS(model.parameters())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.LBFGS(model.parameters())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        def closure():
            optimizer.zero_grad()
            value = loss(model(batch[0]), batch[1])
            value.backward()
            return value

        return optimizer.step(closure)

Sources: https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
"""

from __future__ import annotations

from torch.optim import LBFGS

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL510", "closure", Severity.error, ("exception", "loop"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a step of LBFGS raised a TypeError outside any torch function."""
    failure = evidence.failure
    if failure is None or failure.operation is not None or not isinstance(failure.error, TypeError):
        return None
    if failure.stage not in ("step", "train_step", "") or not any(isinstance(o, LBFGS) for o in evidence.optimizers):
        return None
    return RULE.finding(
        what="LBFGS.step() is called without a closure.",
        why="It evaluates the loss several times in one step, and needs the function that does so.",
        mend="def closure():\n    optimizer.zero_grad()\n    loss = loss_fn(model(x), y)\n    loss.backward()\n"
        "    return loss\noptimizer.step(closure)",
        evidence={"optimizer": "LBFGS"},
        where=failure.place,
        message=failure.message,
    )
