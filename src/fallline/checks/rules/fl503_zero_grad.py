"""Gradients are never set to zero: each step follows the sum of all gradients so far.

`backward()` adds to what is there. Adding on purpose over several backward passes and then stepping is gradient
accumulation; here gradients that a step has used already are used again.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        for part in (slice(0, 4), slice(4, 8)):
            value = loss(model(batch[0][part]), batch[1][part]) / 2
            value.backward()
        optimizer.step()
        optimizer.zero_grad()
        return value

Sources: https://stackoverflow.com/questions/48001598/why-do-we-need-to-call-zero-grad-in-pytorch
"""

from __future__ import annotations

import dataclasses
from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL503", "zero-grad", Severity.error, ("loop", "divergence", "nonfinite", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a step uses gradients that an earlier one has used."""
    stale = [step for step in evidence.trace.steps if step.stale and step.backwards]
    by_hand = [b for b in evidence.trace.backwards if b.stale and not evidence.trace.steps]
    if not stale and not by_hand:
        return None
    backward = evidence.trace.backwards[0]
    where = backward.place if evidence.setup is None or evidence.setup.train_step else None
    which = stale[0].stale if stale else by_hand[0].stale
    whole = not stale or len(which) == len(stale[0].owned)
    call = f"{evidence.optimizer_name(stale[0].owner) if stale else 'model'}.zero_grad()"

    def zeroed(setup: Any) -> Any:
        """The same step with all gradients set to zero before it."""

        def train_step(model: Any, loss: Any, optimizer: Any, batch: Any) -> Any:
            for parameter in (*model.parameters(), *evidence.parameters.values()):
                parameter.grad = None
            return setup.train_step(model, loss, optimizer, batch)

        return setup if setup.train_step is None else dataclasses.replace(setup, train_step=train_step)

    return RULE.finding(
        what=f"{'The' if whole else f'{len(which)} parameters’'} gradients still hold those of earlier steps: "
        "backward() adds to them, and nothing sets them to zero.",
        why="Each step follows the sum of all gradients so far: it overshoots, swings, or runs off.",
        mend=f"{call}    # once a step, before loss.backward()",
        evidence={"steps": len(stale) or len(by_hand), "parameters": sorted(which)[:5]},
        verified=tried(evidence, zeroed),
        where=where or (stale[0].place if stale else None),
    )
