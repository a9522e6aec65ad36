"""A layer that computes with real numbers is given whole numbers.

Counts, pixels (uint8) and table columns often come as integers. Linear, convolutional and recurrent layers multiply
them with floating-point weights, which torch refuses. Ids that stand for things rather than amounts need an
`nn.Embedding` instead of a cast.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3)), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 1))
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3)), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/runtimeerror-expected-object-of-scalar-type-long-but-got-scalar-type-float/
"""

from __future__ import annotations

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import INTEGERS, cast_inputs, describe, dtype, tried
from fallline.checks.rules.fl101_float_dtypes import dtypes_met
from fallline.core.finding import Finding, Severity

RULE = Rule("FL102", "integer-inputs", Severity.error, ("exception",))

_BY_ID = ("embedding", "embedding_bag", "gather", "index_select", "one_hot")
_REAL = ("mean", "std", "var", "softmax", "log_softmax", "normalize", "layer_norm", "batch_norm", "norm", "dropout")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an operation of the forward raised over an integer input."""
    failure = evidence.failure
    if failure is None or failure.stage not in ("forward", "train_step", ""):
        return None
    if failure.operation is not None and failure.operation.name in _BY_ID:
        return None
    met = dtypes_met(failure)
    given = met[1] if met is not None and met[0].is_floating_point else None
    if given is None and failure.operation is not None and failure.operation.name in _REAL and failure.operation.inputs:
        given = failure.operation.inputs[0].dtype
    if given not in INTEGERS:
        return None
    names = evidence.names
    pixels = given is torch.uint8
    mend = f"{names.inputs} = {names.inputs}.float()" + (" / 255" if pixels else "")
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} computes with floating point and was given {dtype(given)}.",
        why="torch does not turn integers into floats on its own; it raises at the first product.",
        mend=f"{mend}    # ids of things rather than amounts: nn.Embedding",
        evidence={"input": dtype(given)},
        verified=tried(evidence, cast_inputs(lambda t: t.float() / (255 if pixels else 1) if t.dtype == given else t)),
        where=failure.place,
        message=failure.message,
    )
