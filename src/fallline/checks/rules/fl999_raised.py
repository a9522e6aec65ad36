"""The set-up raised an exception that no other rule explains.

What torch says is kept; the finding adds the operation, the layer by its name, the shapes and dtypes of what went in,
and the line.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 1)

        def forward(self, x):
            return self.layers(x)

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(3, 4), torch.randn(3, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 1)

        def forward(self, x):
            return self.layer(x)

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(3, 4), torch.randn(3, 1)

Sources: none
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe, dtype
from fallline.core.finding import Finding, Severity

RULE = Rule("FL999", "raised", Severity.error, ("exception",))

_STAGES = {
    "optimizer": "Building the optimizer",
    "forward": "The forward",
    "loss": "The loss",
    "backward": "The backward pass",
    "step": "The optimizer's step",
    "train_step": "The training step",
}


def examine(evidence: Evidence) -> Finding | None:
    """Fires where nothing else has explained an exception."""
    failure = evidence.failure
    if failure is None:
        return None
    inputs = failure.operation.inputs if failure.operation is not None else failure.arguments
    operands = ", ".join(f"{seen.shape} {dtype(seen.dtype)}" for seen in inputs)
    at = f" in {describe(failure.module, failure.name)}" if failure.module is not None else ""
    by = f" {failure.operation.name}" if failure.operation is not None else ""
    return RULE.finding(
        what=f"{_STAGES.get(failure.stage, 'The training')} raised{at}: {type(failure.error).__name__}"
        + (f" in{by} of {operands}." if operands and by else "."),
        why="Nothing after this line is run.",
        mend="see torch's own message below" + (f", and the shapes {operands}" if operands else ""),
        evidence={"stage": failure.stage, "operands": [seen.shape for seen in inputs]},
        where=failure.place,
        message=failure.message,
    )
