"""What is seen of a training, as plain data: tensors, operations, calls of modules, and the events of the loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from fallline.core.finding import Place

__all__ = ["Backward", "Call", "Event", "Failure", "Operation", "Seen", "Step"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A tensor as it was when it was used.

    Args:
        key: The same for the same tensor.
        shape: Its shape.
        dtype: Its dtype.
        needs_grad: Whether gradients were recorded for it.
        leaf: Whether it is a leaf of the graph.
        finite: Whether all its numbers are finite.
        producer: Index of the operation that made it; None for what came from outside.
        label: What it is where that is known: "input", "target", "parameter 0.weight".
    """

    key: int
    shape: tuple[int, ...]
    dtype: torch.dtype
    needs_grad: bool
    leaf: bool
    finite: bool
    producer: int | None = None
    label: str | None = None


@dataclass(slots=True)
class Operation:
    """One call of a torch function.

    Args:
        index: Its place among all operations.
        name: The function's last name: "cross_entropy", "add_", "__getitem__".
        inputs: The tensors among its arguments, in order.
        options: Its other arguments by name where the signature is known, else by position.
        outputs: The tensors it returned.
        place: The user's line.
        modules: Names of the modules that were running, outermost first.
        step: Training steps completed before it.
        grad: Whether gradients were being recorded.
        stage: What the set-up was doing.
        named: Its tensors by argument name.
        spelled: What the user calls its tensors, by argument name, for losses.
        values: Copies of its tensors by argument name, for losses; "output" is the first it returned.
    """

    index: int
    name: str
    inputs: tuple[Seen, ...]
    options: dict[str, Any]
    outputs: tuple[Seen, ...] = ()
    place: Place | None = None
    modules: tuple[str, ...] = ()
    step: int = 0
    grad: bool = True
    stage: str = ""
    values: dict[str, Tensor] = field(default_factory=dict)
    named: dict[str, Seen] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> Seen | None:
        """The first tensor it returned."""
        return self.outputs[0] if self.outputs else None

    def option(self, name: str, position: int, default: Any = None) -> Any:
        """An argument that may be given by name or by position."""
        return self.options.get(name, self.options.get(f"#{position}", default))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a module, by name and kind, with what went in and came out."""

    name: str
    module: torch.nn.Module
    depth: int
    inputs: tuple[Seen, ...]
    outputs: tuple[Seen, ...]
    training: bool
    step: int
    grad: bool
    place: Place | None
    start: int
    end: int
    returned: str = "Tensor"

    @property
    def kind(self) -> str:
        """The module's class."""
        return type(self.module).__name__


@dataclass(frozen=True, slots=True)
class Event:
    """Something the loop did.

    Args:
        kind: ``zero_grad``, ``clip``, ``schedule`` (a scheduler's step), ``scaler`` (a call of GradScaler) or
            ``self-copy`` (a module loads its own state).
        step: Training steps completed before it.
        place: The user's line.
        owner: Which optimizer it was about, where it was about one.
        index: Operations recorded before it.
        detail: What else is known of it, and the ``backwards`` and ``steps`` there had been.
    """

    kind: str
    step: int
    place: Place | None
    owner: int | None = None
    index: int = 0
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backward:
    """One backward pass.

    Args:
        loss: The tensor it started from.
        value: The loss as a number; None where it has several.
        step: Training steps completed before it.
        index: Operations recorded before it.
        place: The user's line.
        retain_graph: Whether the graph was kept.
        reached: Names of the parameters that it gave a gradient.
        norms: Norm of the gradient of each parameter after it.
        broken: Parameters whose gradient is not finite after it.
        origin: The first operation whose gradient became non-finite from a finite one.
        sparse: Parameters whose gradient is sparse.
        stale: Parameters that have moved since an earlier pass whose gradient they still hold.
        network: The network that was called last before it, by name, with the line.
        evaluating: Whether that was in evaluation mode.
        moved: Whether a parameter it reached had moved since the pass before.
    """

    loss: Seen
    value: float | None
    step: int
    index: int
    place: Place | None
    retain_graph: bool
    reached: frozenset[str]
    norms: dict[str, float]
    broken: frozenset[str]
    origin: int | None = None
    sparse: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    network: tuple[str, torch.nn.Module, Place | None] | None = None
    evaluating: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an optimizer.

    Args:
        owner: Which optimizer.
        step: Training steps completed before it.
        index: Operations recorded before it.
        place: The user's line.
        rates: The learning rate of each of its groups.
        without: Parameters it owns that had no gradient.
        stale: Parameters whose gradient holds what an earlier step has used already.
        zero: Parameters whose gradient was all zeros.
        owned: Parameters it owns.
        backwards: Backward passes since the step before.
        moved: How far each parameter went, relative to its size.
        after: Backward passes there had been.
        contributions: The backward passes whose gradients it used.
        erased: Whether gradients that a pass had given were gone.
    """

    owner: int
    step: int
    index: int
    place: Place | None
    rates: tuple[float, ...]
    without: frozenset[str]
    stale: frozenset[str]
    zero: frozenset[str]
    owned: frozenset[str]
    backwards: int
    moved: dict[str, float]
    after: int = 0
    contributions: frozenset[int] = frozenset()
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception that ended the set-up's own code.

    Args:
        error: The exception.
        stage: Where it happened: "optimizer", "forward", "loss", "backward", "step", "train_step".
        operation: The operation that raised, without outputs; None where it was no torch function.
        module: The innermost module that was running.
        name: What that is called; None where it is not known.
        place: The user's line.
        arguments: The tensors that were given, where no operation holds them.
        step: Training steps completed before it.
        given: What an optimizer was to be built from.
    """

    error: BaseException
    stage: str
    operation: Operation | None = None
    module: torch.nn.Module | None = None
    name: str | None = None
    place: Place | None = None
    arguments: tuple[Any, ...] = ()
    step: int = 0
    given: Any = None

    @property
    def message(self) -> str:
        """Torch's own words, the first paragraph of them."""
        text = str(self.error).strip().split("\n\n")[0]
        return f"{type(self.error).__name__}: {text[:600]}"
