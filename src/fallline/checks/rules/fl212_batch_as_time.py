"""A recurrent or attention layer takes the batch for time.

Without `batch_first=True` these layers read (time, batch, features). Fed (batch, time, features) they run over the
samples: one sample's output depends on the others, and nothing is raised.

Where every place has a target, the shapes of (batch, time) and (time, batch) are alike. The numbers tell them apart
where targets are the inputs one place on, where rows end in padding, or where targets depend on neighbouring inputs
along the second axis and along the first do not; else nothing is said.

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

from torch import Tensor, nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe, tried
from fallline.checks.rules._time import second_is_time
from fallline.checks.setup import parts
from fallline.checks.traced import Call
from fallline.core.finding import Finding, Severity

RULE = Rule("FL212", "batch-as-time", Severity.error, ("exception", "pairs"))

_LAYERS = (nn.RNNBase, nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.Transformer)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where such a layer is given as many rows as there are samples on its time axis."""
    for call in evidence.trace.calls:
        if isinstance(call.module, _LAYERS) and not _batch_first(call.module) and _fits(evidence, call):
            reason = _reason(evidence, call)
            if reason is not None:
                return _found(evidence, call, reason)
    return None


def _fits(evidence: Evidence, call: Call) -> bool:
    """Whether what the layer takes for time is as long as the batch, and what it takes for the batch is not."""
    rows, shape = evidence.rows, call.inputs[0].shape if call.inputs else ()
    return len(shape) == 3 and rows is not None and rows > 1 and shape[0] == rows != shape[1] > 1


def _reason(evidence: Evidence, call: Call) -> str | None:
    """How the batch is known to come first; None where time may come first on purpose."""
    target, batch = _target_shape(evidence), call.inputs[0].shape[1]
    if target is None:
        return None
    setup = evidence.setup
    if "loaded" in evidence.trace.labels(call.inputs[0]) or (setup is not None and setup.stacked):
        return "the DataLoader puts them first"
    if len(target) < 2 or target[1] != batch:
        return "there is a target for each"
    # Targets (time, batch) beside inputs (time, batch, features) are how time-major data look; the numbers may tell.
    inputs, targets = parts(setup.batches[0]) if setup is not None else (None, None)
    if not isinstance(inputs, Tensor) or not isinstance(targets, Tensor):
        return None
    fits = inputs.shape[:2] == call.inputs[0].shape[:2]
    return second_is_time(inputs.detach(), targets.detach()) if fits else None


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
    """The mend; what is tried is put back by the one who tries."""
    for part in module.modules():
        if isinstance(part, nn.RNNBase | nn.MultiheadAttention):
            part.batch_first = True
    yield


def _found(evidence: Evidence, call: Call, reason: str) -> Finding:
    shape, kind = call.inputs[0].shape, call.kind
    return RULE.finding(
        what=f"{describe(call.module, call.name)} reads {shape} as {shape[0]} time steps of {shape[1]} samples; "
        f"the batch has {shape[0]} samples: {reason}.",
        why="It runs over the samples instead of over time: each output depends on the other samples.",
        mend=f"{call.name} = nn.{kind}(..., batch_first=True)",
        evidence={"input": shape, "samples": shape[0]},
        verified=tried(evidence, mode=_turned(call.module)),
        where=call.place,
        message=evidence.failure.message if evidence.failure is not None else None,
    )
