"""An optimizer is built from something that is not the parameters.

It takes an iterable of parameters: `model.parameters()`, with its parentheses, fresh, once each; or groups of them.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    optimizer = lambda model: torch.optim.SGD(model.parameters, lr=0.1)

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    optimizer = lambda model: torch.optim.SGD([{"params": model.weight}, {"params": model.bias, "lr": 0.2}], lr=0.1)

Sources: https://github.com/pytorch/pytorch/issues/2954
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL701", "optimizer-arguments", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where building an optimizer raised."""
    failure = evidence.failure
    if failure is None or failure.stage != "optimizer" or failure.given is None:
        return None
    name = evidence.names.model
    what, mend = _fault(failure.given, name, _without_parameters(evidence))
    if what is None:
        what, mend = "The optimizer refused an option it was given.", "a number in the range that torch names below"
    return RULE.finding(
        what=what,
        why="An optimizer moves the parameters it is given, once each; it has to be given them.",
        mend=mend,
        evidence={"given": type(failure.given).__name__},
        where=failure.place,
        message=failure.message,
    )


def _without_parameters(evidence: Evidence) -> bool:
    """Whether the networks that are known have no parameters at all."""
    return bool(evidence.roots) and not any(True for root in evidence.roots for _ in root.parameters())


def _fault(given: Any, name: str, bare: bool) -> tuple[str | None, str]:
    right = f"{name}.parameters()"
    if isinstance(given, types.MethodType | types.FunctionType):
        return "The optimizer was given a method, not what it returns: the parentheses are missing.", right
    if isinstance(given, nn.Module):
        return f"The optimizer was given the module {type(given).__name__} itself.", right
    if isinstance(given, Tensor):
        return "The optimizer was given one tensor, not a list of them.", "[parameter]"
    if isinstance(given, str):
        return "The optimizer was given text.", right
    if isinstance(given, Mapping):
        return "The optimizer was given a mapping (a state_dict?).", right
    spent = isinstance(given, Iterator) and next(given, None) is None
    if spent or (isinstance(given, list | tuple) and not given):
        if bare:
            return "The network has no parameters: its layers are not registered.", "self.layers = nn.ModuleList([...])"
        return (
            "The optimizer was given an empty list: the generator of parameters had been used up before."
            if isinstance(given, Iterator)
            else "The optimizer was given an empty list."
        ), (f"{right}    # called again; or params = list({right})")
    if isinstance(given, Iterator):
        return None, right
    return _members(list(given), right)


def _members(given: list[Any], right: str) -> tuple[str | None, str]:
    groups = [item["params"] for item in given if isinstance(item, Mapping) and "params" in item]
    flat = [t for group in groups for t in ([group] if isinstance(group, Tensor) else list(group))] or given
    if any(isinstance(item, str) for item in given):
        return "The optimizer was given names, not parameters.", right
    if any(isinstance(item, nn.Module) for item in flat):
        return "The optimizer was given modules, not their parameters.", "[*a.parameters(), *b.parameters()]"
    tensors = [item for item in flat if isinstance(item, Tensor)]
    if any(not tensor.is_leaf for tensor in tensors):
        return (
            "The optimizer was given a tensor that is computed from others, not a parameter.",
            "nn.Parameter(tensor)    # of the finished numbers: after .to(device), after scaling",
        )
    if len({id(tensor) for tensor in tensors}) < len(tensors):
        return (
            "The optimizer was given some parameters more than once, in two groups.",
            "[p for p in model.parameters() if p not in set(head)]    # by identity: {id(p) for p in head}",
        )
    if tensors and all(isinstance(item, tuple) for item in flat):
        return "The optimizer was given pairs of name and parameter.", right
    if any(isinstance(item, types.MethodType | types.GeneratorType) for item in given):
        return "The optimizer was given parameter lists inside a list.", "[*a.parameters(), *b.parameters()]"
    return None, right
