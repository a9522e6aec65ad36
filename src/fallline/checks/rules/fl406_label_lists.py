"""`MultiLabelMarginLoss` is given a mask of zeros and ones instead of a list of ids.

Its target is the ids of the true labels, in a row padded with −1. A mask is read as a list of the classes 0 and 1.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.MultiLabelMarginLoss()
    x, y = torch.randn(6, 4), torch.tensor([[1, 0, 1], [0, 1, 0]] * 3)

Silent on:

    model = nn.Linear(4, 3)
    loss = nn.MultiLabelMarginLoss()
    x, y = torch.randn(6, 4), torch.tensor([[0, 2, -1], [1, -1, -1]] * 3)

Sources: https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.core.finding import Finding, Severity

RULE = Rule("FL406", "label-lists", Severity.error, ("labels",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where no row is padded and a row repeats an id."""
    for met in losses(evidence, "multilabel_margin_loss"):
        ids = met.targets
        if ids is None or ids.dim() != 2 or ids.shape[1] < 2 or bool((ids < 0).any()):
            continue
        repeats = any(len(row.unique()) < len(row) for row in ids)
        if not repeats:
            continue
        return RULE.finding(
            what=f"multilabel_margin_loss is given rows such as {ids[0].tolist()}: a mask, where it takes ids "
            f"padded with −1.",
            why="A mask of zeros and ones is read as a list of the classes 0 and 1.",
            mend=f"{evidence.names.loss} = nn.MultiLabelSoftMarginLoss()    # takes the mask, as floats",
            evidence={"first row": ids[0].tolist()},
            where=met.operation.place,
        )
    return None
