"""A function gives NaN or infinity where its input is finite.

A logarithm of 0, a division by 0, a root of a negative number, an exponential of a large one, a softmax over a row that
is masked as a whole: the first operation that does it is the cause, everything after it only hands it on.

Fires on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: (target * torch.log(torch.relu(output))).mean()
    x, y = torch.randn(64, 3), torch.ones(64, 1)

Silent on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: (target * torch.log(torch.relu(output) + 1e-6)).mean()
    x, y = torch.randn(64, 3), torch.ones(64, 1)

Sources: https://github.com/pytorch/pytorch/issues/2421
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numerics import GUARDED, guard
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL903", "not-finite", Severity.error, ("nonfinite", "divergence", "stuck"))

_MASKS = (
    "masked_fill",
    "masked_fill_",
    "where",
    "full",
    "full_like",
    "fill_",
    "triu",
    "tril",
    "__setitem__",
    "tensor",
    "generate_square_subsequent_mask",
    "empty",
    "empty_like",
    "masked_scatter",
    "scatter",
)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the first loss is not finite and an operation with finite inputs made it so."""
    backwards = evidence.trace.backwards
    first = next((b for b in backwards[:1] if b.value is not None and not abs(b.value) < float("inf")), None)
    if first is None:
        return None
    on_way = {operation.index for operation in evidence.trace.ancestors(first.loss)}
    made = [op for op in evidence.trace.operations if op.index in on_way and op.outputs and not op.outputs[0].finite]
    origin = next((op for op in made if op.name not in _MASKS and all(each.finite for each in op.inputs)), None)
    if origin is None:  # only masks were not finite at first: where did they turn into something else?
        origin = next((op for op in made if op.name in ("softmax", "log_softmax", "cross_entropy")), None)
    if origin is None:
        return None
    return _found(evidence, origin)


def _found(evidence: Evidence, origin: Operation) -> Finding:
    mend, instead = guard(origin)
    layer = f" in {origin.modules[-1]}" if origin.modules else ""
    reason = GUARDED.get(origin.name, "a value for which it is not defined, or too large for its dtype")
    return RULE.finding(
        what=f"{origin.name}{layer} gives NaN or infinity from finite inputs "
        f"{', '.join(str(seen.shape) for seen in origin.inputs)}: {reason}.",
        why="Everything computed from it is NaN or infinite: the loss, the gradients, and after one step the weights.",
        mend=mend,
        evidence={"operation": origin.name, "inputs": [seen.shape for seen in origin.inputs]},
        verified=tried(evidence, mode=Mended(origin, instead)) if instead is not None else None,
        where=origin.place,
    )
