"""Dropout leaves nothing: its rate is 1, or so near that hardly a number passes.

`p` is the share that is dropped, not the share that is kept.

Fires on:

    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(1.0), nn.Linear(8, 1))
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.8), nn.Linear(8, 1))
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: none
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import skipping
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL803", "everything-dropped", Severity.error, ("mode", "gradient", "stuck"))

_LIMIT = 0.95


def examine(evidence: Evidence) -> Finding | None:
    """Fires where dropout of 0.95 or more is at work in training."""
    for operation in evidence.trace.named("dropout", "dropout1d", "dropout2d", "alpha_dropout"):
        rate = operation.options.get("p", operation.options.get("#1", 0.5))
        training = operation.options.get("training", operation.options.get("#2", True))
        if training and isinstance(rate, float | int) and rate >= _LIMIT:
            return RULE.finding(
                what=f"Dropout of {rate:g} leaves {1 - rate:.0%} of the numbers.",
                why="p is the share that is dropped: hardly anything reaches the layers after it.",
                mend=f"nn.Dropout({max(1 - rate, 0.1):.1f})    # the share to drop, not to keep",
                evidence={"p": rate},
                verified=tried(evidence, mode=skipping(operation)),
                where=operation.place,
            )
    return None
