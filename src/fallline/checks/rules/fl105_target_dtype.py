"""Targets of an element-wise loss are not of the outputs' dtype.

Binary cross entropy, Huber and their like compute with the target itself, or differentiate in its dtype: integers,
booleans and float64 make them raise, some in the loss and some only in `backward`. Cross entropy with targets of the
outputs' shape takes them for probabilities, which must be floats.

Fires on:

    model = nn.Linear(4, 1)
    loss = nn.BCEWithLogitsLoss()
    x, y = torch.randn(6, 4), torch.ones(6, 1, dtype=torch.int64)

Silent on:

    model = nn.Linear(4, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(6, 4), torch.ones(6, 1, dtype=torch.int64)

Sources: https://github.com/pytorch/pytorch/issues/2272, https://github.com/skorch-dev/skorch/issues/813
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import cast_targets, dtype, failed_loss, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL105", "target-dtype", Severity.error, ("exception",))

_BY_ID = ("nll_loss", "multi_margin_loss", "multilabel_margin_loss", "ctc_loss")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a loss or its derivative raised and its target's dtype is not the output's."""
    failure = evidence.failure
    met = failed_loss(failure, evidence)
    if (
        met is None
        or met.loss in _BY_ID
        or met.target.dtype == met.output.dtype
        or not met.output.dtype.is_floating_point
    ):
        return None
    if met.target.shape != met.output.shape or (failure.stage == "backward" and not met.output.needs_grad):
        return None
    if failure.stage == "backward" and met.loss not in ("binary_cross_entropy", "huber_loss", "mse_loss", "l1_loss"):
        return None
    names, wanted = evidence.names, met.output.dtype
    cast = "float" if dtype(wanted) == "float32" else "double" if dtype(wanted) == "float64" else f"to({wanted})"
    mend = f"{names.targets} = {names.targets}.{cast if cast.endswith(')') else cast + '()'}"
    if met.loss == "cross_entropy":
        mend += f"    # or the ids: {names.targets} = {names.targets}.argmax(1)"
    return RULE.finding(
        what=f"{met.loss} was given targets as {dtype(met.target.dtype)} beside outputs as {dtype(wanted)}.",
        why="This loss computes with the targets as numbers and needs them in the outputs' dtype.",
        mend=mend,
        evidence={"target": dtype(met.target.dtype), "output": dtype(wanted)},
        verified=tried(evidence, cast_targets(lambda tensor: tensor.to(wanted))),
        where=failure.place,
        message=failure.message,
    )
