"""A feature map goes into a linear layer without being flattened.

A linear layer multiplies the last axis alone. After convolutions and pooling the features of a sample are spread over
several axes, which `nn.Flatten()` puts into one.

Fires on:

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Linear(32, 3))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(4, 1, 6, 6), torch.arange(4) % 3

Silent on:

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(4, 1, 6, 6), torch.arange(4) % 3

Sources: https://github.com/pytorch/pytorch/issues/139037
"""

from __future__ import annotations

import math

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe, tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL201", "not-flattened", Severity.error, ("exception",))

_MAPS = ("conv1d", "conv2d", "conv3d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "max_pool1d", "batch_norm")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a linear layer raised over an input of several feature axes."""
    failure = evidence.failure
    operation = None if failure is None else failure.operation
    if failure is None or operation is None or operation.name != "linear" or len(operation.inputs) < 2:
        return None
    given, features = operation.inputs[0], operation.inputs[1].shape[-1]
    if len(given.shape) < 3 or given.shape[-1] == features:
        return None
    flat = math.prod(given.shape[1:])
    from_map = any(op.name in _MAPS for op in evidence.trace.ancestors(given))
    if flat != features and not from_map:
        return None
    layer = failure.name or "the layer"
    mend = f"nn.Flatten()    # before {layer}: {given.shape} becomes ({given.shape[0]}, {flat})"
    if flat != features:
        mend += f"\n{layer} = nn.Linear({flat}, {operation.inputs[1].shape[0]})"
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} takes {features} features and was given a feature map "
        f"{given.shape}.",
        why="A linear layer multiplies the last axis alone; a sample's features are spread over "
        f"{len(given.shape) - 1} axes here.",
        mend=mend,
        evidence={"input": given.shape, "in_features": features, "flattened": flat},
        verified=tried(evidence, mode=Mended(operation, lambda f, a, k: f(a[0].flatten(1), *a[1:], **k))),
        where=failure.place,
        message=failure.message,
    )
