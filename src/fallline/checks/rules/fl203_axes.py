"""A layer is given too few or too many axes: the batch or the channel axis is missing.

Convolutions, batch norm, pooling and recurrent layers count axes. A single image without its batch axis, grey images
without their channel axis, or a table given to a recurrent layer have one too few.

Fires on:

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(32, 2))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(4, 6, 6), torch.arange(4) % 2

Silent on:

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(32, 2))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(4, 1, 6, 6), torch.arange(4) % 2

Sources: https://discuss.pytorch.org/t/expected-4-dimensional-input-for-4-dimensional-weight/
"""

from __future__ import annotations

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe, tried
from fallline.checks.traced import Failure
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL203", "axes", Severity.error, ("exception",))

_ALLOWED = {
    nn.Conv1d: (2, 3),
    nn.Conv2d: (3, 4),
    nn.Conv3d: (4, 5),
    nn.BatchNorm1d: (2, 3),
    nn.BatchNorm2d: (4,),
    nn.BatchNorm3d: (5,),
    nn.RNN: (2, 3),
    nn.LSTM: (2, 3),
    nn.GRU: (2, 3),
    nn.MaxPool1d: (2, 3),
    nn.MaxPool2d: (3, 4),
    nn.AvgPool2d: (3, 4),
    nn.AdaptiveAvgPool2d: (3, 4),
    nn.InstanceNorm2d: (3, 4),
    nn.ConvTranspose2d: (3, 4),
    nn.MultiheadAttention: (2, 3),
    nn.Dropout2d: (3, 4),
}


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a layer raised over an input with a number of axes that it does not take."""
    failure = evidence.failure
    shape = None if failure is None else _shape(failure)
    if failure is None or shape is None:
        return None
    allowed = _ALLOWED[type(failure.module)]
    channel_missing = (
        isinstance(failure.module, nn.Conv2d) and len(shape) == 3 and shape[0] != failure.module.in_channels
    )
    if len(shape) in allowed and not channel_missing:
        return None
    name, wanted = evidence.names.inputs, " or ".join(map(str, allowed))
    mend, verified = f"{name} of {wanted} axes", None
    if len(shape) == max(allowed) - 1:
        mend = f"{name} = {name}.unsqueeze(1)    # a channel axis" + (
            f"; for a single sample {name}.unsqueeze(0)" if not channel_missing else ""
        )
        if failure.operation is not None:
            verified = tried(
                evidence, mode=Mended(failure.operation, lambda f, a, k: f(a[0].unsqueeze(1), *a[1:], **k))
            )
    elif len(shape) > max(allowed):
        mend = f"{name} = {name}.flatten({max(allowed) - 1})"
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} takes {wanted} axes and was given {len(shape)} (shape "
        f"{shape}).",
        why="The layer tells samples, channels and positions apart by the number of axes.",
        mend=mend,
        evidence={"input": shape, "axes": allowed},
        verified=verified,
        where=failure.place,
        message=failure.message,
    )


def _shape(failure: Failure) -> tuple[int, ...] | None:
    if type(failure.module) not in _ALLOWED or failure.stage not in ("forward", "train_step", ""):
        return None
    if failure.operation is not None and failure.operation.inputs:
        return failure.operation.inputs[0].shape
    return failure.arguments[0].shape if failure.arguments else None
