"""The units of a hidden layer are saturated: sigmoid or tanh is flat where they are.

Weights drawn too large, or inputs on a large scale, push every unit to the end of its range, where its derivative is
almost zero. Values at one end alone are a gate's that its bias holds shut or open.

Fires on:

    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    nn.init.normal_(model[0].weight, std=50.0)
    loss = nn.MSELoss()
    x, y = torch.randn(16, 8), torch.randn(16, 1)

Silent on:

    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    loss = nn.MSELoss()
    x, y = torch.randn(16, 8), torch.randn(16, 1)

Sources: Glorot and Bengio (2010)
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import batch, spread
from fallline.core.finding import Finding, Severity

RULE = Rule("FL913", "saturated", Severity.warning, ("stuck", "gradient"))

_SHARE = 0.9
_BOTH = 0.02
_ENDS = {"tanh": -0.999, "sigmoid": 0.001}


def examine(evidence: Evidence) -> Finding | None:
    """Fires where nine tenths of a hidden activation's values are within a thousandth of its ends."""
    outputs = {seen.key for call in evidence.root_calls for seen in call.outputs}
    for operation in evidence.trace.named("tanh", "sigmoid", step=0):
        values, given = operation.values.get("output"), operation.inputs[0] if operation.inputs else None
        if values is None or given is None or values.numel() < 32 or not operation.modules or not given.needs_grad:
            continue
        made = evidence.trace.source(given)
        hidden = not any(seen.key in outputs for seen in operation.outputs)
        if not hidden or made is None or made.name not in ("linear", "conv1d", "conv2d"):
            continue
        low, high = (float(ends.double().mean()) for ends in (values < _ENDS[operation.name], values > 0.999))
        if low + high < _SHARE or min(low, high) < _BOTH:
            continue  # a gate that is closed, or open, by its bias is at one end alone
        layer = made.modules[-1] if made.modules else "the layer before"
        inputs = [tensor for tensor in batch(evidence)[0] if tensor.is_floating_point()]
        large = max((spread(tensor)[1] for tensor in inputs), default=0.0)
        x = evidence.names.inputs
        mend = f"{x} = ({x} - {x}.mean(0)) / {x}.std(0)" if large > 10 else f"nn.init.xavier_uniform_({layer}.weight)"
        return RULE.finding(
            what=f"{low + high:.0%} of the values of {operation.name} behind {layer} are at the ends of its range"
            + (f"; inputs go up to {large:.3g}." if large > 10 else "; its weights are large."),
            why="There it is flat: the layers before it get almost no gradient.",
            mend=mend,
            evidence={"saturated": low + high, "largest input": large},
            where=operation.place,
        )
    return None
