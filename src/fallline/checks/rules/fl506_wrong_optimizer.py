"""The optimizer that steps is not the one whose parameters got the gradients.

With two networks and two optimizers it is easy to step the other one. The network that was trained never moves.

Fires on:

    other = nn.Linear(2, 2)
    others = torch.optim.Adam(other.parameters(), lr=0.01)
    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        others.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/Lornatang/ESRGAN-PyTorch/issues/39
"""

from __future__ import annotations

import dataclasses
from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import names_of, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL506", "wrong-optimizer", Severity.error, ("loop", "stuck", "ownership"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where only optimizers without gradients step, and one with gradients does not."""
    trace = evidence.trace
    if len(trace.steps) < 2 or len(trace.backwards) < 2:
        return None
    reached = {name for backward in trace.backwards for name in backward.reached}
    idle = [step for step in trace.steps if step.owned.isdisjoint(reached)]
    if len(idle) < len(trace.steps):
        return None
    stepped = {step.owner for step in trace.steps}
    keys = {id(evidence.parameters[name]) for name in reached if name in evidence.parameters}
    waiting = [
        number
        for number, optimizer in enumerate(evidence.optimizers)
        if number not in stepped and any(id(p) in keys for group in optimizer.param_groups for p in group["params"])
    ]
    if not waiting:
        return None
    name = names_of(evidence).optimizer

    def stepping(setup: Any) -> Any:
        def train_step(model: Any, loss: Any, optimizer: Any, batch: Any) -> Any:
            value = setup.train_step(model, loss, optimizer, batch)
            optimizer.step()
            return value

        return setup if setup.train_step is None else dataclasses.replace(setup, train_step=train_step)

    return RULE.finding(
        what=f"{len(trace.steps)} steps of an optimizer whose parameters got no gradient; the optimizer that owns the "
        f"{len(reached)} parameters that did never steps.",
        why="The parameters that the loss depends on never move.",
        mend=f"{name}.step()    # the optimizer of the parameters just back-propagated",
        evidence={"steps": len(trace.steps), "parameters with gradients": sorted(reached)[:5]},
        verified=tried(evidence, stepping),
        where=trace.steps[0].place,
    )
