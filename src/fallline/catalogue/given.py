"""Networks given as functions: by where they can be imported from, or, if from nowhere, by a name for this process.

A function of a notebook, a script, or another function cannot be imported again. It gets a reference of its own,
``given.DIGEST:name``, that means it in this process alone; what is left of it elsewhere is its source.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import itertools
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from torch import nn

from fallline.core.errors import RecipeError

__all__ = ["Given", "given_network", "is_given", "network_name", "reference_of"]

_PACKAGE = "given."


@dataclass(frozen=True)
class Given:
    """A function that cannot be imported.

    Args:
        function: The function.
        source: As it was written; it is kept to be read, and never run.
    """

    function: Callable[..., Any]
    source: str


_given: dict[str, Given] = {}
"""By reference, those of this process."""


def reference_of(function: Callable[..., Any]) -> str:
    """``module:name`` of a function that can be imported, else a reference that means it in this process.

    Args:
        function: ``function(inputs, outputs)`` returns the network.

    Raises:
        RecipeError: It is no function, or has no source that could be kept.
    """
    if isinstance(function, nn.Module) or not callable(function):
        raise RecipeError(
            "setting up the network",
            "it is a module, not a function that builds one: every run trains its own"
            if isinstance(function, nn.Module)
            else "it is no function",
            expected="a function(inputs, outputs) that returns a torch.nn.Module, or package.module:function",
            got=f"a {type(function).__name__}",
            do="network=lambda inputs, outputs: nn.Linear(inputs, outputs)",
        )
    name = getattr(function, "__qualname__", "")
    return f"{function.__module__}:{name}" if _importable(function, name) else _registered(function)


def is_given(reference: str) -> bool:
    """Whether a reference means a function that cannot be imported, of this process or of another."""
    return reference.startswith(_PACKAGE)


def network_name(reference: str) -> str:
    """What people call a network: a function of theirs by its name alone.

    Example:
        >>> network_name("given.1f2e3d4c:deep"), network_name("networks:deep")
        ('deep', 'networks:deep')
    """
    return reference.partition(":")[2] if is_given(reference) else reference


def given_network(reference: str) -> Given | None:
    """What a reference means in this process; None where it is not known here."""
    return _given.get(reference)


def _importable(function: Callable[..., Any], name: str) -> bool:
    path = getattr(function, "__module__", None)
    if not path or path == "__main__" or not name.isidentifier():
        return False
    try:
        return getattr(importlib.import_module(path), name, None) is function
    except ImportError:
        return False


def _registered(function: Callable[..., Any]) -> str:
    """The reference under which a function is known from now on; the same for one that was written again as it was."""
    source = _source(function)
    digest = hashlib.sha256(source.encode()).hexdigest()[:8]
    for number in itertools.count(1):
        suffix = "" if number == 1 else f"_{number}"
        reference = f"{_PACKAGE}{digest}{suffix}:{_name(function) or f'lambda_{digest}'}"
        if reference not in _given or _alike(_given[reference].function, function):
            _given[reference] = Given(function, source)
            return reference
    raise AssertionError  # there is always another number


def _source(function: Callable[..., Any]) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        name = _name(function) or "network"
        raise RecipeError(
            f"setting up the network {name}",
            "it can be neither imported nor kept, as its source is nowhere",
            expected="a function of a module, or one that was written in a notebook or a script",
            got=repr(function)[:80],
            do=f"write it into my_network.py, and give network='my_network:{name}'",
        ) from None


def _name(function: Callable[..., Any]) -> str | None:
    """A function's name; None of a lambda."""
    name = getattr(function, "__name__", type(function).__name__)
    return name if name.isidentifier() else None


def _alike(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether two callables of the same source do the same: the same code over the very same captured objects."""
    if one is other:
        return True
    if not (isinstance(one, FunctionType) and isinstance(other, FunctionType)) or one.__code__ != other.__code__:
        return False
    mine, theirs = _captured(one), _captured(other)
    return len(mine) == len(theirs) and all(a is b for a, b in zip(mine, theirs, strict=True))


def _captured(function: FunctionType) -> list[object]:
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return [*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
