"""Class ids for a loss over classes are not int64.

`CrossEntropyLoss`, `NLLLoss` and the multi-class margin losses take the number of the true class as int64. Floats in
the shape of ids are refused, as floats mean probabilities there, which have the shape of the outputs.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(6, 4), (torch.arange(6) % 3).float()

Silent on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(6, 4), torch.full((6, 3), 1 / 3)

Sources: https://github.com/pytorch/pytorch/issues/133833
"""

from __future__ import annotations

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import cast_targets, dtype, failed_loss, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL104", "class-ids-dtype", Severity.error, ("exception",))

_OF_CLASSES = ("cross_entropy", "nll_loss", "multi_margin_loss", "multilabel_margin_loss")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a loss over classes raised with ids of another dtype."""
    met = failed_loss(evidence.failure, evidence)
    if met is None or met.loss not in _OF_CLASSES or met.target.dtype is torch.int64:
        return None
    if met.loss == "cross_entropy" and met.target.shape == met.output.shape and len(met.output.shape) > 1:
        return None  # probabilities, or one-hot: FL105 and FL204 speak of these
    if met.loss == "cross_entropy" and met.target.dtype is torch.uint8:
        return None
    values, classes = met.targets, met.output.shape[1] if len(met.output.shape) > 1 else 1
    fractions = values is not None and values.is_floating_point() and bool((values != values.round()).any())
    if fractions:
        return _amounts(evidence, met.target.shape, met.output.shape)
    names = evidence.names
    return RULE.finding(
        what=f"{met.loss} was given class ids as {dtype(met.target.dtype)}; it needs int64 (0 … {classes - 1}).",
        why="Only int64 says which class is true; floats would have to be one probability per class.",
        mend=f"{names.targets} = {names.targets}.long()",
        evidence={"target dtype": dtype(met.target.dtype), "target shape": met.target.shape},
        verified=tried(evidence, cast_targets(lambda tensor: tensor.long())),
        where=evidence.failure.place,
        message=evidence.failure.message,
    )


def _amounts(evidence: Evidence, target: tuple[int, ...], output: tuple[int, ...]) -> Finding:
    names = evidence.names
    return RULE.finding(
        what=f"A loss over classes was given amounts with fractions, of shape {target}, beside outputs {output}.",
        why="Class losses answer which of several; an amount is regressed, with one output and a squared or "
        "absolute loss.",
        mend=f"{names.loss} = nn.MSELoss()    # with one output per amount",
        evidence={"target shape": target, "output shape": output},
        where=evidence.failure.place,
        message=evidence.failure.message,
    )
