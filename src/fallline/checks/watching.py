"""Watching a user's own loop: everything at first, then a step now and then."""

from __future__ import annotations

import contextlib
import warnings
from types import TracebackType

from torch import nn
from torch.optim import Optimizer
from torch.overrides import _get_current_function_mode

from fallline.checks.diagnosis import Diagnosis
from fallline.checks.instruments import Instruments
from fallline.checks.observation import observed
from fallline.checks.recorder import Recorder
from fallline.checks.recording import recording, uncompiled
from fallline.checks.rule import diagnose
from fallline.checks.trace import Trace

__all__ = ["Watch"]

_FULL = 5
"""Steps of which every operation is recorded."""
_CLOSE = 20
"""Steps of which the events and gradients are recorded."""
_EVERY = 50
"""After those, one in so many is."""


class Watch:
    """A ``with`` block around a training loop, and what was found in it.

    Args:
        model: The network, so that it has its name from the beginning.
        optimizer: The optimizer, so that its parameters are known before the first step.
    """

    def __init__(self, model: nn.Module | None = None, optimizer: Optimizer | None = None) -> None:
        self._model, self._optimizer = model, optimizer
        self._instruments = Instruments(Recorder(Trace()), self._stepped)
        self._stack = contextlib.ExitStack()
        self._error: BaseException | None = None
        self._fresh = optimizer is None or not optimizer.state

    def __enter__(self) -> Watch:
        recorder = self._instruments.recorder
        if self._model is not None:
            recorder.adopt(self._model, "model")
            self._instruments.roots.append(self._model)
        if self._optimizer is not None:
            self._instruments.owned(self._optimizer)
        self._stack.enter_context(uncompiled(imported=False))  # an optimizer imports it anyhow
        self._stack.enter_context(recording(self._instruments))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._error = error
        self._stack.close()

    @property
    def diagnosis(self) -> Diagnosis:
        """What was found so far."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return diagnose(observed(self._instruments, error=self._error, complete=self._fresh))

    def _stepped(self, steps: int) -> None:
        """Record less as the training goes on: after the first steps one now and then, the others cost nothing."""
        instruments = self._instruments
        instruments.recorder.full = steps < _FULL
        if steps < _CLOSE:
            return
        if steps % _EVERY == 0:
            instruments.listen()
        elif instruments.listening and _innermost(instruments.recorder):
            instruments.rest()


def _innermost(recorder: Recorder) -> bool:
    """Whether no mode was entered after the recorder's, so that it can be left now."""
    return _get_current_function_mode() is recorder
