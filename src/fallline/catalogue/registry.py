"""Finding an entry of the catalogue by its name or torch's, and checking a recipe against the catalogue."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, overload

from fallline.catalogue.activations import ACTIVATIONS, Activation
from fallline.catalogue.card import Card, Kind, Option
from fallline.catalogue.losses import LOSSES, Loss
from fallline.catalogue.optimizers import OPTIMIZERS, Optimizer
from fallline.catalogue.schedules import SCHEDULES, Schedule
from fallline.core.errors import RecipeError, UnknownNameError
from fallline.core.recipe import Recipe
from fallline.core.task import Task

__all__ = ["cards", "default_loss", "find", "flags", "ladder", "names", "resolved"]

Entry = Loss | Optimizer | Schedule | Activation
_ENTRIES: dict[Kind, tuple[Entry, ...]] = {
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "activation": ACTIVATIONS,
}
_DEFAULT_LOSSES = {
    Task.regression: "mse",
    Task.binary: "bce_with_logits",
    Task.multiclass: "cross_entropy",
    Task.counts: "poisson_nll",
}


@overload
def find(kind: Literal["loss"], name: str) -> Loss: ...
@overload
def find(kind: Literal["optimizer"], name: str) -> Optimizer: ...
@overload
def find(kind: Literal["schedule"], name: str) -> Schedule: ...
@overload
def find(kind: Literal["activation"], name: str) -> Activation: ...
def find(kind: Kind, name: str) -> Entry:
    """The entry called ``name``, by the catalogue's name or torch's, whatever its case.

    Raises:
        UnknownNameError: There is none; the nearest is suggested.

    Example:
        >>> find("loss", "torch.nn.MSELoss").card.name
        'mse'
    """
    if not isinstance(name, str):
        raise RecipeError(
            f"looking up the {kind}",
            "it is given by its name",
            expected="one of " + ", ".join(names(kind)),
            got=repr(name),
        )
    wanted = name.casefold().replace("-", "_")
    for entry in _ENTRIES[kind]:
        if wanted in (entry.card.name, *(alias.casefold() for alias in entry.card.aliases)):
            return entry
    raise UnknownNameError.among(names(kind), name, doing=f"looking up the {kind}", kind=kind)


def names(kind: Kind) -> list[str]:
    """The names of all entries of a kind."""
    return [entry.card.name for entry in _ENTRIES[kind]]


def cards() -> Iterator[Card]:
    """Every card."""
    for entries in _ENTRIES.values():
        for entry in entries:
            yield entry.card


def flags(kind: Kind) -> dict[str, list[tuple[Card, Option]]]:
    """Command-line flag → the options of this kind that it sets."""
    found: dict[str, list[tuple[Card, Option]]] = {}
    for entry in _ENTRIES[kind]:
        for option in entry.card.options:
            found.setdefault(option.command_line, []).append((entry.card, option))
    return found


def default_loss(task: Task) -> str:
    """The loss taken for ``task`` when none is named."""
    return _DEFAULT_LOSSES[task]


def ladder(optimizer: str, rungs: int) -> list[float]:
    """``rungs`` learning rates for ``optimizer``, evenly spaced in their logarithm.

    Example:
        >>> ladder("sgd", 4)
        [0.001, 0.01, 0.1, 1.0]
    """
    low, high = (math.log10(rate) for rate in find("optimizer", optimizer).rates)
    return [float(f"{10 ** (low + (high - low) * rung / (rungs - 1)):.3g}") for rung in range(rungs)]


def resolved(recipe: Recipe, task: Task) -> Recipe:
    """``recipe`` with the catalogue's own names and every option written out.

    Raises:
        UnknownNameError: A name is not in the catalogue.
        RecipeError: An option does not exist or is out of range, or the loss makes no sense for ``task``.
    """
    if recipe.network is not None:
        raise RecipeError(
            "building the network", "networks from a module:function cannot be trained yet", do="use widths"
        )
    loss, optimizer = find("loss", recipe.loss), find("optimizer", recipe.optimizer)
    schedule, activation = find("schedule", recipe.schedule), find("activation", recipe.activation)
    _require_fit(loss, task)
    changes: dict[str, object] = {}
    for entry, options in (
        (loss, recipe.loss_options),
        (optimizer, recipe.optimizer_options),
        (schedule, recipe.schedule_options),
        (activation, recipe.activation_options),
    ):
        changes[entry.card.kind] = entry.card.name
        changes[f"{entry.card.kind}_options"] = entry.card.complete(dict(options))
    result = recipe.replace(**changes)
    if wrong := optimizer.contradiction(result.optimizer_options):
        raise RecipeError(
            f"setting up optimizer {optimizer.card.name}", wrong, do="add --momentum 0.9 or leave --nesterov out"
        )
    for field in ("normalization", "initialization"):
        _require_default(recipe, field)
    return result


def _require_fit(loss: Loss, task: Task) -> None:
    if task in loss.contract.tasks:
        return
    fitting = [entry.card.name for entry in LOSSES if task in entry.contract.tasks]
    raise RecipeError(
        f"wiring the loss {loss.card.name}",
        f"it makes no sense for the task {task.value}",
        expected=f"for {task.value}: " + (", ".join(fitting) or "no loss yet"),
        got=f"loss = {loss.card.name}, which is for " + ", ".join(task.value for task in loss.contract.tasks),
        do=f"--loss {fitting[0]}" if fitting else "choose another target",
    )


def _require_default(recipe: Recipe, field: str) -> None:
    default = Recipe.model_fields[field].default
    if getattr(recipe, field) != default:
        raise UnknownNameError.among([default], getattr(recipe, field), doing=f"looking up the {field}", kind=field)
