"""What the compiled engine keeps of a run that has ended, as a state and back; and how it writes down numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from fallline.core.outcome import Outcome
from fallline.engines.protocol import Trained

__all__ = ["curves", "numbers", "restored", "state_of"]


def state_of(run: Trained, latest: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
    """The state of a run that has ended, with the parameters of its last epoch."""
    return {
        "outcome": numbers(list(Outcome).index(run.outcome)),
        "numbers": numbers([run.steps, run.best_epoch, math.nan if run.best_loss is None else run.best_loss]),
        "curves": curves(run.training_losses, run.validation_losses, run.learning_rates),
        **{f"parameters/{name}": value for name, value in run.parameters.items()},
        **{f"latest/{name}": value for name, value in (latest or {}).items()},
    }


def restored(state: Mapping[str, Tensor], parameters: Iterable[str]) -> tuple[Trained, dict[str, Tensor] | None]:
    """What `state_of` was given for ``state``, of a run whose network has these parameters, in this order."""
    steps, best_epoch, best_loss = state["numbers"].tolist()
    training, validation, rates = state["curves"].tolist()
    names = list(parameters)
    latest = {name: state[place].clone() for name in names if (place := f"latest/{name}") in state}
    trained = Trained(
        parameters={name: state[f"parameters/{name}"].clone() for name in names},
        training_losses=tuple(training),
        validation_losses=tuple(validation),
        learning_rates=tuple(rates),
        outcome=list(Outcome)[int(state["outcome"])],
        steps=int(steps),
        best_epoch=int(best_epoch),
        best_loss=best_loss if best_epoch else None,
    )
    return trained, latest or None


def curves(training: Sequence[float], validation: Sequence[float], rates: Sequence[float]) -> Tensor:
    """The curves of a run, ``(curve, epoch)``."""
    return numbers([training, validation, rates])


def numbers(values: float | Sequence[float] | Sequence[Sequence[float]]) -> Tensor:
    """Numbers of a state: float64, on the CPU, whatever the caller's defaults are."""
    return torch.tensor(values, dtype=torch.float64, device="cpu")
