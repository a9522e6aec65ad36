"""`backward()` is called on a loss that is no single number.

With `reduction="none"` a loss is one number per sample. A gradient is that of one number: take the mean.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss(reduction="none")
    x, y = torch.randn(6, 4), torch.arange(6) % 3

Silent on:

    model = nn.Linear(4, 3)
    x, y = torch.randn(6, 4), torch.arange(6) % 3
    loss = lambda output, target: nn.CrossEntropyLoss(reduction="none")(output, target).mean()

Sources: https://github.com/aramis-lab/clinicadl/pull/653
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL209", "loss-not-scalar", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where backward raised on a tensor of several numbers."""
    failure = evidence.failure
    if failure is None or failure.stage != "backward" or not failure.arguments:
        return None
    shape = failure.arguments[0].shape
    if math.prod(shape) == 1:
        return None
    name = evidence.names.loss
    made = evidence.trace.source(failure.arguments[0])
    unreduced = made is not None and made.options.get("reduction") == "none"

    def reduced(setup: Any) -> Any:
        return dataclasses.replace(setup, loss=lambda *sides: setup.loss(*sides).mean())

    verified = None if evidence.setup is None or evidence.setup.train_step else tried(evidence, reduced)
    return RULE.finding(
        what=f"backward() was called on a loss of shape {shape}" + (' (reduction="none").' if unreduced else "."),
        why="A gradient is that of one number; several have to be put together first.",
        mend=f"{name}(output, target).mean().backward()" + ('    # or reduction="mean"' if unreduced else ""),
        evidence={"loss": shape},
        verified=verified,
        where=failure.place,
        message=failure.message,
    )
