"""Two linear layers follow each other with nothing between.

Two linear maps in a row are one linear map: the second adds parameters and no power. A bottleneck between them is a
choice (a low rank), and no finding.

Fires on:

    model = nn.Sequential(nn.Linear(4, 16), nn.Linear(16, 16), nn.Linear(16, 2))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(8, 4), torch.arange(8) % 2

Silent on:

    model = nn.Sequential(nn.Linear(16, 2), nn.Linear(2, 16))
    loss = nn.MSELoss()
    x, y = torch.randn(8, 16), torch.randn(8, 16)

Sources: none
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL914", "no-activation", Severity.hint, ("linear",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a linear layer's output goes straight into another, through no narrower waist than both ends."""
    for operation in evidence.trace.named("linear", step=0):
        before = evidence.trace.producer(operation.inputs[0]) if operation.inputs else None
        if before is None or before.name != "linear" or len(operation.inputs) < 2 or len(before.inputs) < 2:
            continue
        waist, wide, narrow = before.inputs[1].shape[0], before.inputs[1].shape[1], operation.inputs[1].shape[0]
        if waist < min(wide, narrow) or not operation.modules or not before.modules:
            continue
        if sum(any(s.key == operation.inputs[0].key for s in op.inputs) for op in evidence.trace.operations) > 1:
            continue  # it also goes around the second one
        first, second = before.modules[-1], operation.modules[-1]
        if not (before.inputs[1].needs_grad and operation.inputs[1].needs_grad):
            continue
        return RULE.finding(
            what=f"{first} and {second} are linear and follow each other with nothing between.",
            why="Two linear maps in a row are one: the network is no more powerful than with a single layer there.",
            mend=f"nn.ReLU()    # between {first} and {second}",
            evidence={"layers": [first, second]},
            where=operation.place,
        )
    return None
