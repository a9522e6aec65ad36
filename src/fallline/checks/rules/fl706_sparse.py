"""An embedding gives sparse gradients to an optimizer that cannot use them.

`nn.Embedding(sparse=True)` gives gradients for the rows that were used. `SGD`, `SparseAdam` and `Adagrad` take them,
the others raise; and weight decay cannot be added to them.

Fires on:

    model = nn.Sequential(nn.Embedding(9, 4, sparse=True), nn.Flatten(), nn.Linear(12, 1))
    optimizer = torch.optim.Adam(model.parameters())
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3)), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Embedding(9, 4, sparse=True), nn.Flatten(), nn.Linear(12, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3)), torch.randn(8, 1)

Sources: https://github.com/pytorch/pytorch/issues/18404
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL706", "sparse", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a step raised and a parameter had a sparse gradient."""
    failure, backwards = evidence.failure, evidence.trace.backwards
    if failure is None or failure.stage not in ("step", "train_step") or not backwards or not backwards[-1].sparse:
        return None
    if failure.operation is not None and failure.operation.name in ("linear", "embedding"):
        return None
    names = sorted(backwards[-1].sparse)
    kind = type(evidence.optimizers[0]).__name__ if evidence.optimizers else "The optimizer"
    layer = names[0].removesuffix(".weight")
    return RULE.finding(
        what=f"{kind} was given a sparse gradient, of {names[0]}.",
        why="It keeps averages of every row and cannot work with the rows that were used alone.",
        mend=f"{layer} = nn.Embedding(...)    # without sparse=True; or "
        f"torch.optim.SparseAdam({layer}.parameters()) beside it",
        evidence={"sparse": names, "optimizer": kind},
        where=failure.place,
        message=failure.message,
    )
