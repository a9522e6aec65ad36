"""An embedding is given floats instead of ids.

An embedding looks rows up by their number, so that its input must be int64 (or int32). Ids become floats when they
pass through NumPy, pandas or a tensor that holds other features too.

Fires on:

    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 1))
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3)).float(), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 1))
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3), dtype=torch.int32), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/embedding-layer-expects-long-tensor/
"""

from __future__ import annotations

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import cast_inputs, describe, dtype, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL103", "float-ids", Severity.error, ("exception",))


_BY_ID = ("embedding", "embedding_bag", "one_hot", "gather", "index_select")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an embedding raised over ids that are no integers."""
    failure = evidence.failure
    operation = None if failure is None else failure.operation
    if failure is None or operation is None or operation.name not in _BY_ID:
        return None
    ids = operation.named.get("input") if operation.name in ("embedding", "embedding_bag") else operation.inputs[-1]
    if operation.name == "one_hot" and operation.inputs:
        ids = operation.inputs[0]
    if ids is None or ids.dtype in (torch.int64, torch.int32):
        return None
    names = evidence.names
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} looks rows up by their number and was given "
        f"{dtype(ids.dtype)}.",
        why="Ids must be int64 or int32; torch raises on anything else.",
        mend=f"{names.inputs} = {names.inputs}.long()",
        evidence={"ids": dtype(ids.dtype)},
        verified=tried(evidence, cast_inputs(lambda tensor: tensor.long())),
        where=failure.place,
        message=failure.message,
    )
