"""A class id is not one of the network's classes.

With C outputs the ids are 0 … C − 1. Labels that start at 1, −1 for "negative" or "unknown", grey values of a mask, or
a class more than the last layer has outputs are outside.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3 + 1

Silent on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss(ignore_index=255)
    x, y = torch.randn(9, 4), torch.tensor([0, 1, 2, 255, 0, 1, 2, 255, 0])

Sources: https://github.com/pytorch/pytorch/issues/12670, https://github.com/milesial/Pytorch-UNet/issues/291
"""

from __future__ import annotations

from typing import Any

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import cast_targets, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL401", "class-out-of-range", Severity.error, ("exception", "labels"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where ids lie outside 0 … C − 1 and are not ignored."""
    for met in losses(evidence, "cross_entropy", "nll_loss", "multi_margin_loss"):
        ids = met.targets
        if ids is None or not ids.numel() or ids.is_floating_point() or not met.output.shape:
            continue
        if ids.shape == met.output.shape and ids.dim() > 1:
            continue
        classes = list(met.output.shape)[1 if len(met.output.shape) > 1 else 0]
        kept = ids[ids != met.operation.options.get("ignore_index", -100)].long()
        if not kept.numel() or (int(kept.min()) >= 0 and int(kept.max()) < classes):
            continue
        y, failure = evidence.names.targets, evidence.failure
        mend, change = _mend(kept, classes, y)
        return RULE.finding(
            what=f"Class ids from {int(kept.min())} to {int(kept.max())} ({_listed(kept)}) for {classes} outputs, "
            f"which are the classes 0 … {classes - 1}.",
            why="An id is the number of an output, counted from 0.",
            mend=mend,
            evidence={"lowest": int(kept.min()), "highest": int(kept.max()), "outputs": classes},
            verified=None if change is None else tried(evidence, cast_targets(change)),
            where=met.operation.place if failure is None else failure.place,
            message=failure.message if failure is not None else None,
        )
    return None


def _mend(ids: torch.Tensor, classes: int, y: str) -> Any:
    low, high = int(ids.min()), int(ids.max())
    values = ids.unique()
    if high - low < classes and (-5 <= low < 0 or low > 0):
        sign = f"+ {-low}" if low < 0 else f"- {low}"
        return f"{y} = {y} {sign}    # so that they begin at 0", lambda t: t - low
    if len(values) <= classes:
        text = (
            f"({y} > 127).long()"
            if values.tolist() == [0, 255] and classes == 2
            else f"torch.unique({y}, return_inverse=True)[1]"
        )
        return f"{y} = {text}    # {_listed(ids)} become 0 … {len(values) - 1}", lambda t: torch.searchsorted(values, t)
    return f"nn.Linear(..., {high + 1})    # one output per class", None


def _listed(ids: torch.Tensor) -> str:
    values = ids.unique().tolist()
    return ", ".join(map(str, values[:6])) + (", …" if len(values) > 6 else "")
