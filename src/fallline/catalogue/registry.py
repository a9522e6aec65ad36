"""Finding an entry of the catalogue, by its own name or torch's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, overload

from fallline.catalogue.activations import ACTIVATIONS, Activation
from fallline.catalogue.activations import LEFT_OUT as ACTIVATIONS_LEFT_OUT
from fallline.catalogue.card import Card, Kind, Option
from fallline.catalogue.contract import Contract, Loss
from fallline.catalogue.losses import LEFT_OUT as LOSSES_LEFT_OUT
from fallline.catalogue.losses import LOSSES
from fallline.catalogue.optimizers import LEFT_OUT as OPTIMIZERS_LEFT_OUT
from fallline.catalogue.optimizers import OPTIMIZERS, Optimizer, foreign
from fallline.catalogue.schedules import SCHEDULES, Schedule
from fallline.catalogue.structure import INITIALIZATIONS, NORMALIZATIONS, Initialization, Normalization
from fallline.core.errors import RecipeError, UnknownNameError, nearest
from fallline.core.recipe import Recipe
from fallline.core.task import Task

__all__ = [
    "KINDS",
    "cards",
    "contract_of",
    "default_loss",
    "find",
    "flags",
    "ladder",
    "left_out",
    "names",
]

Entry = Loss | Optimizer | Schedule | Activation | Initialization | Normalization
_ENTRIES: dict[Kind, tuple[Entry, ...]] = {
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "activation": ACTIVATIONS,
    "initialization": INITIALIZATIONS,
    "normalization": NORMALIZATIONS,
}
KINDS: tuple[Kind, ...] = tuple(_ENTRIES)
_NAMED: dict[Kind, dict[str, Entry]] = {
    kind: {name.casefold(): entry for entry in entries for name in (entry.card.name, *entry.card.aliases)}
    for kind, entries in _ENTRIES.items()
}
_DEFAULT_LOSSES = {
    Task.regression: "mse",
    Task.binary: "bce_with_logits",
    Task.multiclass: "cross_entropy",
    Task.multilabel: "bce_with_logits",
    Task.counts: "poisson_nll",
}


@overload
def find(kind: Literal["loss"], name: str) -> Loss: ...
@overload
def find(kind: Literal["optimizer"], name: str) -> Optimizer: ...
@overload
def find(kind: Literal["schedule"], name: str) -> Schedule: ...
@overload
def find(kind: Kind, name: str) -> Entry: ...
def find(kind: Kind, name: str) -> Entry:
    """The entry called ``name``, by the catalogue's name or torch's, whatever its case.

    An optimizer may also be any class, as ``package.module:Class``.

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
    if kind == "optimizer" and ":" in name:
        return foreign(name)
    if entry := _NAMED[kind].get(name.casefold().replace("-", "_")):
        return entry
    doing, last = f"looking up the {kind}", name.rpartition(".")[2].casefold()
    for missing, reason in left_out().items():
        if last == missing.casefold():
            expected = "one of " + ", ".join(names(kind))
            raise UnknownNameError(doing, f"{missing} is left out: {reason}", expected=expected)
    known = {alias: entry.card.name for entry in _ENTRIES[kind] for alias in (entry.card.name, *entry.card.aliases)}
    close = nearest(name, known)
    do = f"did you mean {known[close]!r}?" if close else None
    raise UnknownNameError.among(names(kind), name, doing=doing, kind=kind, do=do)


def names(kind: Kind) -> list[str]:
    """The names of all entries of a kind."""
    return [entry.card.name for entry in _ENTRIES[kind]]


def cards() -> Iterator[Card]:
    """Every card."""
    for entries in _ENTRIES.values():
        for entry in entries:
            yield entry.card


def left_out() -> dict[str, str]:
    """Torch's classes that the catalogue leaves out, each with its reason."""
    return {**LOSSES_LEFT_OUT, **OPTIMIZERS_LEFT_OUT, **ACTIVATIONS_LEFT_OUT}


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


def contract_of(recipe: Recipe) -> Contract:
    """The contract of a resolved recipe's loss at its options."""
    return find("loss", recipe.loss).contract_with(recipe.loss_options)


def ladder(optimizer: str, rungs: int) -> list[float]:
    """``rungs`` learning rates for ``optimizer``, evenly spaced in their logarithm; a single one is the middle.

    Example:
        >>> ladder("sgd", 4)
        [0.001, 0.01, 0.1, 1.0]
    """
    low, high = (math.log10(rate) for rate in find("optimizer", optimizer).rates)
    shares = [rung / (rungs - 1) for rung in range(rungs)] if rungs > 1 else [0.5] * rungs
    return [float(f"{10 ** (low + (high - low) * share):.3g}") for share in shares]
