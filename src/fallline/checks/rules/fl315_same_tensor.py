"""A loss that compares embeddings is given one tensor twice.

With the anchor as its own positive or negative, or two equal inputs to a ranking, the loss is a constant or pulls
nothing apart.

Fires on:

    model = nn.Linear(4, 3)
    loss = lambda output, target: nn.TripletMarginLoss()(output, output, output)
    x, y = torch.randn(8, 4), torch.zeros(8)

Silent on:

    model = nn.Linear(4, 3)
    loss = lambda output, target: nn.TripletMarginLoss()(output[0::3], output[1::3], output[2::3])
    x, y = torch.randn(9, 4), torch.zeros(9)

Sources: none
"""

from __future__ import annotations

import torch

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.core.finding import Finding, Severity

RULE = Rule("FL315", "same-tensor", Severity.error, ("contract", "gradient", "stuck"))

_SIDES = {
    "triplet_margin_loss": ("anchor", "positive", "negative"),
    "triplet_margin_with_distance_loss": ("anchor", "positive", "negative"),
    "cosine_embedding_loss": ("input1", "input2"),
    "margin_ranking_loss": ("input1", "input2"),
}


def examine(evidence: Evidence) -> Finding | None:
    """Fires where two of the sides hold the same numbers."""
    for met in losses(evidence, *_SIDES):
        sides = {name: met.operation.values.get(name) for name in _SIDES[met.loss]}
        known = [(name, value) for name, value in sides.items() if value is not None and value.numel()]
        for place, (one, first) in enumerate(known):
            for other, second in known[place + 1 :]:
                if first.shape == second.shape and torch.equal(first, second) and _stays(evidence, met, one, other):
                    return RULE.finding(
                        what=f"{met.loss} is given the same numbers as its {one} and its {other}.",
                        why="Their distance is 0 whatever the network does: there is nothing to learn from it.",
                        mend=f"give different samples as {one} and {other}",
                        evidence={"sides": [one, other], "shape": tuple(first.shape)},
                        where=met.operation.place,
                    )
    return None


def _stays(evidence: Evidence, met: Comparison, one: str, other: str) -> bool:
    """Whether the two are one tensor, or equal at every step; a head that starts at 0 is at the first."""
    if evidence.trace.origin(met.operation.named[one]).key == evidence.trace.origin(met.operation.named[other]).key:
        return True
    later = [op for op in evidence.trace.named(met.loss) if op.place == met.operation.place and op.step]
    pairs = [(op.values.get(one), op.values.get(other)) for op in later]
    return bool(pairs) and all(a is not None and b is not None and torch.equal(a, b) for a, b in pairs)
