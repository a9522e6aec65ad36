"""An embedding is asked for a row that it does not have.

`nn.Embedding(n, d)` has the rows 0 … n − 1. Ids that start at 1, a vocabulary that grew, or a padding id of its own
need one row more; −1 is no row at all.

Fires on:

    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 1))
    loss = nn.MSELoss()
    x, y = torch.randint(1, 10, (8, 3)).clamp(min=9), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(12, 1))
    loss = nn.MSELoss()
    x, y = torch.randint(1, 10, (8, 3)), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/embeddings-index-out-of-range-error/
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.recorder import tensors_in
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe
from fallline.checks.setup import parts
from fallline.core.finding import Finding, Severity

RULE = Rule("FL215", "ids-out-of-range", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an embedding raised an IndexError."""
    failure = evidence.failure
    operation = None if failure is None else failure.operation
    if failure is None or operation is None or operation.name not in ("embedding", "embedding_bag"):
        return None
    if not isinstance(failure.error, IndexError | RuntimeError):
        return None
    weight, ids = operation.named.get("weight"), operation.named.get("input")
    if weight is None or ids is None or ids.dtype.is_floating_point:
        return None
    held = operation.values.get("input")
    seen = list(tensors_in(parts(evidence.setup.batches[0])[0])) if evidence.setup is not None else []
    seen = [t for t in (seen if held is None else [held]) if not t.is_floating_point() and t.numel()]
    low = min((int(t.min()) for t in seen), default=None)
    high = max((int(t.max()) for t in seen), default=None)
    rows = (weight.shape[0] if high is None else high) + 1 - min(low or 0, 0)
    what = f"{describe(failure.module, failure.name)} has the rows 0 … {weight.shape[0] - 1}"
    return RULE.finding(
        what=what
        + (f" and was asked for ids from {low} to {high}." if low is not None else " and was asked for another."),
        why="An id is the number of a row of the embedding's table.",
        mend=f"{failure.name or 'embedding'} = nn.Embedding({rows}, {weight.shape[1]})"
        + (f"    # and ids + {-low}, so that the lowest is 0" if low is not None and low < 0 else ""),
        evidence={"rows": weight.shape[0], "lowest": low, "highest": high},
        where=failure.place,
        message=failure.message,
    )
