"""A loss that takes raw scores is given probabilities.

`BCEWithLogitsLoss` and the multi-label soft-margin loss apply the sigmoid themselves. Of a probability they make
another one between 0.5 and 0.73: nothing can be predicted to be false.

Fires on:

    model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(8, 4), torch.ones(8, 1)

Silent on:

    model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
    loss = nn.BCELoss()
    x, y = torch.randn(8, 4), torch.ones(8, 1)

Sources: https://github.com/itakurah/focal-loss-pytorch/pull/5
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses, skipping, written_as
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL302", "sigmoid-before-logits", Severity.error, ("contract", "stuck"))

_LOSSES = ("binary_cross_entropy_with_logits", "multilabel_soft_margin_loss")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the scores come from a sigmoid or softmax."""
    for met in losses(evidence, *_LOSSES):
        made = evidence.transform(met.output)
        if made is None or made.name not in ("sigmoid", "softmax", "hardsigmoid", "sigmoid_"):
            continue
        return RULE.finding(
            what=f"{met.loss} is given the output of {made.name}: the sigmoid is applied twice.",
            why="It applies the sigmoid itself. Of numbers between 0 and 1 that gives probabilities between 0.5 and "
            "0.73: nothing can be predicted to be false.",
            mend=f"remove {written_as(evidence, made)}    # or BCELoss, which takes probabilities",
            evidence={"transform": made.name},
            verified=tried(evidence, mode=skipping(made)),
            where=made.place,
        )
    return None
