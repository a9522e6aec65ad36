"""``fl.check``: the wiring doctor, for a training set-up as objects or as a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fallline.checks.diagnosis import Diagnosis
from fallline.checks.examination import evidence_of
from fallline.checks.launch import check_file as launch
from fallline.checks.lazy import initialized
from fallline.checks.places import variable
from fallline.checks.rule import diagnose
from fallline.checks.setup import Names, Setup, batches_of, must_be_begun, parts
from fallline.core.errors import ArgumentError

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

__all__ = ["check", "check_file"]

_DOING = "checking a training set-up"


def check(
    model: nn.Module,
    loss: Callable[..., Any] | None,
    batch: Any,
    optimizer: Optimizer | Callable[[nn.Module], Optimizer] | None = None,
    *,
    train_step: Callable[..., Any] | None = None,
    scheduler: Any = None,
    steps: int = 20,
) -> Diagnosis:
    """Find what is wired wrong in a training set-up, and the line that mends it.

    A few steps are trained on the objects themselves, with every call of torch recorded; then they are put back:
    parameters, buffers, gradients, the optimizer's state, modes, random states, and what the step's own objects,
    closures and globals hold. Files that the step writes, and numpy arrays that it changes in place, are not. Where a
    mend can be applied by itself it is tried, and the finding says what came of it.

    Args:
        model: The network.
        loss: Called as ``loss(output, target)``; None where ``train_step`` computes its own.
        batch: ``(x, y)``, where ``x`` may be a tuple (``model(*x)``) or a mapping (``model(**x)``); a mapping with
            inputs and labels; or a DataLoader, of which the first batches are taken.
        optimizer: The optimizer, or a function of the model that builds it; None: only forward, loss and backward
            are looked at.
        train_step: Called as ``train_step(model, loss, optimizer, batch)`` in place of the standard step: zero_grad,
            forward, loss, backward, step. It returns the loss.
        scheduler: The learning-rate scheduler; the standard step does not step it.
        steps: Training steps to watch, at least 3.

    Returns:
        What was found, as ``.findings``, ``.ok``, ``.to_dict()``, ``.raise_if_failed()``. It shows itself in a notebook
        and in a terminal.

    Raises:
        ArgumentError: The model is no module, the loss cannot be called, or the batch is none.

    Example:
        >>> import torch, fallline as fl
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
        >>> x, y = torch.randn(30, 4), torch.arange(30) % 3
        >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        >>> for finding in fl.check(model, torch.nn.CrossEntropyLoss(), (x, y), optimizer).findings:
        ...     print(finding.code, finding.mend)
        FL301 remove model[1]    # the loss takes raw scores; softmax is for predicting
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise ArgumentError(_DOING, "the model is no torch.nn.Module", got=type(model).__name__)
    must_be_begun(model)
    must_be_begun(loss)
    if not callable(loss) and (loss is not None or train_step is None):
        raise ArgumentError(_DOING, "the loss cannot be called", got=type(loss).__name__, do="nn.MSELoss()")
    if steps < 3:
        raise ArgumentError(_DOING, "there are too few steps to see a loop", expected="steps ≥ 3", got=f"steps={steps}")
    built = isinstance(optimizer, torch.optim.Optimizer)
    if optimizer is not None and not built and not callable(optimizer):
        raise ArgumentError(
            _DOING,
            "the optimizer is neither one nor a function that builds one",
            got=type(optimizer).__name__,
            do="torch.optim.Adam(model.parameters())",
        )
    batches = batches_of(batch)
    names = _names(sys._getframe(1), model, loss, optimizer, batches[0])
    given, factory = (optimizer, None) if built else (None, optimizer)
    epoch, stacked = _loading(batch)
    setup = Setup(model, loss, batches, given, factory, train_step, scheduler, names, epoch, stacked)
    with initialized(setup):
        return diagnose(evidence_of(setup, steps=steps))


def check_file(path: str | Path, arguments: Sequence[str] = (), *, steps: int = 50, seconds: float = 60.0) -> Diagnosis:
    """Run an unmodified script or notebook in a process of its own and diagnose its training.

    Args:
        path: The ``.py`` or ``.ipynb`` file.
        arguments: Its command-line arguments.
        steps: Stop after this many optimizer steps.
        seconds: Stop after this long.

    Returns:
        The diagnosis; each finding says at which line.

    Raises:
        SourceError: The file is not there, does not run, or trains nothing.
    """
    return launch(Path(path), arguments, steps=steps, seconds=seconds)


def _loading(batch: Any) -> tuple[int | None, bool]:
    """How many batches a loader has, where it knows, and whether it stacks samples along axis 0; nothing of a batch."""
    from torch.utils.data import DataLoader, default_collate

    if not isinstance(batch, DataLoader):
        return None, False
    stacked = batch.batch_sampler is not None and batch.collate_fn is default_collate
    return len(batch) if isinstance(batch.dataset, Sized) else None, stacked


def _names(frame: Any, model: Any, loss: Any, optimizer: Any, batch: Any) -> Names:
    """What the caller calls these things."""
    inputs, targets = parts(batch)
    usual = Names()
    return Names(
        variable(model, frame) or usual.model,
        (variable(loss, frame) if loss is not None else None) or usual.loss,
        (variable(optimizer, frame) if optimizer is not None else None) or usual.optimizer,
        variable(inputs, frame) or usual.inputs,
        variable(targets, frame) or usual.targets,
    )
