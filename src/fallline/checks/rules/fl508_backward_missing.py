"""The optimizer steps, and nothing ever computes gradients.

Without `loss.backward()` there is nothing to follow: the parameters stay where they are.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        for parameter, gradient in zip(model.parameters(), torch.autograd.grad(value, list(model.parameters()))):
            parameter.grad = gradient
        optimizer.step()
        return value

Sources: none
"""

from __future__ import annotations

import dataclasses
from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL508", "backward-missing", Severity.error, ("loop", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where steps were made, no backward pass was, and no gradient came from elsewhere."""
    trace = evidence.trace
    if len(evidence.steps) < 2 or trace.backwards or evidence.moved:
        return None
    if any(len(step.without) < len(step.owned) for step in trace.steps):
        return None

    def with_backward(setup: Any) -> Any:
        def train_step(model: Any, loss: Any, optimizer: Any, batch: Any) -> Any:
            optimizer.zero_grad()
            value = setup.forward(batch)
            value.backward()
            optimizer.step()
            return value

        return dataclasses.replace(setup, train_step=train_step)

    return RULE.finding(
        what=f"{len(trace.steps)} optimizer steps, and no backward(): no parameter has a gradient.",
        why="The step moves the parameters by their gradients; without them it does nothing.",
        mend=f"loss.backward()\n{evidence.names.optimizer}.step()",
        evidence={"steps": len(trace.steps), "backward passes": 0},
        verified=tried(evidence, with_backward),
        where=trace.steps[0].place,
    )
