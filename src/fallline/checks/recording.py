"""Listening to all of torch for a while: hooks and wrapped methods, all of them taken away again at the end."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.data import default_collate
from torch.utils.data.dataloader import _BaseDataLoaderIter

from fallline.checks.instruments import Instruments
from fallline.checks.places import inner_functions
from fallline.checks.recorder import tensors_in

__all__ = ["recording", "uncompiled"]


def _zeroing(instruments: Instruments, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def zero_grad(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not instruments.listening:
            return original(self, *args, **kwargs)
        instruments.recover()
        owner = instruments.number(self) if isinstance(self, Optimizer) else None
        instruments.happened("zero_grad", owner)
        instruments.recorder.quiet += 1
        try:
            return original(self, *args, **kwargs)
        finally:
            instruments.recorder.quiet -= 1

    return zero_grad


def _scheduling(instruments: Instruments, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        begins = "_initial_step" in inner_functions()
        if not begins and not any(known is self for known in instruments.schedulers):
            instruments.schedulers.append(self)
        if instruments.listening and not begins:
            given = {"scheduler": type(self).__name__, "given": len(args) + len(kwargs)}
            if isinstance(self, ReduceLROnPlateau) and args:
                given |= {"mode": self.mode, "metric": _number(args[0])}
            instruments.happened("schedule", **given)
        return original(self, *args, **kwargs)

    return step


def _number(value: Any) -> float | None:
    """A metric as a number, without a word of it to torch; None where it is none."""
    if isinstance(value, Tensor):
        with torch._C.DisableTorchFunction():
            return float(value.detach()) if value.numel() == 1 else None
    return float(value) if isinstance(value, int | float) else None


def _loading(instruments: Instruments, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def load(self: Any) -> Any:
        batch = original(self)
        if self._auto_collation and self._collate_fn is default_collate:  # else time, say, may come first
            for tensor in tensors_in(batch):
                instruments.recorder.label(tensor, "loaded")
        return batch

    return load


def _restoring(instruments: Instruments, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def load_state_dict(self: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        if instruments.listening and _holds(self, state_dict):
            instruments.happened("self-copy", network=type(self).__name__, tensors=len(state_dict))
        return original(self, state_dict, *args, **kwargs)

    return load_state_dict


def _holds(module: nn.Module, state: Any) -> bool:
    """Whether all tensors of a state are the module's own."""
    own = {name: tensor.data_ptr() for name, tensor in (*module.named_parameters(), *module.named_buffers())}
    given = list(state.items()) if isinstance(state, dict) else []
    return bool(given) and all(isinstance(t, Tensor) and t.numel() and own.get(n) == t.data_ptr() for n, t in given)


def _scaling(action: str) -> Callable[[Instruments, Callable[..., Any]], Callable[..., Any]]:
    """What listens to a method of GradScaler; one that is switched off says nothing."""

    def make(instruments: Instruments, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            if instruments.listening and self.is_enabled() and "step" not in inner_functions():
                owner = instruments.number(args[0]) if args and isinstance(args[0], Optimizer) else None
                with torch._C.DisableTorchFunction():
                    instruments.happened("scaler", owner, action=action, factor=self.get_scale())
            return original(self, *args, **kwargs)

        return method

    return make


def _schedulers(root: type) -> Iterator[type]:
    yield root
    for kind in root.__subclasses__():
        yield from _schedulers(kind)


@contextlib.contextmanager
def uncompiled(*, imported: bool = True) -> Iterator[None]:
    """Run what was given to torch.compile as it is written: it would trace what listens, and fail over it.

    Args:
        imported: Whether this is only for a compiler that is imported, as it is once an optimizer is built.
    """
    if imported and "torch._dynamo" not in sys.modules:
        yield
        return
    warnings.filterwarnings("ignore", r"Using `torch\.compile\(module\)` when there are global hooks", UserWarning)
    added = warnings.filters[0]
    try:
        with torch.compiler.set_stance("force_eager"):
            yield
    finally:
        if added in warnings.filters:
            cast("list[Any]", warnings.filters).remove(added)


@contextlib.contextmanager
def recording(instruments: Instruments) -> Iterator[Instruments]:
    """Listen to all of torch for the length of a ``with`` block."""
    handles = [
        register_optimizer_step_pre_hook(instruments.step_begins),
        register_optimizer_step_post_hook(instruments.step_ends),
    ]
    replaced: list[tuple[type, str, Any]] = []

    def replace(owner: type, name: str, make: Callable[[Instruments, Any], Any]) -> None:
        if inspect.isfunction(owner.__dict__.get(name)):
            replaced.append((owner, name, owner.__dict__[name]))
            setattr(owner, name, make(instruments, owner.__dict__[name]))

    replace(nn.Module, "zero_grad", _zeroing)
    replace(nn.Module, "load_state_dict", _restoring)
    replace(Optimizer, "zero_grad", _zeroing)
    replace(_BaseDataLoaderIter, "__next__", _loading)
    for action in ("scale", "unscale_", "step", "update"):
        replace(torch.amp.GradScaler, action, _scaling(action))
    for kind in set(_schedulers(LRScheduler)):
        replace(kind, "step", _scheduling)
    try:
        instruments.listen()
        yield instruments
    finally:
        instruments.rest()
        for owner, name, original in reversed(replaced):
            setattr(owner, name, original)
        for handle in handles:
            handle.remove()
