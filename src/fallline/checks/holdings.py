"""What things hold that a training may change: items, attributes in slots, names outside a function."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable
from typing import Any

from fallline.checks.places import of_others

__all__ = ["global_names", "is_users", "items_of", "slots_of"]

_FIXED = (int, float, str, bool, bytes, type(None))
_LONG = 10_000


def global_names(code: types.CodeType) -> set[str]:
    """The global names and attributes that a function and those within it speak of."""
    inner = [global_names(each) for each in code.co_consts if isinstance(each, types.CodeType)]
    return set(code.co_names).union(*inner)


def is_users(thing: Any) -> bool:
    """Whether a thing is of a class that the user wrote."""
    kind = type(thing)
    if isinstance(thing, type | types.ModuleType) or kind.__module__ == "builtins":
        return False
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return kind.__module__ == "__main__" or (file is not None and not of_others(file))


def slots_of(thing: Any) -> dict[str, Any]:
    """What a thing holds in slots."""
    names = [name for kind in type(thing).__mro__ for name in _named(vars(kind).get("__slots__", ()))]
    missing = object()
    held = {name: getattr(thing, name, missing) for name in names if name not in ("__dict__", "__weakref__")}
    return {name: value for name, value in held.items() if value is not missing}


def _named(slots: str | Iterable[str]) -> Iterable[str]:
    return [slots] if isinstance(slots, str) else slots


def items_of(container: Any) -> list[Any]:
    """What a container holds that a training may change in place; the tuples of a long list are data."""
    values = container.values() if isinstance(container, dict) else container
    dull = (types.FunctionType, type) if len(container) <= _LONG else (types.FunctionType, type, tuple)
    return [value for value in values if type(value) not in _FIXED and not isinstance(value, dull)]
