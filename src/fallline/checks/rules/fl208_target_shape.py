"""Outputs and targets of an element-wise loss have shapes that do not fit.

Binary cross entropy refuses to broadcast; the others raise where broadcasting is not possible. Most often one side is a
column (N, 1) and the other a row (N,).

Fires on:

    model = nn.Linear(4, 1)
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(6, 4), torch.ones(6)

Silent on:

    model = nn.Linear(4, 1)
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(6, 4), torch.ones(6, 1)

Sources: https://discuss.pytorch.org/t/target-size-must-be-the-same-as-input-size/
"""

from __future__ import annotations

import math

import torch

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import cast_targets, failed_loss, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL208", "target-shape", Severity.error, ("exception",))

_BY_ID = ("cross_entropy", "nll_loss", "multi_margin_loss", "ctc_loss", "cosine_embedding_loss", "triplet_margin_loss")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an element-wise loss raised and its two sides differ in shape."""
    met = failed_loss(evidence.failure, evidence)
    if met is not None and met.loss in ("cross_entropy", "nll_loss") and _another_size(met):
        return _sized(evidence, met)
    if met is None or met.loss in _BY_ID or met.output.shape == met.target.shape:
        return None
    output, target = met.output.shape, met.target.shape
    y, change = evidence.names.targets, None
    if math.prod(output) == math.prod(target):
        mend, change = f"{y} = {y}.view({', '.join(map(str, output))})", cast_targets(lambda t: t.reshape(output))
        if output == (*target, 1):
            mend, change = f"{y} = {y}.unsqueeze(-1)", cast_targets(lambda t: t.unsqueeze(-1))
        elif (*output, 1) == target:
            mend, change = f"{y} = {y}.squeeze(-1)", cast_targets(lambda t: t.squeeze(-1))
    elif len(output) == 2 and len(target) == 1 and met.target.dtype in (torch.int64, torch.int32):
        mend = f"{y} = nn.functional.one_hot({y}, {output[1]}).float()    # or CrossEntropyLoss, which takes ids"
    else:
        mend = f"as many outputs as targets: {output} beside {target}"
    return RULE.finding(
        what=f"{met.loss} was given outputs {output} and targets {target}.",
        why="It compares element with element, so that both have to have one shape.",
        mend=mend,
        evidence={"output": output, "target": target},
        verified=None if change is None else tried(evidence, change),
        where=evidence.failure.place,
        message=evidence.failure.message,
    )


def _another_size(met: Comparison) -> bool:
    """Whether there is a class id for each position of as many samples, and not as many positions as scores."""
    output, target = met.output.shape, met.target.shape
    return len(output) == len(target) + 1 > 2 and output[0] == target[0] and output[2:] != target[1:]


def _sized(evidence: Evidence, met: Comparison) -> Finding:
    output, target = met.output.shape, met.target.shape
    size = ", ".join(map(str, target[1:]))
    return RULE.finding(
        what=f"{met.loss} was given scores for positions {output[2:]} and class ids for positions {target[1:]}.",
        why="Each position with a class id needs scores of its own: the network gives a map of another size.",
        mend=f"output = nn.functional.interpolate(output, size=({size}))    # or class ids of the output's size"
        if len(target) > 2
        else f"as many positions in the output as class ids: {output[2:]} beside {target[1:]}",
        evidence={"output": output, "target": target},
        where=evidence.failure.place,
        message=evidence.failure.message,
    )
