"""A training set-up as Python objects: how one step of it is made, and how its parts are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from fallline.checks.recorder import Recorder, tensors_in
from fallline.core.errors import ArgumentError

__all__ = ["Names", "Setup", "batches_of", "must_be_begun"]

_DOING = "checking a training set-up"


@dataclass(frozen=True)
class Names:
    """What the user calls the parts of the set-up."""

    model: str = "model"
    loss: str = "loss"
    optimizer: str = "optimizer"
    inputs: str = "x"
    targets: str = "y"


@dataclass
class Setup:
    """What `fl.check` was given.

    Args:
        model: The network.
        loss: The loss, called with the network's output and the target; None where ``train_step`` has its own.
        batches: Batches ``(x, y)`` or mappings, at least one.
        optimizer: The optimizer; None where there is none or where `factory` builds it.
        factory: A function of the model that builds the optimizer.
        train_step: What replaces the standard step.
        scheduler: The learning-rate scheduler.
        names: What the parts are called.
        epoch: Batches of an epoch; None where that is not known.
        stacked: Whether a DataLoader has put the samples along axis 0.
    """

    model: nn.Module
    loss: Any
    batches: list[Any]
    optimizer: Optimizer | None = None
    factory: Callable[[nn.Module], Any] | None = None
    train_step: Callable[..., Any] | None = None
    scheduler: Any = None
    names: Names = field(default_factory=Names)
    epoch: int | None = None
    stacked: bool = False

    def build(self) -> None:
        """Build the optimizer where that is left to us."""
        if self.factory is not None:
            self.optimizer = self.factory(self.model)

    def step(self, number: int, recorder: Recorder | None = None) -> Any:
        """One training step on batch ``number``; the recorder hears which stage it is in."""
        batch = self.batches[number % len(self.batches)]
        if self.train_step is not None:
            _stage(recorder, "train_step")
            return self.train_step(self.model, self.loss, self.optimizer, batch)
        if self.optimizer is not None:
            _stage(recorder, "zero_grad")
            self.optimizer.zero_grad()
        value = self.forward(batch, recorder)
        _stage(recorder, "backward")
        value.backward()
        if self.optimizer is not None:
            _stage(recorder, "step")
            self.optimizer.step()
        return value

    def forward(self, batch: Any, recorder: Recorder | None = None) -> Any:
        """The loss of one batch."""
        inputs, targets = parts(batch)
        _stage(recorder, "forward")
        output = called(self.model, inputs)
        _stage(recorder, "loss")
        return self.loss(output, targets) if targets is not None else self.loss(output)

    def describe(self, recorder: Recorder) -> None:
        """Tell the recorder what the tensors and modules are."""
        recorder.adopt(self.model, self.names.model)
        if isinstance(self.loss, nn.Module):
            recorder.adopt(self.loss, self.names.loss)
        for batch in self.batches:
            inputs, targets = parts(batch)
            for tensor in tensors_in(inputs):
                recorder.label(tensor, "input")
            for tensor in tensors_in(targets):
                recorder.label(tensor, "target")


def called(model: nn.Module, inputs: Any) -> Any:
    """``model(x)``, ``model(*x)`` or ``model(**x)``."""
    if isinstance(inputs, Mapping):
        return model(**inputs)
    if isinstance(inputs, tuple | list):
        return model(*inputs)
    return model(inputs)


def parts(batch: Any) -> tuple[Any, Any]:
    """Inputs and targets of a batch; a mapping without ``x`` and ``y`` is all inputs."""
    if isinstance(batch, Mapping):
        named = dict(batch)
        for inputs, targets in (
            ("x", "y"),
            ("input", "target"),
            ("inputs", "targets"),
            ("inputs", "labels"),
            ("image", "label"),
            ("images", "labels"),
            ("features", "labels"),
        ):
            if inputs in named and targets in named:
                return named[inputs], named[targets]
        for targets in ("labels", "label", "targets", "target", "y"):
            if targets in named:
                held = named.pop(targets)
                return named, held
        return named, None
    return batch[0], batch[1] if len(batch) == 2 else tuple(batch[1:]) if len(batch) > 2 else None


def batches_of(batch: Any, *, most: int = 4) -> list[Any]:
    """The batches that a check looks at: the one given, or the first of a loader.

    Raises:
        ArgumentError: It is no batch.
    """
    if isinstance(batch, Mapping) or (isinstance(batch, tuple | list) and _is_pair(batch)):
        return [batch]
    if isinstance(batch, Tensor | str | bytes) or batch is None:
        raise _no_batch(batch)
    try:
        found = [item for item, _ in zip(iter(batch), range(most), strict=False)]
    except TypeError:
        raise _no_batch(batch) from None
    if not found or not all(isinstance(item, Mapping) or _is_pair(item) for item in found):
        raise _no_batch(batch)
    return found


def must_be_begun(thing: Any) -> None:
    """Refuse a module that is none yet, or has such a part.

    Raises:
        ArgumentError: Its ``__init__`` has not called that of torch.nn.Module.
    """
    if not isinstance(thing, nn.Module):
        return
    if "_modules" not in vars(thing) and not isinstance(thing, torch.jit.ScriptModule):
        raise ArgumentError(
            _DOING,
            f"{type(thing).__name__} is a module that was never begun",
            likely="its __init__ does not call that of torch.nn.Module",
            do="super().__init__()    # the first line of __init__",
        )
    for part in thing.children():
        must_be_begun(part)


def _is_pair(value: Any) -> bool:
    """A pair (x, y), not a list of pairs."""
    if not isinstance(value, tuple | list) or not 1 <= len(value) <= 8:
        return False
    return any(True for _ in tensors_in(value[0])) and not (
        isinstance(value, list) and all(isinstance(item, tuple | list) for item in value)
    )


def _no_batch(batch: Any) -> ArgumentError:
    shape = f" of shape {tuple(batch.shape)}" if isinstance(batch, torch.Tensor) else ""
    return ArgumentError(
        _DOING,
        "the batch holds no inputs and targets",
        expected="(x, y), a mapping with inputs and labels, or a DataLoader of these",
        got=f"a {type(batch).__name__}{shape}",
        do="fl.check(model, loss, (x, y), optimizer)",
    )


def _stage(recorder: Recorder | None, stage: str) -> None:
    if recorder is not None:
        recorder.stage = stage
