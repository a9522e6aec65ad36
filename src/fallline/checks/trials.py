"""Trying a mend: the training is run again with it, on objects that are put back afterwards."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from fallline.checks.operations import name_of
from fallline.checks.places import here
from fallline.checks.recording import uncompiled
from fallline.checks.setup import Setup

if TYPE_CHECKING:
    from fallline.checks.evidence import Evidence
    from fallline.checks.traced import Operation

__all__ = ["Mended", "falls", "losses_of", "said"]


class Mended(TorchFunctionMode):
    """Runs one operation of the user's differently, as if its line had been changed.

    Args:
        operation: The operation as it was recorded; those of its name on its line are meant.
        instead: What to do: called with the function, its positional and its named arguments.
    """

    def __init__(self, operation: Operation, instead: Callable[..., Any]) -> None:
        super().__init__()
        self._name, self._place, self._instead = operation.name, operation.place, instead

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if name_of(func) == self._name and (self._place is None or here() == self._place):
            return self._instead(func, args, kwargs)
        return func(*args, **kwargs)


def losses_of(
    evidence: Evidence, change: Callable[[Setup], Setup] | None, *, mode: Any = None, steps: int = 20
) -> list[float]:
    """The loss at each of ``steps`` steps from the start; cut short where the training raised."""
    setup, keeper = evidence.setup, evidence.keeper
    if setup is None or keeper is None:
        return []
    keeper.restore()
    losses: list[float] = []
    try:
        with warnings.catch_warnings(), uncompiled(), mode or contextlib.nullcontext():
            warnings.simplefilter("ignore")
            changed = setup if change is None else change(setup)
            for number in range(steps):
                value = changed.step(number)
                losses.append(float(value.detach().mean()) if isinstance(value, Tensor) else math.nan)
    except Exception:  # a mend that does not run is no mend: its losses are too few
        return losses
    finally:
        keeper.restore()
    return losses


def falls(losses: list[float]) -> bool:
    """Whether a training made its loss clearly smaller."""
    if len(losses) < 2 or not all(map(math.isfinite, losses)):
        return False
    return min(losses[-3:]) < losses[0] - 1e-3 * max(abs(losses[0]), 1e-6)


def said(after: list[float], before: list[float], *, steps: int = 20) -> str | None:
    """What came of a mend in a sentence; None where it did not even run."""
    if len(after) < steps:
        return None
    text = f"tried: the loss on this batch now goes from {after[0]:.3g} to {after[-1]:.3g} in {len(after)} steps"
    if len(before) < 2:
        return f"{text}; before it raised" if not before else text
    return f"{text}; before from {before[0]:.3g} to {before[-1]:.3g}"
