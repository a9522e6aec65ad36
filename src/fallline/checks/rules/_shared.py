"""What several rules say or ask."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.operations import LOSSES
from fallline.checks.setup import Setup
from fallline.checks.setup import parts as parts_of
from fallline.checks.traced import Failure
from fallline.checks.trials import said

__all__ = [
    "INTEGERS",
    "cast_inputs",
    "cast_targets",
    "describe",
    "dtype",
    "failed_loss",
    "is_swapped",
    "mapped",
    "tried",
]

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool)


def dtype(kind: torch.dtype) -> str:
    """A dtype as it is spoken of."""
    return str(kind).removeprefix("torch.")


def describe(module: torch.nn.Module | None, name: str | None) -> str:
    """A module by its name and how it was made: ``model[0], Linear(3, 10)``."""
    if module is None:
        return name or "the operation"
    text = (
        f"{type(module).__name__}({module.extra_repr()})"
        if len(list(module.children())) == 0
        else type(module).__name__
    )
    return f"{name} = {text}" if name else text


def failed_loss(failure: Failure | None, evidence: Evidence) -> Comparison | None:
    """The loss that raised, or whose derivative did, with its two sides."""
    if failure is None:
        return None
    operation = failure.operation
    if operation is not None and operation.name in LOSSES and failure.stage != "backward":
        met = evidence.comparison(operation)
        return None if met is None or is_swapped(met) else met
    if failure.stage == "backward" or (operation is not None and operation.name == "backward"):
        return evidence.comparisons[0] if evidence.comparisons else None
    return None


def is_swapped(met: Comparison) -> bool:
    """Whether the network's output stands where the target belongs."""
    return not met.output.needs_grad and met.target.needs_grad


def tried(
    evidence: Evidence, change: Callable[[Setup], Setup] | None = None, mode: Any = None, *, steps: int = 20
) -> str | None:
    """What came of a mend that was tried on a copy."""
    if evidence.setup is None:
        return None
    return said(evidence.attempt(change, mode=mode, steps=steps), evidence.losses[:steps], steps=steps)


def mapped(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """A nest of tensors with each replaced."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, tuple | list):
        return type(value)(mapped(item, function) for item in value)
    if isinstance(value, dict):
        return {name: mapped(item, function) for name, item in value.items()}
    return value


def cast_inputs(function: Callable[[Tensor], Tensor]) -> Callable[[Setup], Setup]:
    """A change of the batches' inputs."""
    return _changed(lambda inputs, targets: (mapped(inputs, function), targets))


def cast_targets(function: Callable[[Tensor], Tensor]) -> Callable[[Setup], Setup]:
    """A change of the batches' targets."""
    return _changed(lambda inputs, targets: (inputs, mapped(targets, function)))


def _changed(function: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Setup], Setup]:
    return lambda setup: dataclasses.replace(setup, batches=[function(*parts_of(batch)) for batch in setup.batches])
