"""Images or sequences come with their channels last.

Torch's convolutions want channels second: images (N, C, H, W), sequences (N, C, L). NumPy, PIL and Keras keep them
last. `permute` moves an axis; `view` and `reshape` would only cut the same numbers into other pieces.

Fires on:

    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(64, 2))
    loss = nn.CrossEntropyLoss()
    x, y = torch.rand(4, 6, 6, 3), torch.arange(4) % 2

Silent on:

    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(64, 2))
    loss = nn.CrossEntropyLoss()
    x, y = torch.rand(4, 6, 6, 3).permute(0, 3, 1, 2), torch.arange(4) % 2

Sources: https://discuss.pytorch.org/t/nhwc-vs-nchw/
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe, tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL202", "channels-last", Severity.error, ("exception",))

_SPATIAL = {"conv1d": 1, "conv2d": 2, "conv3d": 3}


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a convolution raised and the last axis of its input has the channels it wants."""
    failure = evidence.failure
    operation = None if failure is None else failure.operation
    if failure is None or operation is None or operation.name not in _SPATIAL or len(operation.inputs) < 2:
        return None
    given, weight = operation.inputs[0].shape, operation.inputs[1].shape
    groups = operation.option("groups", 6, 1)
    channels = weight[1] * (groups if isinstance(groups, int) else 1)
    spatial = _SPATIAL[operation.name]
    if len(given) not in (spatial + 1, spatial + 2) or given[-1] != channels or given[-spatial - 1] == channels:
        return None
    batched = len(given) == spatial + 2
    order = (*((0,) if batched else ()), len(given) - 1, *range(len(given) - 1 - spatial, len(given) - 1))
    if evidence.trace.origin(operation.inputs[0]).producer is not None:
        return None  # maps made on the way, whose last axis has as many places as there are channels by chance
    name = evidence.names.inputs
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} wants {channels} channels on axis {1 if batched else 0} "
        f"and was given {given}, with them last.",
        why="Torch's convolutions take channels before height and width, or before time.",
        mend=f"{name} = {name}.permute({', '.join(map(str, order))})",
        evidence={"input": given, "channels": channels},
        verified=tried(evidence, mode=Mended(operation, lambda f, a, k: f(a[0].permute(order), *a[1:], **k))),
        where=failure.place,
        message=failure.message,
    )
