"""Layers or parameters of a network are kept where torch does not see them.

Only modules and parameters that are attributes, or stand in an `nn.ModuleList`, `nn.ModuleDict` or `nn.ParameterList`,
are registered. In a plain list, dict or tuple, or as a tensor with `requires_grad=True`, they take part in the forward,
are never trained, saved or moved to a device.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(3, 8), nn.Linear(8, 8)]
            self.head = nn.Linear(8, 1)

        def forward(self, x):
            for layer in self.layers:
                x = torch.relu(layer(x))
            return self.head(x)

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(3, 8), nn.Linear(8, 8)])
            self.head = nn.Linear(8, 1)

        def forward(self, x):
            for layer in self.layers:
                x = torch.relu(layer(x))
            return self.head(x)

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/when-should-i-use-nn-modulelist-and-when-should-i-use-nn-sequential/5463
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from fallline.checks.evidence import Evidence
from fallline.checks.places import assigned
from fallline.checks.rule import Rule
from fallline.checks.traced import Operation
from fallline.core.finding import Finding, Place, Severity

RULE = Rule("FL703", "unregistered", Severity.error, ("ownership", "exception"))
_LONGEST = 70
"""Characters of what is written on the right that a mend repeats."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a module holds trainable parameters outside its own, and no optimizer owns them."""
    owned = {id(p) for optimizer in evidence.optimizers for group in optimizer.param_groups for p in group["params"]}
    failed = evidence.failure is not None and evidence.failure.stage == "optimizer"
    known = {id(p) for root in evidence.roots for p in root.parameters()} | owned
    for name, module in evidence.modules:
        for attribute, value in module.__dict__.items():
            if attribute.startswith(("_", "__")) and attribute in ("_parameters", "_buffers", "_modules"):
                continue
            lost = [p for p in _trainable(value) if id(p) not in known]
            if _by_hand(evidence, lost):
                continue
            used = _use(evidence, lost) if lost else None
            if used is not None or (lost and failed):
                return _found(name, module, attribute, lost, None if used is None else used.place)
    return None


def _trainable(value: Any, depth: int = 0) -> Iterator[Tensor]:
    """Parameters in plain containers, and leaf tensors that require gradients."""
    if isinstance(value, Tensor):
        if value.requires_grad and value.is_leaf:
            yield value
    elif isinstance(value, nn.Module):
        if depth and value.training:  # one in evaluation mode was put there on purpose: eval() does not reach it
            yield from (p for p in value.parameters() if p.requires_grad)
    elif isinstance(value, list | tuple | dict) and depth < 3:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _trainable(item, depth + 1)


def _by_hand(evidence: Evidence, lost: list[Tensor]) -> bool:
    """Whether the gradient of one of them is read, or its numbers are changed in place: it is trained by hand."""
    shapes = {tuple(p.shape) for p in lost}
    for operation in evidence.trace.operations:
        own = operation.inputs[:1]
        changes = operation.name in ("grad", "data", "set data") or operation.name.startswith("__i")
        changes = changes or (operation.name.endswith("_") and not operation.grad)
        if changes and any(each.leaf and each.needs_grad and not each.label and each.shape in shapes for each in own):
            return True
    return False


def _use(evidence: Evidence, lost: list[Tensor]) -> Operation | None:
    """The first operation that used one of them while gradients were recorded: an unnamed leaf of its shape."""
    shapes = {tuple(p.shape) for p in lost}
    for operation in evidence.trace.operations:
        for each in operation.inputs if operation.grad else ():
            unnamed = each.leaf and each.needs_grad and not (each.label or "").startswith("input")
            if unnamed and each.shape in shapes:
                return operation
    return None


def _found(name: str, module: nn.Module, attribute: str, lost: list[Tensor], used: Place | None) -> Finding:
    holder, value = f"{name}.{attribute}", module.__dict__[attribute]
    where, written = assigned(module, attribute) or (used, "...")
    if isinstance(value, Tensor):
        what, kind = f"{holder} is a plain tensor that requires gradients", "Parameter"
    else:
        modules = any(isinstance(item, nn.Module) for item in (value.values() if isinstance(value, dict) else value))
        kind = f"{'Module' if modules else 'Parameter'}{'Dict' if isinstance(value, dict) else 'List'}"
        what = f"{holder} keeps {'layers' if modules else 'parameters'} in a plain {type(value).__name__}"
    empty = written in ("[]", "{}", "()", "list()", "dict()")  # what is put into it later goes where it should as well
    short = "" if empty else written if len(written) <= _LONGEST else "..."
    return RULE.finding(
        what=f"{what}: {len(lost)} of its parameters are not in {name}.parameters().",
        why="Torch registers what is an attribute or stands in its own containers; the rest is never trained or saved.",
        mend=f"self.{attribute} = nn.{kind}({short})",
        evidence={"attribute": holder, "parameters": len(lost)},
        where=where,
    )
