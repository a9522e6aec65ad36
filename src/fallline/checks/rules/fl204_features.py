"""A layer is made for another number of features or channels than it is given.

Every layer with weights fixes how many features come in: the last axis for linear, recurrent and layer-norm layers,
the second for convolutions and batch norm. The number comes from the data or from the layer before.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 5), torch.randn(8, 1)

Silent on:

    model = nn.Linear(5, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 5), torch.randn(8, 1)

Sources: https://github.com/pytorch/pytorch/issues/139037
"""

from __future__ import annotations

import re

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe
from fallline.checks.traced import Failure
from fallline.core.finding import Finding, Severity

RULE = Rule("FL204", "features", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a layer raised and its input has another number of features than it was made for."""
    failure = evidence.failure
    met = None if failure is None else _expected(failure)
    if failure is None or met is None:
        return None
    wanted, shape, axis = met
    if not shape or len(shape) <= axis or shape[axis] == wanted:
        return None
    got, layer = shape[axis], failure.name or "the layer"
    first = _is_input(evidence, shape)
    turned = len(shape) == 2 and shape[0] == wanted and axis == 1
    name = evidence.names.inputs
    mend = f"{layer} = {_remade(failure.module, got)}"
    if turned:
        mend = (
            f"{name} = {name}.T    # the samples are columns"
            if first
            else ".T    # samples and features changed places"
        )
    return RULE.finding(
        what=f"{describe(failure.module, failure.name)} takes {wanted} features and was given {got} (shape {shape}).",
        why=f"The {'inputs have' if first else 'layer before gives'} {got} features; a layer multiplies as many "
        f"as it was made for.",
        mend=mend,
        evidence={"wanted": wanted, "got": got, "input": shape},
        where=failure.place,
        message=failure.message,
    )


def _expected(failure: Failure) -> tuple[int, tuple[int, ...], int] | None:
    """Features wanted, shape given, and the axis that holds them."""
    operation, module = failure.operation, failure.module
    if operation is not None and operation.name == "linear" and len(operation.inputs) > 1:
        shape = operation.inputs[0].shape
        return operation.inputs[1].shape[-1], shape, len(shape) - 1
    if operation is not None and operation.name.startswith("conv") and len(operation.inputs) > 1:
        shape, weight = operation.inputs[0].shape, operation.inputs[1].shape
        groups = getattr(module, "groups", 1)
        turned = "transpose" in operation.name
        batched = len(shape) == len(weight)
        return (weight[0] if turned else weight[1] * groups), shape, 1 if batched else 0
    given = failure.arguments or (operation.inputs if operation is not None else ())
    if not given or module is None:
        return None
    shape = given[0].shape
    if isinstance(module, nn.RNNBase):
        return module.input_size, shape, len(shape) - 1
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return module.num_features, shape, 1
    if isinstance(module, nn.LayerNorm):
        return module.normalized_shape[-1], shape, len(shape) - 1
    if isinstance(module, nn.GroupNorm):
        return module.num_channels, shape, 1
    if isinstance(module, nn.MultiheadAttention):
        return module.embed_dim, shape, len(shape) - 1
    return None


def _is_input(evidence: Evidence, shape: tuple[int, ...]) -> bool:
    operation = evidence.failure.operation
    seen = operation.inputs[0] if operation is not None and operation.inputs else None
    return seen is not None and evidence.trace.origin(seen).producer is None


def _remade(module: nn.Module | None, features: int) -> str:
    """The layer for so many features, all its other arguments as they are."""
    if module is None:
        return f"nn.Linear({features}, ...)"
    kind = f"nn.{type(module).__name__}"
    if isinstance(module, nn.Linear):
        return f"{kind}({features}, {module.out_features}{', bias=False' if module.bias is None else ''})"
    if isinstance(module, nn.GroupNorm):
        return f"{kind}({module.num_groups}, {features})"
    if isinstance(module, nn.LayerNorm):
        shape = (*module.normalized_shape[:-1], features)
        return f"{kind}({shape if len(shape) > 1 else features})"
    if isinstance(module, nn.MultiheadAttention):
        first = ", batch_first=True" if module.batch_first else ""
        return f"{kind}({features}, {module.num_heads}{first})"
    written = re.sub(r"^\d+", str(features), module.extra_repr())  # begins with how many come in
    return f"{kind}({written})"
