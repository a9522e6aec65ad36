"""Leaving no trace: what a training changes is remembered when it is first met, and put back."""

from __future__ import annotations

import collections
import copy
import functools
import random
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from fallline.checks.holdings import global_names, is_users, items_of, slots_of
from fallline.checks.places import internal

__all__ = ["Keeper"]

_TABLES = ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks", "_backward_hooks")

_BASE = frozenset(vars(nn.Module()))
"""Attributes of every module, which are tables of torch's own."""


class Keeper:
    """Remembers modules, optimizers, schedulers and what functions hold, and puts all of it back."""

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}
        self._undo: list[Callable[[], Any]] = []
        self._values: dict[int, Tensor] = {}
        self._states()

    def keep(self, *things: Any) -> None:
        """Remember each of ``things``, and what hangs on it, unless that has been done."""
        for thing in things:
            if id(thing) in self._known:
                continue
            if isinstance(thing, nn.Module):
                for module in thing.modules():
                    self._module(module)
            elif isinstance(thing, Optimizer):
                self._optimizer(thing)
            elif isinstance(thing, torch.optim.lr_scheduler.LRScheduler):
                self._attributes(thing)
                self.keep(thing.optimizer)
            elif isinstance(thing, Tensor):
                self._tensor(thing)
            elif isinstance(thing, torch.Generator | np.random.Generator | np.random.RandomState | random.Random):
                self._generator(thing)
            elif isinstance(thing, tuple):
                self.keep(*items_of(thing))
            elif isinstance(thing, dict | list | set | collections.deque):
                self._container(thing)
            elif isinstance(thing, types.MethodType):
                self.keep(thing.__self__)
                self._function(thing.__func__)
            elif isinstance(thing, types.FunctionType):
                self._function(thing)
            elif isinstance(thing, torch.amp.GradScaler):
                self._scaler(thing)
            elif is_users(thing):
                self._object(thing)

    def restore(self) -> None:
        """Put everything back as it was; what cannot be put back does not keep the rest from it."""
        failed: Exception | None = None
        for undo in reversed(self._undo):
            try:
                undo()
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def changed(self, tensors: Mapping[str, Tensor]) -> set[str]:
        """Names of those tensors that are not what they were when they were first met."""
        return {
            name
            for name, tensor in tensors.items()
            if id(tensor) in self._values and not torch.equal(tensor.detach(), self._values[id(tensor)])
        }

    def _once(self, thing: Any) -> bool:
        if id(thing) in self._known:
            return False
        self._known[id(thing)] = thing  # held, so that no other object gets its id
        return True

    def _states(self) -> None:
        torchs, numpys, pythons = torch.get_rng_state(), np.random.get_state(), random.getstate()
        default, recorded = torch.get_default_dtype(), torch.is_grad_enabled()

        def undo() -> None:
            torch.set_rng_state(torchs)
            np.random.set_state(numpys)
            random.setstate(pythons)
            torch.set_default_dtype(default)
            torch.set_grad_enabled(recorded)

        self._undo.append(undo)
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            cuda = torch.cuda.get_rng_state_all()
            self._undo.append(lambda: torch.cuda.set_rng_state_all(cuda))

    def _generator(self, generator: Any) -> None:
        """A source of random numbers of the user's own."""
        if not self._once(generator):
            return
        undo: Callable[[], Any]
        if isinstance(generator, torch.Generator):
            undo = functools.partial(generator.set_state, generator.get_state())
        elif isinstance(generator, np.random.Generator):
            undo = functools.partial(setattr, generator.bit_generator, "state", generator.bit_generator.state)
        elif isinstance(generator, np.random.RandomState):
            undo = functools.partial(generator.set_state, generator.get_state())
        else:
            undo = functools.partial(generator.setstate, generator.getstate())
        self._undo.append(undo)

    def _tensor(self, tensor: Tensor) -> None:
        if not self._once(tensor):
            return
        if is_lazy(tensor):
            self._undo.append(functools.partial(_make_lazy, tensor, type(tensor), tensor.data))
            return
        if tensor.layout is not torch.strided or tensor.is_meta:
            return
        values, data, needs = tensor.detach().clone(), tensor.data, tensor.requires_grad
        self._values[id(tensor)] = values
        gradient = tensor.grad if tensor.is_leaf else None
        held = None if gradient is None else gradient.detach().clone()

        def undo() -> None:
            with torch.no_grad():
                tensor.data = data
                if not torch.equal(tensor, values) or values.isnan().any():
                    tensor.data.copy_(values)
            if not tensor.is_leaf:
                return
            tensor.requires_grad_(needs)
            if gradient is not None and held is not None:
                gradient.data.copy_(held)
            tensor.grad = gradient

        self._undo.append(undo)

    def _module(self, module: nn.Module) -> None:
        if not self._once(module):
            return
        for tensor in (*module._parameters.values(), *module._buffers.values()):
            if tensor is not None:
                self._tensor(tensor)
        if isinstance(module, torch.jit.ScriptModule):  # its tables are torch's own, and are not written to
            self._undo.append(functools.partial(setattr, module, "training", module.training))
            return
        tables = {name: dict(module.__dict__[name]) for name in _TABLES if name in module.__dict__}
        before, kind = dict(module.__dict__), type(module)
        self.keep(*items_of([value for name, value in before.items() if name not in _BASE]))

        def undo() -> None:
            module.__class__ = kind  # a lazy layer becomes another once it knows its shapes
            module.__dict__.clear()
            module.__dict__.update(before)
            for name, table in tables.items():
                module.__dict__[name].clear()
                module.__dict__[name].update(table)

        self._undo.append(undo)

    def _attributes(self, thing: Any) -> None:
        if not self._once(thing):
            return
        before = {name: _shallow(value) for name, value in thing.__dict__.items()}

        def undo() -> None:
            thing.__dict__.clear()
            thing.__dict__.update({name: _shallow(value) for name, value in before.items()})

        self._undo.append(undo)

    def _object(self, thing: Any) -> None:
        if not self._once(thing):
            return
        table = getattr(thing, "__dict__", {})  # none where the class has slots alone
        before, slots = dict(table), slots_of(thing)
        self.keep(*before.values(), *slots.values())

        def undo() -> None:
            table.clear()
            table.update(before)
            for name in slots_of(thing).keys() - slots.keys():
                object.__delattr__(thing, name)
            for name, value in slots.items():
                object.__setattr__(thing, name, value)  # also where the class is frozen

        self._undo.append(undo)

    def _optimizer(self, optimizer: Optimizer) -> None:
        if not self._once(optimizer):
            return
        attributes = dict(optimizer.__dict__)
        groups = [dict(group) for group in optimizer.param_groups]
        lists = [list(group["params"]) for group in optimizer.param_groups]
        state = _state(optimizer.state)
        for group in optimizer.param_groups:
            self.keep(*group["params"])

        def undo() -> None:
            optimizer.__dict__.clear()
            optimizer.__dict__.update(attributes)
            optimizer.param_groups[:] = optimizer.param_groups[: len(groups)]
            for group, before, parameters in zip(optimizer.param_groups, groups, lists, strict=True):
                group.clear()
                group.update(before)
                group["params"][:] = parameters
            optimizer.state.clear()
            optimizer.state.update(_state(state))

        self._undo.append(undo)

    def _container(self, thing: Any) -> None:
        if not self._once(thing):
            return
        before = copy.copy(thing)
        self.keep(*items_of(before))

        def undo() -> None:
            thing.clear()
            thing.update(before) if isinstance(thing, dict | set) else thing.extend(before)

        self._undo.append(undo)

    def _function(self, function: Any) -> None:
        """What a function closes over: other networks, optimizers, states kept between steps."""
        if not self._once(function):
            return
        for cell in function.__closure__ or ():
            self._cell(cell)
        self.keep(*(function.__defaults__ or ()))
        if not internal(function.__code__):
            self._globals(function.__globals__, global_names(function.__code__))

    def _globals(self, scope: dict[str, Any], names: set[str]) -> None:
        """What a function of the user's names outside itself, as the cells of a notebook do."""
        before = {name: scope[name] for name in names & scope.keys()}
        self.keep(*before.values())
        self._undo.append(lambda: scope.update(before))

    def _scaler(self, scaler: torch.amp.GradScaler) -> None:
        if self._once(scaler):
            before = copy.deepcopy(scaler.__dict__)
            self._undo.append(lambda: scaler.__dict__.update(copy.deepcopy(before)))

    def _cell(self, cell: Any) -> None:
        try:
            value = cell.cell_contents
        except ValueError:  # a name that is not bound yet
            return
        self.keep(value)
        self._undo.append(lambda: setattr(cell, "cell_contents", value))


def _make_lazy(tensor: Tensor, kind: type, data: Tensor) -> None:
    """Take its numbers from a parameter that had none at first."""
    if not is_lazy(tensor):
        tensor.grad = None
        tensor.data = data
        tensor.__class__ = kind


def _state(state: Any) -> dict[Any, Any]:
    """A copy of an optimizer's state, whose keys are the parameters themselves."""
    return {
        key: {name: copy.deepcopy(item) for name, item in value.items()} if isinstance(value, dict) else value
        for key, value in state.items()
    }


def _shallow(value: Any) -> Any:
    return copy.copy(value) if isinstance(value, list | dict | set) else value
