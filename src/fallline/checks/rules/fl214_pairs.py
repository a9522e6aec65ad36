"""Outputs and targets are flattened in different orders.

Outputs (time, batch, class) and labels (batch, time) both have time × batch rows once they are flattened, but in
different orders: the loss compares one position's output with another's label, and nothing is raised.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = nn.Embedding(9, 8), nn.Linear(8, 9)

        def forward(self, ids):
            return self.head(self.embedding(ids.t()))

    model = Net()
    loss = lambda output, target: nn.functional.cross_entropy(output.reshape(-1, 9), target.reshape(-1))
    x = torch.randint(0, 9, (6, 4))
    y = x

Silent on:

    model = nn.Sequential(nn.Embedding(9, 8), nn.Linear(8, 9))
    loss = lambda output, target: nn.functional.cross_entropy(output.reshape(-1, 9), target.reshape(-1))
    x = torch.randint(0, 9, (6, 4))
    y = x

Sources: https://discuss.pytorch.org/t/cross-entropy-loss-for-a-sequence/
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation, Seen
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL214", "pairs", Severity.error, ("pairs", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where two leading axes were merged in one order for the outputs and in the other for the targets."""
    for met in evidence.comparisons:
        output, target = _merged(evidence, met.output), _merged(evidence, met.target)
        if output is None or target is None:
            continue
        before, labels = output.inputs[0].shape, target.inputs[0].shape
        if before[:2] != labels[:2] and before[:2] == labels[1::-1]:
            return RULE.finding(
                what=f"Outputs {before} are flattened with axis {before[0]} first, targets {labels} with axis "
                f"{labels[0]} first: {met.output.shape[0]} rows each, in different orders.",
                why="Each output is compared with the label of another sample and position.",
                mend=f"output.transpose(0, 1).{output.name}(...)    # so that both begin with {labels[:2]}",
                evidence={"output": before, "target": labels},
                verified=tried(
                    evidence, mode=Mended(output, lambda f, a, k: f(a[0].transpose(0, 1).contiguous(), *a[1:], **k))
                ),
                where=output.place,
            )
    return None


def _merged(evidence: Evidence, seen: Seen) -> Operation | None:
    """The reshape that merged the two leading axes of a tensor."""
    for operation in evidence.trace.carried(seen):
        if operation.name not in ("view", "reshape", "flatten") or not operation.outputs:
            continue
        before, after = operation.inputs[0].shape, operation.outputs[0].shape
        if len(before) > 1 and after and after[0] == before[0] * before[1]:
            return operation
    return None
