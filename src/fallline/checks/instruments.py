"""What listens while a training runs: calls of modules, steps of optimizers, the events of the loop."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from fallline.checks.ledger import Ledger
from fallline.checks.places import here, internal, user_frame, variable
from fallline.checks.recorder import Recorder, tensors_in, tracing
from fallline.checks.traced import Call, Event

__all__ = ["Instruments", "modal"]

_MODAL = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


class Instruments:
    """Everything that listens while a training runs.

    Args:
        recorder: What torch functions are recorded by.
        on_step: Called after each step of an optimizer with the number of steps so far.
    """

    def __init__(self, recorder: Recorder, on_step: Callable[[int], None] | None = None) -> None:
        self.recorder = recorder
        self.trace = recorder.trace
        self.ledger = Ledger(recorder)
        self.optimizers: list[Optimizer] = []
        self.optimizer_names: list[str] = []
        self.schedulers: list[Any] = []
        self.roots: list[nn.Module] = []
        self.on_module: Callable[[nn.Module], None] | None = None
        self.on_optimizer: Callable[[Optimizer], None] | None = None
        self.on_step = on_step
        self._starts: list[int] = []
        self._stepping: list[Optimizer] = []
        self.listening = False
        self._handles: list[Any] = []
        recorder.on_backward = self.ledger.backward
        recorder.on_internal = self._internal

    def restart(self) -> None:
        """Go on with an empty trace; networks and optimizers stay known."""
        self.trace = self.recorder.restart()
        self.ledger.restart()
        self._starts.clear()
        self._stepping.clear()
        self.optimizers, self.optimizer_names, self.schedulers = [], [], []

    # -- modules --------------------------------------------------------------------------------

    def module_begins(self, module: nn.Module, args: Any) -> None:
        """Before each forward."""
        recorder = self.recorder
        self.recover()
        if self.ledger.running or recorder.quiet or tracing():
            return
        if module not in recorder.names:
            if not recorder.modules:
                self._meet(module)
            if self.on_module is not None:
                with torch._C.DisableTorchFunction():
                    self.on_module(module)
        recorder.modules.append(module)
        self._starts.append(len(self.trace.operations))

    def _meet(self, module: nn.Module) -> None:
        """A module that is called from outside for the first time."""
        name = variable(module, user_frame(sys._getframe(1)))
        self.recorder.adopt(module, name or type(module).__name__)
        self.roots.append(module)

    def module_ends(self, module: nn.Module, args: Any, result: Any) -> None:
        """After each forward, also one that raised."""
        recorder = self.recorder
        if self.ledger.running or recorder.quiet or tracing() or module not in recorder.modules:
            return
        while recorder.modules and recorder.modules.pop() is not module:
            self._starts.pop()
        start = self._starts.pop()
        if not recorder.modules:
            recorder.take_up()
        if not recorder.modules and torch.is_grad_enabled() and next(module.parameters(), None) is not None:
            evaluating = not module.training and not any(part.training for part in modal(module))
            self.ledger.called((recorder.names.get(module, type(module).__name__), module, here()), evaluating)
        if not recorder.full:
            return
        with torch._C.DisableTorchFunction():
            inputs = tuple(recorder.seen(tensor) for tensor in tensors_in(args))
            outputs = tuple(recorder.seen(tensor) for tensor in tensors_in(result))
        self.trace.calls.append(
            Call(
                recorder.names.get(module, type(module).__name__),
                module,
                len(recorder.modules),
                inputs,
                outputs,
                module.training,
                recorder.step,
                torch.is_grad_enabled(),
                here(),
                start,
                len(self.trace.operations),
                type(result).__name__,
            )
        )

    # -- optimizers -----------------------------------------------------------------------------

    def number(self, optimizer: Optimizer) -> int:
        """An optimizer's place among those seen."""
        for place, known in enumerate(self.optimizers):
            if known is optimizer:
                return place
        self.optimizers.append(optimizer)
        self.optimizer_names.append(variable(optimizer, user_frame(sys._getframe(1))) or "")
        if self.on_optimizer is not None:
            with torch._C.DisableTorchFunction():
                self.on_optimizer(optimizer)
        return len(self.optimizers) - 1

    def owned(self, optimizer: Optimizer) -> dict[str, Tensor]:
        """An optimizer's parameters by name; those of no known module are named after their place."""
        owned: dict[str, Tensor] = {}
        number = self.number(optimizer)
        for group, options in enumerate(optimizer.param_groups):
            for place, parameter in enumerate(options["params"]):
                if is_lazy(parameter):
                    continue
                name = f"parameter {place} of group {group} of optimizer {number + 1}"
                owned[self.recorder.adopt_parameter(parameter, name)] = parameter
        return owned

    def step_begins(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Before each step of an optimizer."""
        self.recover()
        if not self.listening:
            return
        with torch._C.DisableTorchFunction():
            self.ledger.before_step(self.number(optimizer), self.owned(optimizer))
        if not _with_closure(args, kwargs):
            self._stepping.append(optimizer)
            self.recorder.quiet += 1

    def step_ends(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """After each step of an optimizer."""
        if any(known is optimizer for known in self._stepping):
            self._stepping.pop()
            self.recorder.quiet -= 1
        if not self.listening:
            self._stepped()
            return
        with torch._C.DisableTorchFunction():
            rates = tuple(float(group["lr"]) for group in optimizer.param_groups if "lr" in group)
            self.ledger.after_step(self.number(optimizer), self.owned(optimizer), rates, here())
        self._stepped()

    def recover(self) -> None:
        """Listen again where a step was begun and has raised, so that it never ended."""
        if self._stepping and not _running({type(optimizer).step.__code__ for optimizer in self._stepping}):
            self.recorder.quiet -= len(self._stepping)
            self._stepping.clear()

    def _stepped(self) -> None:
        self.recorder.step += 1
        if self.on_step is not None:
            self.on_step(self.recorder.step)

    def listen(self) -> None:
        """Record torch functions and calls of modules."""
        if not self.listening:
            self._handles = [
                nn.modules.module.register_module_forward_pre_hook(self.module_begins),
                nn.modules.module.register_module_forward_hook(self.module_ends, always_call=True),
            ]
            self.recorder.__enter__()
            self.listening = True

    def rest(self) -> None:
        """Stop recording them; optimizers' steps are still counted."""
        if self.listening:
            self.recorder.__exit__(None, None, None)
            self.listening = False
            for handle in self._handles:
                handle.remove()

    def happened(self, kind: str, owner: int | None = None, **detail: Any) -> None:
        """Write an event down."""
        trace = self.trace
        detail |= {"backwards": len(trace.backwards), "steps": len(trace.steps)}
        trace.events.append(Event(kind, self.recorder.step, here(), owner, len(trace.operations), detail))

    def _internal(self, kind: str, place: Any, index: int) -> None:
        """Clipping is many torch functions in a row: one event, at the first.

        Without a bound it only measures the gradients, which is no clipping.
        """
        bound = _clipped_at(sys._getframe(1))
        kind = kind if bound < math.inf else "measure"
        stamp = (len(self.trace.backwards), len(self.trace.steps))
        last = next((event for event in reversed(self.trace.events) if event.kind == kind), None)
        detail = {"stamp": stamp, "backwards": stamp[0], "steps": stamp[1], "bound": bound}
        if last is None or last.detail["stamp"] != stamp or last.place != place:
            self.trace.events.append(Event(kind, self.recorder.step, place, None, index, detail))


def _clipped_at(frame: FrameType | None) -> float:
    """The bound that gradients are clipped at; infinity where their norm is only taken."""
    while frame is not None and internal(frame.f_code):
        bound = frame.f_locals.get("max_norm", frame.f_locals.get("clip_value"))
        if bound is not None and frame.f_code.co_filename.endswith("clip_grad.py"):
            return float(bound)
        frame = frame.f_back
    return math.inf


def modal(network: nn.Module) -> Iterator[nn.Module]:
    """The layers of a network that behave differently in evaluation mode."""
    for module in network.modules():
        if isinstance(module, _MODAL) and getattr(module, "p", 1) > 0 and getattr(module, "track_running_stats", True):
            yield module


def _running(codes: set[CodeType]) -> bool:
    """Whether one of these functions is being run."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code not in codes:
        frame = frame.f_back
    return frame is not None


def _with_closure(args: Any, kwargs: Any) -> bool:
    """Whether a step was given a function to call, whose operations are the user's own."""
    return any(inspect.isfunction(value) or inspect.ismethod(value) for value in (*args, *kwargs.values()))
