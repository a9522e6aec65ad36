"""A layer and its input have different floating-point dtypes.

NumPy and pandas make float64, torch's layers are float32. Torch does not convert one into the other: it raises as soon
as they meet. One cast where the data become tensors mends it for the whole program.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1).double()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 1, dtype=torch.float64)

Sources: https://github.com/theislab/scarches/issues/195
"""

from __future__ import annotations

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import cast_inputs, describe, dtype, tried
from fallline.checks.traced import Failure
from fallline.core.finding import Finding, Severity

RULE = Rule("FL101", "float-dtypes", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where an operation of the forward raised with floats of two kinds."""
    failure = evidence.failure
    if failure is None or failure.stage not in ("forward", "train_step", ""):
        return None
    met = dtypes_met(failure)
    if met is None or not met[0].is_floating_point or not met[1].is_floating_point:
        return None
    layer, given = met
    names = evidence.names
    cast = (
        "float" if layer is torch.float32 else {torch.float64: "double", torch.float16: "half"}.get(layer, "bfloat16")
    )
    mend = f"{names.inputs} = {names.inputs}.{cast}()"
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} has {dtype(layer)} weights and was given {dtype(given)}.",
        why="torch does not convert one into the other: it raises. NumPy's arrays are float64, torch's layers float32.",
        mend=f"{mend}    # or {names.model}.{'double' if given is torch.float64 else 'to(' + names.inputs + '.dtype'}"
        + ("()" if given is torch.float64 else ")"),
        evidence={"weights": dtype(layer), "input": dtype(given)},
        verified=tried(evidence, cast_inputs(lambda t: t.to(layer) if t.is_floating_point() else t)),
        where=failure.place,
        message=failure.message,
    )


def dtypes_met(failure: Failure) -> tuple[torch.dtype, torch.dtype] | None:
    """The dtype of the weights and the other one that an operation or module raised over."""
    if failure.operation is not None:
        weights = [t.dtype for t in failure.operation.inputs if (t.label or "").startswith("parameter ")]
        others = [t.dtype for t in failure.operation.inputs if not (t.label or "").startswith("parameter ")]
        if not weights and len(others) > 1:
            weights, others = others[1:], others[:1]
    elif failure.module is not None:
        weights = [parameter.dtype for parameter in failure.module.parameters(recurse=False)]
        others = [seen.dtype for seen in failure.arguments]
    else:
        return None
    different = [kind for kind in others if weights and kind != weights[0]]
    return (weights[0], different[0]) if different else None
