"""The recorder: sees every call of a torch function while it is on, and writes down what rules may ask about."""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _get_current_dispatch_mode

from fallline.checks.operations import ACTIVATIONS, KEPT, LOSSES, MEETINGS, bound, name_of, plain
from fallline.checks.places import internal, place_of, spoken, user_frame, variable
from fallline.checks.trace import Trace
from fallline.checks.traced import Failure, Operation, Seen
from fallline.core.finding import Place

__all__ = ["Recorder", "tensors_in", "tracing"]

_LARGEST = 4_000_000
"""Tensors with more numbers than this are not copied and not searched for infinities."""
_UNRECORDED = {"init.py", "lbfgs.py", "lr_scheduler.py", "_tensor_str.py"}
_PLAIN = getattr(Tensor, "__torch_dispatch__", None)
_LAZY = frozenset([UninitializedParameter, UninitializedBuffer])
_KEPT = 30_000
"""Operations recorded at most; a training that goes on after that is watched for its events alone."""


class Recorder(TorchFunctionMode):
    """Records torch functions into a `Trace`.

    Args:
        trace: What to write to.
    """

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self.full = True
        self.quiet = 0
        self.step = 0
        self.stage = ""
        self.modules: list[nn.Module] = []
        self.names: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()
        self.parameters: dict[str, Tensor] = {}
        self._prints: dict[str, tuple[float, float]] = {}
        self._lazy: dict[str, Tensor] = {}
        self.on_backward: Callable[..., Any] | None = None
        self.on_internal: Callable[[str, Place | None, int], None] | None = None
        self._known: dict[int, tuple[weakref.ref[Tensor], int, int | None, str | None]] = {}
        self._keys = 0
        self.faults: list[tuple[int, bool]] = []

    # -- what is known of a tensor --------------------------------------------------------------

    def label(self, tensor: Tensor, text: str) -> None:
        """Say what a tensor is."""
        self._note(tensor, None, text)

    def adopt(self, module: nn.Module, name: str) -> None:
        """Give a module, its parts, parameters and buffers their names; a name is given once: ``net``, ``net (2)``."""
        if module not in self.names:
            name = _unique(name, set(self.names.values()).__contains__)
        for path, part in module.named_modules():
            self.names.setdefault(part, spoken(name, path))
        for path, parameter in module.named_parameters():
            self.adopt_parameter(parameter, spoken(name, path))
        for path, buffer in module.named_buffers():
            self.label(buffer, f"buffer {spoken(name, path)}")

    def adopt_parameter(self, parameter: Tensor, name: str) -> str:
        """Give a parameter its name, unless it has one; returns the one it has."""
        entry = self._entry(parameter)
        if entry is not None and entry[3] and entry[3].startswith("parameter "):
            self.take_up()
            return entry[3].removeprefix("parameter ")
        name = _unique(name, lambda text: text in self.parameters or text in self._lazy)
        self._note(parameter, None, f"parameter {name}")
        self._lazy[name] = parameter
        self.take_up()
        return name

    def take_up(self) -> None:
        """Follow the parameters that have numbers now; those of lazy layers get them in the first forward."""
        for name, parameter in list(self._lazy.items()):
            if not is_lazy(parameter):
                self.parameters[name] = self._lazy.pop(name)
                self._prints[name] = _print(parameter)

    def moved(self) -> set[str]:
        """Names of the parameters whose numbers are not what they were when they got their names."""
        return {name for name, parameter in self.parameters.items() if _print(parameter) != self._prints[name]}

    def replaced(self) -> set[str]:
        """Names of the parameters that their module no longer holds, as another one was put in their place."""
        held = {id(parameter) for module in self.names for parameter in module.parameters(recurse=False)}
        return {
            name
            for name, parameter in self.parameters.items()
            if id(parameter) not in held and not name.startswith("parameter ")
        }

    def restart(self) -> Trace:
        """Go on with an empty trace; tensors keep their labels and lose their history."""
        self.trace, self.step, self.quiet, self.full = Trace(), 0, 0, True
        self.modules.clear()
        for number, (tensor, key, _, label) in list(self._known.items()):
            self._known[number] = (tensor, key, None, label)
        self._prints = {name: _print(parameter) for name, parameter in self.parameters.items()}
        return self.trace

    def seen(self, tensor: Tensor, *, finite: bool | None = None) -> Seen:
        """What there is to say of a tensor now."""
        entry = self._entry(tensor) or self._note(tensor, None, None)
        return Seen(
            entry[1],
            tuple(tensor.shape) if not tensor.is_nested else (),
            tensor.dtype,
            tensor.requires_grad,
            _leaf(tensor),
            _finite(tensor) if finite is None else finite,
            entry[2],
            entry[3],
        )

    def _entry(self, tensor: Tensor) -> tuple[weakref.ref[Tensor], int, int | None, str | None] | None:
        entry = self._known.get(id(tensor))
        return entry if entry is not None and entry[0]() is tensor else None

    def _note(self, tensor: Tensor, producer: int | None, label: str | None) -> Any:
        known = self._entry(tensor)
        if known is None:
            self._keys += 1
        entry = (
            weakref.ref(tensor),
            known[1] if known else self._keys,
            producer,
            label or (known[3] if known else None),
        )
        self._known[id(tensor)] = entry
        return entry

    # -- calls ----------------------------------------------------------------------------------

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = None if self.quiet or tracing() else name_of(func)
        if name is None:
            return func(*args, **kwargs)
        if name == "backward" and self.on_backward is not None:
            return self.on_backward(func, args, kwargs)
        if not self.full or len(self.trace.operations) > _KEPT or not _LAZY.isdisjoint(types):
            return func(*args, **kwargs)
        return self._recorded(name, func, args, kwargs)

    def _recorded(self, name: str, func: Any, args: Any, kwargs: Any) -> Any:
        place, inner = _where()
        if not inner.isdisjoint(_UNRECORDED):
            return func(*args, **kwargs)
        if "clip_grad.py" in inner:
            if self.on_internal is not None:
                self.on_internal("clip", place, len(self.trace.operations))
            return func(*args, **kwargs)
        operation = self._begun(name, args, kwargs, place)
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            self._failed(error, operation)
            raise
        self._ended(operation, result)
        return result

    def _begun(self, name: str, args: Any, kwargs: Any, place: Place | None) -> Operation:
        named = bound(name, args, kwargs)
        inputs = tuple(self.seen(tensor) for tensor in tensors_in((args, kwargs)))
        operation = Operation(
            index=len(self.trace.operations),
            name=name,
            inputs=inputs,
            options={key: plain(value) for key, value in named.items()},
            place=place,
            modules=tuple(self.names.get(module, type(module).__name__) for module in self.modules),
            step=self.step,
            grad=torch.is_grad_enabled(),
            stage=self.stage,
        )
        if name in LOSSES:
            operation.spelled = _spelled(named)
        operation.named = {key: self.seen(value) for key, value in named.items() if isinstance(value, Tensor)}
        if name in LOSSES or (not self.step and (name in KEPT or (name in MEETINGS and not self.modules))):
            tensors = {key: value for key, value in named.items() if isinstance(value, Tensor)}
            operation.values = {key: _copy(value) for key, value in tensors.items() if value.numel() <= _LARGEST}
        return operation

    def _ended(self, operation: Operation, result: Any) -> None:
        self.trace.operations.append(operation)
        outputs = []
        for tensor in tensors_in(result):
            self._note(tensor, operation.index, None)
            outputs.append(self.seen(tensor))
            self._watch_gradient(tensor, operation.index)
        operation.outputs = tuple(outputs)
        kept = operation.name in LOSSES or (operation.name in ACTIVATIONS and not self.step)
        if outputs and kept:
            first = next(iter(tensors_in(result)))
            if first.numel() <= _LARGEST:
                operation.values["output"] = _copy(first)

    def _failed(self, error: Exception, operation: Operation) -> None:
        module = self.modules[-1] if self.modules else None
        name = self.names.get(module) if module is not None else None
        self.trace.failure = Failure(error, self.stage, operation, module, name, operation.place, step=self.step)

    def _watch_gradient(self, tensor: Tensor, index: int) -> None:
        node = tensor.grad_fn if not _leaf(tensor) and _ordinary(tensor) else None
        if node is None:
            return
        faults = self.faults

        def look(leaving: Iterable[Tensor | None], arriving: Iterable[Tensor | None]) -> None:
            if not faults and any(part is not None and not _finite(part) for part in leaving):
                whole = all(part is None or _finite(part) for part in arriving)
                faults.append((index, whole))

        node.register_hook(look)


def _unique(name: str, taken: Callable[[str], bool]) -> str:
    """A name that nothing else has."""
    names = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    return next(text for text in names if not taken(text))


def tracing() -> bool:
    """Whether torch is writing down what is computed: what is looked at now would be written down too."""
    return torch._C._is_tracing() or _get_current_dispatch_mode() is not None


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)


def _print(tensor: Tensor) -> tuple[float, float]:
    """Two numbers by which a change of a tensor shows."""
    if not _ordinary(tensor):
        return 0.0, 0.0
    with torch._C.DisableTorchFunction(), torch.no_grad():
        numbers = tensor.detach().abs().double()
        return float(tensor.detach().real.double().sum()), float(numbers.square().sum())


def _spelled(named: dict[str, Any]) -> dict[str, str]:
    """What the user calls the tensors that a loss is given, where they are variables."""
    frame = user_frame(sys._getframe(3))
    while frame is not None and "self" in frame.f_locals and isinstance(frame.f_locals["self"], nn.Module):
        frame = user_frame(frame.f_back)
    found = {key: variable(value, frame) for key, value in named.items() if isinstance(value, Tensor)}
    return {key: name for key, name in found.items() if name}


def _where() -> tuple[Place | None, set[str]]:
    """The user's line, and the files of torch's own functions between it and here."""
    frame = sys._getframe(3)
    inner: set[str] = set()
    while frame is not None and internal(frame.f_code):
        inner.add(frame.f_code.co_filename.rpartition("/")[2])
        frame = frame.f_back
    if frame is None:
        return None, inner
    return place_of(frame.f_code.co_filename, frame.f_lineno), inner


def _ordinary(tensor: Tensor) -> bool:
    """Whether a tensor's numbers can be looked at: dense, real memory, not under a transform of torch.func."""
    if getattr(type(tensor), "__torch_dispatch__", _PLAIN) is not _PLAIN:  # its numbers are made up, or elsewhere
        return False
    strided = tensor.layout is torch.strided and not tensor.is_meta and not tensor.is_nested and not tensor.is_quantized
    return strided and not is_functorch_wrapped_tensor(tensor)


def _leaf(tensor: Tensor) -> bool:
    try:
        return tensor.is_leaf
    except RuntimeError:  # a view made without gradients whose base was changed since; torch refuses to say
        return False


def _finite(tensor: Tensor) -> bool:
    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.numel() > _LARGEST or not _ordinary(tensor):
        return True
    return bool(torch.isfinite(tensor.detach()).all())


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().clone() if _ordinary(tensor) else torch.empty(0)
