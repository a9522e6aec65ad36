"""A recurrent or attention layer takes the batch for time.

Without `batch_first=True` these layers read (time, batch, features). Fed (batch, time, features) they run over the
samples: one sample's output depends on the others, and nothing is raised.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.LSTM(3, 8), nn.Linear(8, 1)

        def forward(self, x):
            return self.head(self.rnn(x)[0][:, -1])

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(16, 5, 3), torch.randn(16, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.LSTM(3, 8), nn.Linear(8, 1)

        def forward(self, x):
            return self.head(self.rnn(x)[0][-1])

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(5, 16, 3), torch.randn(16, 1)

Sources: https://discuss.pytorch.org/t/why-batch-first-in-lstm/
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe, tried
from fallline.checks.trace import Call
from fallline.core.finding import Finding, Severity

RULE = Rule("FL212", "batch-as-time", Severity.error, ("exception", "pairs"))

_LAYERS = (nn.RNNBase, nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.Transformer)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where such a layer is given as many rows as there are samples on its time axis."""
    rows = evidence.rows
    for call in evidence.trace.calls:
        if isinstance(call.module, _LAYERS) and not _batch_first(call.module) and _misread(evidence, call, rows):
            return _found(evidence, call)
    return None


def _misread(evidence: Evidence, call: Call, rows: int | None) -> bool:
    if not call.inputs or len(call.inputs[0].shape) != 3 or rows is None or rows < 2:
        return False
    time, batch = call.inputs[0].shape[:2]
    target = _target_shape(evidence)
    if time != rows or batch == rows or target is None:
        return False
    if (evidence.trace.origin(call.inputs[0]).label or "") == "loaded" or "loaded" in evidence.trace.labels(
        call.inputs[0]
    ):
        return True  # a DataLoader puts the batch first
    # Targets (time, batch) beside inputs (time, batch, features) are how time-major data look.
    return not (len(target) > 1 and target[1] == batch)


def _target_shape(evidence: Evidence) -> tuple[int, ...] | None:
    for met in evidence.comparisons:
        return evidence.trace.origin(met.target).shape
    failed = evidence.failure.operation if evidence.failure is not None else None
    met = evidence.comparison(failed) if failed is not None else None
    if met is not None:
        return evidence.trace.origin(met.target).shape
    return None


def _batch_first(module: nn.Module) -> bool:
    for part in module.modules():
        if isinstance(part, nn.RNNBase | nn.MultiheadAttention):
            return part.batch_first
    return True


@contextlib.contextmanager
def _turned(module: nn.Module) -> Iterator[None]:
    parts = [part for part in module.modules() if isinstance(part, nn.RNNBase | nn.MultiheadAttention)]
    for part in parts:
        part.batch_first = True
    try:
        yield
    finally:
        for part in parts:
            part.batch_first = False


def _found(evidence: Evidence, call: Call) -> Finding:
    shape, kind = call.inputs[0].shape, call.kind
    verified = None
    if evidence.setup is not None:
        with _turned(call.module):
            verified = tried(evidence)
    return RULE.finding(
        what=f"{describe(call.module, call.name)} reads {shape} as {shape[0]} time steps of {shape[1]} samples; "
        f"the batch has {shape[0]} samples.",
        why="It runs over the samples instead of over time: each output depends on the other samples.",
        mend=f"{call.name} = nn.{kind}(..., batch_first=True)",
        evidence={"input": shape, "samples": shape[0]},
        verified=verified,
        where=call.place,
        message=evidence.failure.message if evidence.failure is not None else None,
    )
