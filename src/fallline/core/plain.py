"""What was given from Python in any of its forms, as Python's own lists, numbers and texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any, Protocol, runtime_checkable

__all__ = ["plain"]


@runtime_checkable
class _Array(Protocol):
    """Arrays, tensors and their scalars."""

    def tolist(self) -> Any: ...


def plain(value: Any) -> Any:
    """``value`` with every array, Series, set or other collection as a list; texts, mappings and functions as they are.

    Example:
        >>> import numpy as np
        >>> plain(np.arange(2)), plain({0.1, 0.01}), plain("adam"), plain([(8,), (8, 4)])
        ([0, 1], [0.01, 0.1], 'adam', [[8], [8, 4]])
    """
    if isinstance(value, _Array) and not isinstance(value, type):
        return value.tolist()
    if isinstance(value, str | bytes | Mapping) or callable(value) or not isinstance(value, Iterable):
        return value
    return [plain(each) for each in (sorted(value, key=repr) if isinstance(value, Set) else value)]
