"""Two tensors whose shapes do not fit are added, multiplied or joined in the network.

A residual connection needs the same shape on both sides, a matrix product the same inner size, `cat` the same sizes on
every axis but one.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(4, 6)

        def forward(self, x):
            return self.a(x) + x

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 4), torch.randn(8, 6)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(4, 4)

        def forward(self, x):
            return self.a(x) + x

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 4), torch.randn(8, 4)

Sources: https://discuss.pytorch.org/t/the-size-of-tensor-a-must-match-the-size-of-tensor-b/
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe
from fallline.core.finding import Finding, Severity

RULE = Rule("FL216", "operands", Severity.error, ("exception",))

_OPERATIONS = (
    "add",
    "sub",
    "mul",
    "div",
    "__rsub__",
    "matmul",
    "__matmul__",
    "mm",
    "bmm",
    "cat",
    "stack",
    "concat",
    "add_",
    "sub_",
    "mul_",
    "einsum",
    "where",
)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an operation of two tensors raised over their shapes."""
    failure = evidence.failure
    operation = None if failure is None else failure.operation
    if failure is None or operation is None or operation.name not in _OPERATIONS or len(operation.inputs) < 2:
        return None
    shapes = [seen.shape for seen in operation.inputs]
    if len(set(shapes)) == 1 and operation.name not in ("matmul", "mm", "bmm", "__matmul__"):
        return None
    listed = " and ".join(map(str, shapes[:4]))
    made = [evidence.trace.source(seen) for seen in operation.inputs[:2]]
    origins = ", ".join(
        f"{seen.shape} from {made_by.name}" for seen, made_by in zip(operation.inputs, made, strict=False) if made_by
    )
    fit = "equal inner sizes" if "mm" in operation.name or "matmul" in operation.name else "equal sizes, or 1"
    return RULE.finding(
        what=f"{operation.name} of {listed} in {describe(failure.module, failure.name)}"
        + (f" ({origins})." if origins else "."),
        why=f"{operation.name} needs {fit} on the axes that meet.",
        mend=f"make the layers before it give shapes that fit: {listed}",
        evidence={"operands": shapes},
        where=failure.place,
        message=failure.message,
    )
