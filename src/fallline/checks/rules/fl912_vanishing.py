"""Gradients vanish in a deep stack of sigmoids or tanhs.

A sigmoid's derivative is at most a quarter: ten in a row leave a millionth of the gradient, and the first layers stand
still. ReLU, GELU or SiLU, normalization, or residual connections keep it alive.

Fires on:

    layers = [layer for _ in range(8) for layer in (nn.Linear(8, 8), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(16, 8), torch.arange(16) % 2

Silent on:

    model = nn.Sequential(nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(16, 8), torch.arange(16) % 2

Sources: Glorot and Bengio (2010)
"""

from __future__ import annotations

import operator

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL912", "vanishing", Severity.warning, ("stuck",))

_SATURATING = ("sigmoid", "tanh", "hardsigmoid", "softsign")
_SMALL = 1e-3
_GONE = 1e-6


def examine(evidence: Evidence) -> Finding | None:
    """Fires where five saturating activations or more follow each other and the first gradient is tiny."""
    if not evidence.trace.backwards:
        return None
    stack = [op for op in evidence.trace.operations if op.step == 0 and op.name in _SATURATING and op.modules]
    if len(stack) < 5 or not _in_a_row(evidence, [op.index for op in stack]):
        return None
    norms = evidence.trace.backwards[0].norms
    weights = [
        (name, norm)
        for name, norm in norms.items()
        if name in evidence.parameters and evidence.parameters[name].dim() > 1
    ]
    if len(weights) < 3:
        return None
    (first, low), (last, high) = weights[0], weights[-1]
    if high > 0 and low / high > _SMALL:
        last, high = max(norms.items(), key=operator.itemgetter(1))  # also what comes forward may have vanished
        if not low < _GONE * high:
            return None
    return RULE.finding(
        what=f"Behind {len(stack)} {stack[0].name}s in a row the gradient of {first} is {low:.2g}; that of "
        f"{last} is {high:.2g}.",
        why=f"The derivative of {stack[0].name} is at most "
        f"{'a quarter' if stack[0].name == 'sigmoid' else '1, and far less where it saturates'}: "
        "each layer passes less on, and the first ones stand still.",
        mend=f"nn.ReLU() or nn.GELU() instead of nn.{stack[0].name.capitalize()}()    # with normalization or "
        f"residuals if it is deep",
        evidence={"layers": len(stack), "first": low, "last": high, "ratio": low / high},
        where=stack[0].place,
    )


def _in_a_row(evidence: Evidence, indices: list[int]) -> bool:
    """Whether between them there are only layers with weights and reshapes: no recurrence, no norm, no sum."""
    between = evidence.trace.operations[indices[0] : indices[-1] + 1]
    return all(
        op.name in ("linear", "conv1d", "conv2d", "dropout", "flatten", "view", "reshape", *_SATURATING)
        for op in between
    )
