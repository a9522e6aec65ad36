"""A softmax or a loss over classes has a single class to choose from.

Over one number the softmax is 1 whatever the network says: cross entropy is exactly 0, its gradient too, and nothing is
learned. One output answers yes or no: binary cross entropy; or how much: a regression loss.

Fires on:

    model = nn.Linear(4, 1)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(8, 4), torch.zeros(8, dtype=torch.int64)

Silent on:

    model = nn.Linear(4, 2)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(8, 4), torch.arange(8) % 2

Sources: https://github.com/ultralytics/yolov3/issues/191
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.traced import Operation
from fallline.core.finding import Finding, Severity

RULE = Rule("FL311", "one-class", Severity.error, ("contract", "exception", "stuck", "gradient", "labels"))

_ALL = ("nll_loss", "cross_entropy", "mse_loss", "l1_loss", "binary_cross_entropy", "kl_div", "difference")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where there is one output for a loss over classes, or a softmax of one number before a loss."""
    for met in losses(evidence, *_ALL):
        over_classes = met.loss in ("cross_entropy", "nll_loss")
        if over_classes and len(met.output.shape) > 1 and met.output.shape[1] == 1:
            what = f"{met.loss} chooses among 1 class: the network has one output ({met.output.shape})."
        elif _single(evidence.transform(met.output)):
            what = f"A softmax of one output is 1 whatever the network says; it goes to {met.loss}."
        else:
            continue
        names, failure = evidence.names, evidence.failure
        return RULE.finding(
            what=what,
            why="The softmax of a single number is 1: the loss and its gradient do not depend on the network at all.",
            mend="nn.BCEWithLogitsLoss()    # one output, targets 0.0 or 1.0 of its shape\n"
            f"# or one output per class in {names.model}; or nn.MSELoss() for an amount",
            evidence={"output": met.output.shape},
            where=met.operation.place,
            message=failure.message if failure is not None else None,
        )
    return None


def _single(made: Operation | None) -> bool:
    """Whether a softmax runs over an axis of size 1."""
    if made is None or made.name not in ("softmax", "log_softmax") or not made.outputs:
        return False
    shape, axis = made.outputs[0].shape, made.options.get("dim", made.options.get("#1"))
    return isinstance(axis, int) and len(shape) > 0 and shape[axis] == 1
