"""Gradients are computed and no optimizer step is made.

`backward()` only writes the gradients; `optimizer.step()` moves the parameters. The losses that are printed are those
of the network as it was drawn.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        model.zero_grad()
        value.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        return value

Sources: https://discuss.pytorch.org/t/model-parameters-not-updating/
"""

from __future__ import annotations

import dataclasses
from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL504", "step-missing", Severity.error, ("loop", "stuck", "ownership"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where backward passes are thrown away: no step, and nothing moved."""
    trace = evidence.trace
    if trace.steps or trace.failure is not None or len(trace.backwards) < 3 or evidence.moved or not evidence.complete:
        return None
    if not any(backward.reached for backward in trace.backwards) or not evidence.optimizers:
        return None
    if any(event.kind == "measure" for event in trace.events) or any(True for _ in trace.named("grad")):
        return None  # the gradients themselves are what is wanted
    zeroed = [e for e in trace.events if e.kind == "zero_grad" and 0 < e.detail["backwards"] < len(trace.backwards)]
    if not zeroed and evidence.setup is not None and _steps_later(evidence):
        return None  # gradient accumulation over many batches
    name, last = evidence.names.optimizer, trace.backwards[-1]

    def stepping(setup: Any) -> Any:
        def train_step(model: Any, loss: Any, optimizer: Any, batch: Any) -> Any:
            value = setup.train_step(model, loss, optimizer, batch)
            optimizer.step()
            return value

        return setup if setup.train_step is None else dataclasses.replace(setup, train_step=train_step)

    return RULE.finding(
        what=f"{len(trace.backwards)} backward passes, and no {name}.step(): no parameter has moved.",
        why="backward() only writes the gradients; the step moves the parameters.",
        mend=f"{name}.step()    # after loss.backward()",
        evidence={"backward passes": len(trace.backwards), "steps": 0},
        verified=tried(evidence, stepping),
        where=last.place,
    )


def _steps_later(evidence: Evidence) -> bool:
    """Whether the loss changes if the training goes on for longer."""
    losses = evidence.attempt(steps=80)
    batches = len(evidence.setup.batches) if evidence.setup is not None else 1
    return any(abs(a - b) > 1e-9 * abs(a) for a, b in zip(losses, losses[batches:], strict=False))
