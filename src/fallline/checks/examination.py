"""Making the evidence: a set-up is trained for some steps under the recorder, and put back."""

from __future__ import annotations

import math
import warnings
from types import FrameType

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from fallline.checks.evidence import Evidence
from fallline.checks.instruments import Instruments
from fallline.checks.keeping import Keeper
from fallline.checks.places import raised_at
from fallline.checks.recorder import Recorder, tensors_in
from fallline.checks.recording import recording, uncompiled
from fallline.checks.setup import Setup
from fallline.checks.trace import Trace
from fallline.checks.traced import Failure

__all__ = ["equal_rows", "evidence_of", "failure_of"]

FULL = 3
"""Steps of which every operation is recorded."""


def evidence_of(setup: Setup, *, steps: int = 20) -> Evidence:
    """Train ``setup`` for ``steps`` steps, write down what happens, and put everything back."""
    recorder = Recorder(Trace())
    instruments = Instruments(recorder)
    keeper = Keeper()
    keeper.keep(setup.model, setup.loss, setup.optimizer, setup.train_step, setup.factory, setup.scheduler)
    keeper.keep(*(tensor for batch in setup.batches for tensor in tensors_in(batch)))
    instruments.on_module = instruments.on_optimizer = keeper.keep
    losses: list[float] = []
    moved: set[str] = set()
    try:
        with warnings.catch_warnings(), torch.enable_grad(), uncompiled(), recording(instruments):
            warnings.simplefilter("ignore")
            _run(setup, instruments, losses, steps)
    except Exception as error:  # the user's own mistake, which is what is looked for
        recorder.trace.failure = failure_of(error, recorder)
    finally:
        moved.update(keeper.changed(recorder.parameters), recorder.replaced())
        equal, own = equal_rows(recorder), [set(vars(optimizer)) for optimizer in instruments.optimizers]
        keeper.restore()
    return Evidence(
        recorder.trace,
        losses,
        setup,
        keeper,
        instruments.roots or [setup.model],
        instruments.optimizers,
        instruments.schedulers,
        recorder.parameters,
        {id(module): name for module, name in recorder.names.items()},
        moved,
        equal,
        own,
        instruments.optimizer_names,
    )


def _run(setup: Setup, instruments: Instruments, losses: list[float], steps: int) -> None:
    recorder = instruments.recorder
    setup.describe(recorder)
    instruments.roots.append(setup.model)
    recorder.stage = "optimizer"
    setup.build()
    if setup.optimizer is not None:
        instruments.owned(setup.optimizer)
    for number in range(steps):
        recorder.full = number < FULL
        value = setup.step(number, recorder)
        losses.append(_number(value))


def equal_rows(recorder: Recorder) -> set[str]:
    """Names of the trainable matrices whose rows are all the same after the training."""
    return {
        name
        for name, tensor in recorder.parameters.items()
        if not is_lazy(tensor)
        and tensor.dim() > 1
        and tensor.shape[0] > 1
        and tensor.numel() > 3
        and tensor.requires_grad
        and tensor.layout is torch.strided
        and bool((tensor.detach() == tensor.detach()[:1]).all())
    }


def _number(value: object) -> float:
    if isinstance(value, Tensor):
        with torch._C.DisableTorchFunction():
            return float(value.detach().double().mean()) if value.numel() else math.nan
    return float(value) if isinstance(value, int | float) else math.nan


def failure_of(error: Exception, recorder: Recorder) -> Failure:
    """The exception with where it was raised; what the recorder already knows of it is kept."""
    place, frames = raised_at(error.__traceback__)
    known = recorder.trace.failure
    module = next(
        (
            frame.f_locals["self"]
            for frame in reversed(frames)
            if isinstance(frame.f_locals.get("self"), torch.nn.Module)
        ),
        None,
    )
    name = recorder.names.get(module) if module is not None else None
    if known is not None and known.error is error:
        return Failure(
            error,
            known.stage or recorder.stage,
            known.operation,
            known.module or module,
            known.name or name,
            place or known.place,
            known.arguments,
            known.step,
        )
    arguments = tuple(recorder.seen(tensor) for tensor in _arguments(frames, module))
    given = next((frame.f_locals["params"] for frame in frames if _builds(frame)), None)
    stage = "optimizer" if given is not None else recorder.stage
    return Failure(error, stage, None, module, name, place, arguments, recorder.step, given)


def _builds(frame: FrameType) -> bool:
    """Whether a frame is that of an optimizer being built."""
    of_optimizer = isinstance(frame.f_locals.get("self"), torch.optim.Optimizer)
    return frame.f_code.co_name == "__init__" and of_optimizer and "params" in frame.f_locals


def _arguments(frames: list[FrameType], module: torch.nn.Module | None) -> list[Tensor]:
    """The tensors that the innermost module was called with."""
    for frame in reversed(frames):
        if module is not None and frame.f_locals.get("self") is module:
            return [value for value in frame.f_locals.values() if isinstance(value, Tensor)][:4]
    return []
