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
from fallline.checks.rules._shared import tried
from fallline.checks.setup import Setup
from fallline.core.finding import Finding, Severity

RULE = Rule("FL506", "wrong-optimizer", Severity.error, ("loop", "stuck", "ownership"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where only optimizers without gradients step, and one with gradients does not."""
    trace = evidence.trace
    reached = {name for backward in trace.backwards for name in backward.reached}
    if len(trace.steps) < 2 or len(trace.backwards) < 2 or not _waits(evidence, reached):
        return None
    if not all(step.owned.isdisjoint(reached) for step in trace.steps):
        return None
    return RULE.finding(
        what=f"{len(trace.steps)} steps of an optimizer whose parameters got no gradient; the optimizer that owns the "
        f"{len(reached)} parameters that did never steps.",
        why="The parameters that the loss depends on never move.",
        mend=f"{evidence.names.optimizer}.step()    # the optimizer of the parameters just back-propagated",
        evidence={"steps": len(trace.steps), "parameters with gradients": sorted(reached)[:5]},
        verified=tried(evidence, _stepping),
        where=trace.steps[0].place,
    )


def _waits(evidence: Evidence, reached: set[str]) -> bool:
    """Whether an optimizer that owns parameters with gradients never steps."""
    stepped = {step.owner for step in evidence.trace.steps}
    keys = {id(evidence.parameters[name]) for name in reached if name in evidence.parameters}
    return any(
        number not in stepped and any(id(p) in keys for group in optimizer.param_groups for p in group["params"])
        for number, optimizer in enumerate(evidence.optimizers)
    )


def _stepping(setup: Setup) -> Setup:
    """The mend: the optimizer steps after the user's own step."""
    own = setup.train_step
    if own is None:
        return setup

    def train_step(model: Any, loss: Any, optimizer: Any, batch: Any) -> Any:
        value = own(model, loss, optimizer, batch)
        optimizer.step()
        return value

    return dataclasses.replace(setup, train_step=train_step)
