"""A tensor that the backward pass needs is changed in place.

Many functions keep their output, or an input, for the gradient. `x += y`, `x[...] = y`, `relu_` and their like
overwrite it, and `backward()` raises. Write `x = x + y`.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 3)

        def forward(self, x):
            out = torch.sigmoid(self.a(x))
            out += 1
            return out

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 3)

Silent on:

    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 1))
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources:
https://discuss.pytorch.org/t/when-would-the-error-one-of-the-variables-needed-for-gradient-computation-has-been-modified-occur/11976
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL606", "in-place", Severity.error, ("exception", "graph"))

_SAVING = (
    "relu",
    "sigmoid",
    "tanh",
    "softmax",
    "log_softmax",
    "exp",
    "sqrt",
    "rsqrt",
    "elu",
    "leaky_relu",
    "pow",
    "mul",
    "div",
    "reciprocal",
    "selu",
    "celu",
    "hardtanh",
    "softplus",
    "norm",
    "prod",
    "max_pool2d",
)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where backward raised and running an in-place operation out of place lets it through."""
    failure = evidence.failure
    if failure is None or failure.stage != "backward":
        return None
    candidates = [op for op in evidence.trace.operations if _in_place(op)]
    for operation in reversed(candidates):
        made = evidence.trace.producer(operation.inputs[0])
        verified = None
        if evidence.setup is not None and operation.name != "__setitem__":
            verified = tried(evidence, mode=Mended(operation, _outside), steps=3)
            if verified is None:
                continue
        elif made is None or made.name not in _SAVING:
            continue
        plain = operation.name.strip("_")
        sign = {"add": "+", "sub": "-", "mul": "*", "div": "/"}.get(plain)
        return RULE.finding(
            what=f"{operation.name} changes the output of {made.name if made is not None else 'a layer'} "
            f"{operation.inputs[0].shape} in place, which the backward pass needs as it was.",
            why="The gradient of that function is computed from the numbers that were overwritten.",
            mend=f"x = x {sign} y    # instead of x {sign}= y"
            if sign
            else f"inplace=False    # in {operation.name}"
            if "inplace" in operation.options
            else f"x = torch.{plain}(x)    # instead of .{operation.name}()",
            evidence={"operation": operation.name, "changes the output of": made.name if made is not None else None},
            verified=verified,
            where=operation.place,
            message=failure.message,
        )
    return None


def _in_place(operation: Operation) -> bool:
    changed = (operation.name.endswith("_") and not operation.name.startswith("__")) or operation.name == "__setitem__"
    changed = changed or operation.options.get("inplace") is True
    skipped = operation.name in ("requires_grad_", "detach_", "unsqueeze_", "squeeze_")
    return changed and not skipped and bool(operation.inputs) and operation.grad


def _outside(func: Any, args: Any, kwargs: Any) -> Any:
    """The same operation on a copy."""
    return func(args[0].clone(), *args[1:], **kwargs) if isinstance(args[0], Tensor) else func(*args, **kwargs)
