"""Parameters are updated by hand while gradients are recorded.

`p -= lr * p.grad` changes a leaf of the graph in place, which torch refuses. The update itself is not to be
differentiated.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        value = loss(model(batch[0]), batch[1])
        value.backward()
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        model.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        return value

Sources: https://github.com/pytorch/examples/pull/779
"""

from __future__ import annotations

from typing import Any

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL607", "leaf-update", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an in-place operation on a leaf that requires gradients raised."""
    failure = evidence.failure
    operation = None if failure is None else failure.operation
    if failure is None or operation is None or not operation.inputs or not operation.grad:
        return None
    changed = operation.inputs[0]
    in_place = (operation.name.endswith("_") and not operation.name.startswith("__")) or operation.name == "__setitem__"
    if not in_place or not changed.leaf or not changed.needs_grad:
        return None

    def without(func: Any, args: Any, kwargs: Any) -> Any:
        with torch.no_grad():
            return func(*args, **kwargs)

    name = (changed.label or "a parameter").removeprefix("parameter ")
    return RULE.finding(
        what=f"{name} requires gradients and is changed in place by {operation.name} while they are recorded.",
        why="The update would become part of the graph; torch refuses.",
        mend="with torch.no_grad():\n    for p in model.parameters():\n        p -= lr * p.grad",
        evidence={"operation": operation.name, "parameter": name},
        verified=tried(evidence, mode=Mended(operation, without), steps=10),
        where=failure.place,
        message=failure.message,
    )
