"""A loss that wants the labels −1 and 1 is given 0 and 1.

Margin losses multiply with the label. A label of 0 makes its row's loss a constant: those rows are never learned.

Fires on:

    model = nn.Linear(4, 1)
    loss = nn.SoftMarginLoss()
    x, y = torch.randn(8, 4), torch.tensor([1.0, 0.0] * 4).unsqueeze(1)

Silent on:

    model = nn.Linear(4, 1)
    loss = nn.SoftMarginLoss()
    x, y = torch.randn(8, 4), torch.tensor([1.0, -1.0] * 4).unsqueeze(1)

Sources: https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import cast_targets, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL403", "sign-labels", Severity.error, ("labels", "stuck"))

_LOSSES = ("soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss", "cosine_embedding_loss")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the labels are 0 and 1."""
    for met in losses(evidence, *_LOSSES):
        if met.targets is None or not met.targets.numel():
            continue
        values = met.targets.double().unique().tolist()
        if 0 not in values or not set(values) <= {0, 1}:
            continue  # 0 between -1 and 1 is a tie, or a label that is missing
        y, failure = evidence.names.targets, evidence.failure
        shown = ", ".join(f"{value:g}" for value in values[:6])
        return RULE.finding(
            what=f"{met.loss} takes the labels −1 and 1 and is given {shown}.",
            why="It multiplies with the label: rows labelled 0 have a constant loss and are never learned.",
            mend=f"{y} = 2 * {y} - 1",
            evidence={"labels": values[:6]},
            verified=tried(evidence, cast_targets(lambda t: 2 * t - 1)),
            where=met.operation.place,
            message=failure.message if failure is not None else None,
        )
    return None
