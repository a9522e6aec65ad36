"""Whose gradients are in which parameter: what each backward pass added, and what each step used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from fallline.checks.places import here
from fallline.checks.recorder import Recorder, tensors_in
from fallline.checks.traced import Backward, Failure, Step
from fallline.core.finding import Place

__all__ = ["Ledger"]


class Ledger:
    """Follows the gradients of the recorder's parameters through backward passes and steps.

    Args:
        recorder: Where parameters are known and events are written.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._held: dict[str, set[int]] = {}
        self._used: dict[str, set[int]] = {}
        self._before: dict[int, dict[str, Tensor]] = {}
        self._since: int = 0
        self._versions: dict[str, int] = {}
        self._left: dict[str, tuple[int, int]] = {}
        self.running = False
        self.network: tuple[str, nn.Module, Place | None] | None = None
        self.evaluating = False
        self.on_backward: Callable[[int], None] | None = None

    def restart(self) -> None:
        """Forget the passes there were; gradients that are there count as none of them."""
        self._held, self._used, self._before, self._versions, self._since = {}, {}, {}, {}, 0
        self._left = {}
        self.network, self.evaluating = None, False

    def called(self, network: tuple[str, nn.Module, Place | None], evaluating: bool) -> None:
        """A network was called: evaluating is what all have been that were called since the last pass."""
        self.evaluating = evaluating and (self.network is None or self.evaluating)
        self.network = network

    def backward(self, func: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Run a backward pass and note which parameters it gave a gradient."""
        recorder = self._recorder
        loss = next(iter(tensors_in((args, kwargs))))
        seen, place = recorder.seen(loss), here()
        before, faults = self._state(), recorder.faults
        faults.clear()
        self.running = True
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            recorder.trace.failure = recorder.trace.failure or Failure(
                error, "backward", recorder.trace.producer(seen), place=place, arguments=(seen,), step=recorder.step
            )
            raise
        finally:
            self.running = False
        self._note(seen, _number(loss), place, bool(kwargs.get("retain_graph")), before, faults)
        return result

    def _note(self, seen: Any, value: float | None, place: Any, retain: bool, before: Any, faults: Any) -> None:
        recorder, number = self._recorder, len(self._recorder.trace.backwards)
        gradients = {name: p.grad for name, p in recorder.parameters.items() if p.grad is not None}
        reached = {name for name, grad in gradients.items() if before.get(name) != (id(grad), grad._version)}
        stale, moved = self._received(reached, number)
        norms = {name: _norm(gradient) for name, gradient in gradients.items()}
        recorder.trace.backwards.append(
            Backward(
                seen,
                value,
                recorder.step,
                len(recorder.trace.operations),
                place,
                retain,
                frozenset(reached),
                norms,
                frozenset(name for name in reached if not norms[name] < float("inf")),
                self._origin(faults),
                frozenset(name for name, gradient in gradients.items() if gradient.layout is not torch.strided),
                frozenset(stale),
                self.network,
                self.evaluating,
                moved,
            )
        )
        self.network, self.evaluating = None, False
        if self.on_backward is not None:
            self.on_backward(number + 1)

    def _received(self, reached: set[str], number: int) -> tuple[set[str], bool]:
        """Enter a pass; which parameters have moved since an earlier one that they still hold, and whether any has."""
        stale, moved = set(), False
        for name in reached:
            version = self._recorder.parameters[name]._version
            if self._held.get(name) and self._versions.get(name) != version:
                stale.add(name)
            moved = moved or self._versions.get(name, version) != version
            self._versions[name] = version
            self._held.setdefault(name, set()).add(number)
        return stale, moved

    def _origin(self, faults: list[tuple[int, bool]]) -> int | None:
        """The operation whose derivative was the first that is not finite."""
        if not faults:
            return None
        index, whole = faults[0]
        if whole:
            return index
        key = self._recorder.trace.operations[index].outputs[0].key
        users = [
            operation.index
            for operation in self._recorder.trace.operations[index + 1 :]
            if any(each.key == key for each in operation.inputs) and operation.grad
        ]
        return users[-1] if users else index

    def _state(self) -> dict[str, tuple[int, int]]:
        """Which gradient each parameter has; those without, or with zeros alone, hold nothing any more.

        Nor do those that were changed after a step, as where the gradients decay instead of being zeroed.
        """
        state = {}
        for name, parameter in self._recorder.parameters.items():
            gradient, left = parameter.grad, self._left.pop(name, None)
            if gradient is not None:
                state[name] = (id(gradient), gradient._version)
            zero = gradient is None or (gradient.layout is torch.strided and not gradient.detach().any())
            changed = left is not None and left[0] == id(gradient) and state[name] != left
            if zero or changed:
                self._held.pop(name, None)
        return state

    def before_step(self, owner: int, parameters: Mapping[str, Tensor]) -> None:
        """Remember where the parameters of an optimizer are."""
        self._state()
        if self._recorder.full:
            self._before[owner] = {name: tensor.detach().clone() for name, tensor in parameters.items()}

    def after_step(self, owner: int, parameters: Mapping[str, Tensor], rates: tuple[float, ...], place: Any) -> None:
        """Write down what a step found and did."""
        trace = self._recorder.trace
        without = {name for name, tensor in parameters.items() if tensor.grad is None and tensor.requires_grad}
        zero = {name for name, t in parameters.items() if t.grad is not None and not _any(t.grad)}
        stale = {name for name in parameters if self._held.get(name, set()) & self._used.get(name, set())}
        fresh = len(trace.backwards) - self._since
        nothing = all(tensor.grad is None or not _any(tensor.grad) for tensor in parameters.values())
        reached: set[str] = set()
        for backward in trace.backwards[self._since :]:
            reached |= {name for name in backward.reached & parameters.keys() if backward.norms[name] > 0}
        trace.steps.append(
            Step(
                owner,
                self._recorder.step,
                len(trace.operations),
                place,
                rates,
                frozenset(without),
                frozenset(stale),
                frozenset(zero),
                frozenset(parameters),
                fresh,
                self._moved(owner, parameters),
                after=len(trace.backwards),
                contributions=frozenset(number for name in parameters for number in self._held.get(name, ())),
                erased=bool(nothing and reached),
            )
        )
        for name in parameters:
            self._used[name] = set(self._held.get(name, ()))
            gradient = parameters[name].grad
            if gradient is not None:
                self._left[name] = (id(gradient), gradient._version)
        self._since = len(trace.backwards)

    def _moved(self, owner: int, parameters: Mapping[str, Tensor]) -> dict[str, float]:
        moved = {}
        for name, before in self._before.pop(owner, {}).items():
            scale = float(torch.linalg.vector_norm(before)) or 1.0
            moved[name] = float(torch.linalg.vector_norm(parameters[name].detach() - before)) / scale
        return moved


def _norm(gradient: Tensor) -> float:
    if gradient.layout is not torch.strided:
        gradient = gradient.coalesce().values() if gradient.is_sparse else gradient
    return float(torch.linalg.vector_norm(gradient.detach()))


def _any(tensor: Tensor) -> bool:
    return bool(tensor.detach().any()) if tensor.layout is torch.strided else True


def _number(tensor: Tensor) -> float | None:
    return float(tensor.detach().real) if tensor.numel() == 1 else None
