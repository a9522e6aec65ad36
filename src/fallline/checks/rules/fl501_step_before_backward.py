"""The optimizer steps before the backward pass.

The gradients it finds are none at first, and those of the batch before after that. The order is: zero_grad, forward,
loss, backward, step.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        optimizer.step()
        optimizer.zero_grad()
        value.backward()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        return value

Sources: https://discuss.pytorch.org/t/what-step-backward-and-zero-grad-do/33301
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL501", "step-before-backward", Severity.error, ("loop", "stuck", "divergence"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the first step came before the first backward pass, though there was one."""
    steps, backwards = evidence.steps, evidence.trace.backwards
    if not steps or not backwards or not evidence.complete or steps[0].after > 0:
        return None
    if len(steps[0].without | steps[0].zero) < len(steps[0].owned):
        return None  # gradients from elsewhere
    first = backwards[0]
    return RULE.finding(
        what="The first optimizer step found no gradient: backward() comes after it.",
        why="A step moves the parameters by the gradients there are; before backward() these are none, or those of "
        "the batch before.",
        mend="optimizer.zero_grad()\nloss.backward()\noptimizer.step()",
        evidence={"backward passes before the first step": 0},
        where=steps[0].place or first.place,
    )
