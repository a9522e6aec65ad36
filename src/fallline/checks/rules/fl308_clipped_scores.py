"""An activation stands between the last layer and a loss that takes raw scores.

A ReLU cuts negative scores off, and a class whose score is negative for all inputs never gets a gradient again; after
tanh no class can be more than e² times as likely as another. Losses on raw scores want the last linear layer's output.

Fires on:

    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Silent on:

    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Sources: https://github.com/hunkim/PyTorchZeroToAll/pull/4
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import bounds, losses, skipping, written_as
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL308", "clipped-scores", Severity.error, ("contract", "stuck"))

_LOSSES = (
    "cross_entropy",
    "binary_cross_entropy_with_logits",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "multi_margin_loss",
)
_CUTTING = {
    "relu": "cuts negative scores off, and with them their gradient",
    "relu_": "cuts negative scores off, and with them their gradient",
    "relu6": "cuts scores off below 0 and above 6",
    "softplus": "leaves no negative scores",
    "exp": "leaves no negative scores",
    "log_sigmoid": "leaves no positive scores",
    "tanh": "confines scores to −1 … 1",
    "hardtanh": "confines scores to",
    "softsign": "confines scores to −1 … 1",
}
_WIDE = 8.0
"""Scores that may differ by more than this let one class be thousands of times as likely as another."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the scores come straight from an activation that confines them."""
    for met in losses(evidence, *_LOSSES):
        made = evidence.transform(met.output)
        if made is None or made.name not in _CUTTING:
            continue
        does = _CUTTING[made.name]
        if made.name == "hardtanh":
            low, high = bounds(made)
            if low is None or high is None or (low < 0 and high - low > _WIDE):
                continue  # so far apart that a class may be as good as certain
            does = f"{does} {low:g} … {high:g}"
        if met.loss in ("soft_margin_loss", "multi_margin_loss") and not made.name.startswith("relu"):
            continue
        return RULE.finding(
            what=f"{met.loss} takes raw scores and is given the output of {made.name}, which {does}.",
            why="The loss needs scores that can go as far up and down as it takes to say how sure the network is.",
            mend=f"remove {written_as(evidence, made)}    # the last linear layer's output goes to the loss",
            evidence={"transform": made.name},
            verified=tried(evidence, mode=skipping(made)),
            where=made.place,
        )
    return None
