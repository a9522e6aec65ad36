"""The data hold NaN or infinity.

A single NaN in the inputs makes the loss NaN, and after one step every weight. They come from empty cells, from
dividing by the standard deviation of a constant column (0), or from a logarithm of 0.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    x[:, 1] = float("nan")

Silent on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: ((output - target)[~target.isnan()] ** 2).mean()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    y[3] = float("nan")

Sources: https://www.codegenes.net/blog/pytorch-cost-result-is-nan
"""

from __future__ import annotations

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import batch
from fallline.checks.rules._shared import cast_inputs, cast_targets, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL901", "data-not-finite", Severity.error, ("nonfinite", "divergence", "exception"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the first loss or gradient is not finite and the batch is not either."""
    trace = evidence.trace
    bad = [b for b in trace.backwards[:1] if b.broken or (b.value is not None and not abs(b.value) < float("inf"))]
    if not bad and evidence.failure is None:
        return None
    names = evidence.names
    inputs, targets = batch(evidence)
    for name, tensors in ((names.inputs, inputs), (names.targets, targets)):
        for tensor in tensors:
            if not tensor.is_floating_point() or tensor.isfinite().all():
                continue
            return _found(evidence, name, tensor, name == names.inputs)
    if evidence.setup is None:
        return _watched(evidence)
    return None


def _found(evidence: Evidence, name: str, tensor: torch.Tensor, is_input: bool) -> Finding:
    bad = ~tensor.isfinite()
    columns = bad.any(0).nonzero().flatten().tolist() if tensor.dim() == 2 else []
    whole = [column for column in columns if bool(bad[:, column].all())]
    where = (
        f"column {', '.join(map(str, columns[:5]))}"
        if columns and len(columns) < tensor.shape[1]
        else f"{int(bad.sum())} places"
    )
    cause = (
        "; the whole column, as after dividing by a standard deviation of 0"
        if whole and len(whole) == len(columns)
        else ""
    )
    change = (cast_inputs if is_input else cast_targets)(
        lambda t: t.nan_to_num(0, 0, 0) if t.is_floating_point() else t
    )
    mend = (
        f"{name} = ({name} - {name}.mean(0)) / ({name}.std(0) + 1e-8)" if whole else f"{name} = {name}.nan_to_num(0.0)"
    )
    kind = "NaN" if bool(tensor.isnan().any()) else "infinity"
    return RULE.finding(
        what=f"{name} holds {kind} in {where} ({float(bad.double().mean()):.1%} of its numbers){cause}.",
        why="Whatever is computed with NaN is NaN: the loss, every gradient, and after one step every weight.",
        mend=f"{mend}    # or drop these rows or columns",
        evidence={"share": float(bad.double().mean()), "columns": columns[:20]},
        verified=tried(evidence, change),
        message=evidence.failure.message if evidence.failure is not None else None,
    )


def _watched(evidence: Evidence) -> Finding | None:
    """In a script: a module or a loss was given something not finite that no recorded operation had made so."""
    given = [(seen, call.name, call.place, "x") for call in evidence.root_calls for seen in call.inputs]
    given += [(met.target, met.loss, met.operation.place, evidence.names.targets) for met in evidence.comparisons]
    for seen, taker, place, name in given:
        if not seen.finite and not any(
            op.outputs and not op.outputs[0].finite and all(i.finite for i in op.inputs) and op.inputs
            for op in evidence.trace.ancestors(seen)
        ):
            return RULE.finding(
                what=f"{taker} is given {seen.shape} with NaN or infinity in it.",
                why="Whatever is computed with NaN is NaN: the loss, every gradient, and after one step every weight.",
                mend=f"{name} = {name}.nan_to_num(0.0)    # or drop the rows; {name}.isfinite().all(0) shows the "
                "columns",
                evidence={"shape": seen.shape},
                where=place,
            )
    return None
