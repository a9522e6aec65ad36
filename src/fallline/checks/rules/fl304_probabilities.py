"""`BCELoss` is given raw scores.

It takes probabilities between 0 and 1 and raises on anything else. `BCEWithLogitsLoss` takes the raw scores, and is
also exact where a sigmoid has rounded to 0 or 1.

Fires on:

    model = nn.Linear(4, 1)
    loss = nn.BCELoss()
    x, y = 9 * torch.randn(8, 4), torch.ones(8, 1)

Silent on:

    model = nn.Linear(4, 1)
    loss = nn.BCEWithLogitsLoss()
    x, y = 9 * torch.randn(8, 4), torch.ones(8, 1)

Sources: https://github.com/pytorch/pytorch/issues/5560
"""

from __future__ import annotations

from typing import Any

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL304", "probabilities", Severity.error, ("exception", "contract"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the input of binary cross entropy has finite numbers outside 0 … 1, or no sigmoid before it."""
    for met in losses(evidence, "binary_cross_entropy"):
        values = met.values
        if values is None or not values.numel() or not values.isfinite().all():
            continue
        low, high = float(values.min()), float(values.max())
        made = evidence.transform(met.output)
        raw = made is not None and (made.name in ("relu", "tanh", "leaky_relu") or _learned(made))
        if low >= 0 and high <= 1 and not raw:
            continue

        def with_logits(func: Any, args: Any, kwargs: Any) -> Any:
            return (
                torch.nn.functional.binary_cross_entropy_with_logits(args[0], args[1])
                if len(args) > 1
                else func(**kwargs)
            )

        failure = evidence.failure
        return RULE.finding(
            what=f"binary_cross_entropy takes probabilities and was given numbers from {low:.3g} to {high:.3g}"
            + (f", from {made.name}." if made is not None else "."),
            why="The logarithm of a probability has no meaning outside 0 … 1; torch raises there.",
            mend="nn.BCEWithLogitsLoss()    # takes raw scores; or a nn.Sigmoid() at the end of the network",
            evidence={"lowest": low, "highest": high},
            verified=tried(evidence, mode=Mended(met.operation, with_logits)),
            where=met.operation.place,
            message=failure.message if failure is not None else None,
        )
    return None


def _learned(made: Operation) -> bool:
    """Whether an operation is a layer with weights to learn; a fixed kernel may average probabilities."""
    layer = made.name in ("linear", "conv2d", "conv1d", "addmm")
    return layer and any((each.label or "").startswith("parameter ") for each in made.inputs)
