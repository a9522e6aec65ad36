"""How many threads engines may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

__all__ = ["threads", "workers"]

_WANTED: ContextVar[int | None] = ContextVar("threads", default=None)


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Let engines use ``count`` threads within; None: what each does best with.

    The compiled engine does best with one per processor, for its runs do not wait for each other. An operation of torch
    on networks of this size does best with one.
    """
    before, token = torch.get_num_threads(), _WANTED.set(count)
    torch.set_num_threads(count or 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _WANTED.reset(token)


def workers() -> int:
    """The threads of the compiled engine."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return _WANTED.get() or available
