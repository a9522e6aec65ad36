"""Layers that take their shapes from the first batch: they get them for as long as a set-up is looked at."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

import torch
from torch.nn.parameter import is_lazy

from fallline.checks.keeping import Keeper
from fallline.checks.setup import Setup, called, parts

__all__ = ["initialized"]


@contextlib.contextmanager
def initialized(setup: Setup) -> Iterator[None]:
    """Run the network once where it has lazy layers, as its user would; they are lazy again at the end."""
    if not any(is_lazy(each) for each in itertools.chain(setup.model.parameters(), setup.model.buffers())):
        yield
        return
    keeper = Keeper()
    keeper.keep(setup.model, setup.loss, setup.optimizer, setup.train_step, setup.factory, setup.scheduler)
    try:
        with (
            contextlib.suppress(Exception),
            torch.no_grad(),
        ):  # what it raises is seen, and explained, when it is watched
            called(setup.model, parts(setup.batches[0])[0])
        yield
    finally:
        keeper.restore()
