"""`LambdaLR` is given a function that returns a learning rate instead of a factor.

What the function returns is multiplied with the optimizer's learning rate: 0.01 times 0.01 is 0.0001.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.01 * 0.95**epoch)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.95**epoch)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
"""

from __future__ import annotations

from typing import Any

from torch.optim.lr_scheduler import LambdaLR

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL817", "lambda-rate", Severity.error, ("schedule", "stuck"))

_TRIED = (0, 1, 5, 10, 50, 100, 500, 1000, 10_000, 100_000)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the function begins at the learning rate itself and never exceeds it."""
    given = [evidence.setup.scheduler] if evidence.setup is not None else []
    for scheduler in [*given, *evidence.schedulers]:
        if not isinstance(scheduler, LambdaLR):
            continue
        for base, function in zip(scheduler.base_lrs, scheduler.lr_lambdas, strict=False):
            first = _at(function, 0)
            if not 0 < base <= 0.2 or first is None or abs(first - base) > 0.01 * base:
                continue
            if any((_at(function, step) or 0) > 1.01 * base for step in _TRIED):
                continue
            return RULE.finding(
                what=f"The function of LambdaLR begins at {first:.3g}, the learning rate itself: the rate is "
                f"{base * first:.3g}.",
                why="What it returns is a factor of the optimizer's learning rate.",
                mend="LambdaLR(optimizer, lambda epoch: ...)    # begins at 1.0",
                evidence={"lr": base, "factor": first},
            )
    return None


def _at(function: Any, step: int) -> float | None:
    try:
        return float(function(step))
    except (ValueError, ZeroDivisionError, OverflowError, IndexError, KeyError):  # not made for so many steps
        return None
