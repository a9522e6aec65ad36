"""The gradients are set to zero between the backward pass and the step.

The step then finds nothing to follow, and the parameters stay where they are (or drift by momentum and weight decay
alone).

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.zero_grad()
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

Sources: https://discuss.pytorch.org/t/zero-grad-optimizer-or-net/1887
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL502", "gradients-erased", Severity.error, ("loop", "stuck", "gradient"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where steps find no gradient though a backward pass had just given some."""
    erased = [step for step in evidence.trace.steps if step.erased]
    if not erased or len(erased) < len([s for s in evidence.trace.steps if s.owner == erased[0].owner]):
        return None
    zeroed = [event for event in evidence.trace.events if event.kind == "zero_grad" and event.detail["backwards"] > 0]
    return RULE.finding(
        what=f"At each of {len(erased)} steps the gradients were none or zero, though backward() had just filled them.",
        why="A step moves the parameters by the gradients there are.",
        mend="optimizer.zero_grad()    # before loss.backward(), not after\nloss.backward()\noptimizer.step()",
        evidence={"steps": len(erased)},
        where=zeroed[0].place if zeroed else erased[0].place,
    )
