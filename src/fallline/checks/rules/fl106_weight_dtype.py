"""Class weights of a loss are not of the outputs' dtype, or not as many as there are classes.

Weights counted with NumPy are float64, or integers. There has to be one weight per class, in the order of the class
ids, and one `pos_weight` per label.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    x, y = torch.randn(6, 4), torch.arange(6) % 3

Silent on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    x, y = torch.randn(6, 4), torch.arange(6) % 3

Sources: https://github.com/sebsk/CS224N-Project/pull/2
"""

from __future__ import annotations

import math
from typing import Any

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import dtype, failed_loss, tried
from fallline.checks.traced import Seen
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL106", "class-weights", Severity.error, ("exception",))

_PER_CLASS = ("cross_entropy", "nll_loss", "multi_margin_loss")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a loss raised and its weights do not fit the outputs."""
    met = failed_loss(evidence.failure, evidence)
    if met is None:
        return None
    for argument in ("weight", "pos_weight"):
        weight = met.operation.named.get(argument)
        if weight is None:
            continue
        if weight.dtype != met.output.dtype:
            return _kind(evidence, met, argument, weight)
        per_class = met.loss in _PER_CLASS and len(met.output.shape) > 1 and argument == "weight"
        if per_class and weight.shape[:1] != met.output.shape[1:2]:
            return _count(evidence, met, argument, weight)
        if argument == "pos_weight" and not _broadcasts(weight.shape, met.output.shape):
            return _count(evidence, met, argument, weight)
    return None


def _kind(evidence: Evidence, met: Comparison, argument: str, weight: Seen) -> Finding:
    def recast(func: Any, args: Any, kwargs: Any) -> Any:
        values = dict(kwargs.items())
        if argument in values:
            values[argument] = values[argument].to(met.output.dtype)
        return func(*(a.to(met.output.dtype) if i == 2 else a for i, a in enumerate(args)), **values)

    return RULE.finding(
        what=f"{met.loss} was given its {argument} as {dtype(weight.dtype)} beside outputs as "
        f"{dtype(met.output.dtype)}.",
        why="The weights are multiplied with the outputs' losses and have to be of their dtype.",
        mend=f"{argument}=torch.as_tensor({argument}, dtype={met.output.dtype})",
        evidence={argument: dtype(weight.dtype), "output": dtype(met.output.dtype)},
        verified=tried(evidence, mode=Mended(met.operation, recast)),
        where=evidence.failure.place,
        message=evidence.failure.message,
    )


def _count(evidence: Evidence, met: Comparison, argument: str, weight: Seen) -> Finding:
    classes = met.output.shape[1] if len(met.output.shape) > 1 else math.prod(met.output.shape[-1:])
    return RULE.finding(
        what=f"{met.loss} was given {weight.shape[0] if weight.shape else 1} weights for {classes} outputs.",
        why="There has to be one weight per class, in the order of the class ids.",
        mend=f"{evidence.names.loss} = ...({argument}=torch.ones({classes}))    # one number per class",
        evidence={argument: weight.shape, "output": met.output.shape},
        where=evidence.failure.place,
        message=evidence.failure.message,
    )


def _broadcasts(weight: tuple[int, ...], output: tuple[int, ...]) -> bool:
    return all(w in (1, o) for w, o in zip(reversed(weight), reversed(output), strict=False))
