"""Resolving a recipe: the catalogue's own names, every option written out, every contradiction refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fallline.catalogue.card import Card, Kind, Option
from fallline.catalogue.contract import Loss
from fallline.catalogue.given import network_name
from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import find, flags
from fallline.core.errors import RecipeError
from fallline.core.recipe import OptionValue, Recipe
from fallline.core.task import Label, Target

__all__ = ["require_batches", "resolved"]

_WITH_OPTIONS: tuple[Kind, ...] = ("loss", "optimizer", "schedule", "activation")
_LARGEST = {"float32": 1e30, "float64": 1e300}
"""Numbers of a recipe in each precision: torch raises in the middle of a step where it cannot cast one."""


def resolved(recipe: Recipe, target: Target, *, rows: int) -> Recipe:
    """``recipe`` with the catalogue's own names and every option written out.

    Args:
        recipe: The recipe.
        target: What is to be predicted.
        rows: Training rows.

    Raises:
        UnknownNameError: A name is not in the catalogue.
        RecipeError: An option does not exist or is out of range, the loss makes no sense for the target, or fields
            contradict each other.
    """
    loss, optimizer = find("loss", recipe.loss), find("optimizer", recipe.optimizer)
    _require_fit(loss, target)
    changes: dict[str, object] = {}
    for kind in _WITH_OPTIONS:
        card, options = find(kind, getattr(recipe, kind)).card, dict(getattr(recipe, f"{kind}_options"))
        changes[kind] = card.name
        changes[f"{kind}_options"] = _complete(card, options)
    for kind in ("initialization", "normalization"):
        changes[kind] = find(kind, getattr(recipe, kind)).card.name
    result = recipe.replace(**changes)
    if wrong := optimizer.contradiction(result.optimizer_options):
        wrong, _, do = wrong.rpartition(": ")
        raise RecipeError(f"setting up optimizer {optimizer.card.name}", wrong, do=do)
    _require_numbers_that_fit(result)
    _require_class_weights(result, target)
    if optimizer.full_batch:
        _require_full_batch(result, rows=rows)
    if result.normalization == "batch":
        require_batches(result, rows=rows)
    return result


def require_batches(recipe: Recipe, *, rows: int) -> None:
    """Refuse batches of one row to a network with batch normalization, of which nothing would be left.

    Args:
        recipe: The recipe.
        rows: Training rows.

    Raises:
        RecipeError: Every batch would have one row.
    """
    if min(recipe.batch_size, rows) > 1:
        return
    raise RecipeError(
        f"setting up network {network_name(recipe.network)}" if recipe.network else "setting up normalization batch",
        "batch normalization cannot be trained on batches of one row: less their mean, nothing is left of them",
        expected="at least 2 rows in a batch",
        got=f"batch_size = {recipe.batch_size} of {rows:,} training rows",
        do="--batch-size 32" if recipe.network else "--batch-size 32, or --normalization layer",
    )


def _complete(card: Card, given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Every option of ``card``: as given, else at its default; those of a foreign optimizer as given."""
    if ":" in card.name:
        return dict(given)
    known = [option.name for option in card.options]
    for name, value in given.items():
        if name in known:
            continue
        owners = [owner.name for pairs in flags(card.kind).values() for owner, option in pairs if option.name == name]
        raise RecipeError(
            f"setting up {card.kind} {card.name}",
            f"it has no option {name!r}",
            expected="one of " + ", ".join(known) if known else "no options",
            got=f"{name} = {value!r}" + (f", an option of {', '.join(owners)}" if owners else ""),
            do=f"--{card.kind} {owners[0]}, or leave {name} out" if owners else f"leave {name} out",
        )
    return card.complete(dict(given))


def _require_fit(loss: Loss, target: Target) -> None:
    if target.task in loss.contract.tasks:
        return
    fitting = [entry.card.name for entry in LOSSES if target.task in entry.contract.tasks]
    raise RecipeError(
        f"wiring the loss {loss.card.name}",
        f"it makes no sense for the task {target.task.value}",
        expected=f"for {target.task.value}: " + ", ".join(fitting),
        got=f"{target.name}: {target.reason}; {loss.card.name} is for "
        + ", ".join(task.value for task in loss.contract.tasks),
        do=f"--loss {fitting[0]}",
    )


def _require_numbers_that_fit(recipe: Recipe) -> None:
    numbers: dict[str, object] = {name: getattr(recipe, name) for name in ("learning_rate", "clip_norm", "clip_value")}
    for kind in _WITH_OPTIONS:
        numbers |= getattr(recipe, f"{kind}_options")
    largest = _LARGEST[recipe.dtype]
    for name, value in numbers.items():
        each = value if isinstance(value, tuple) else (value,)
        if any(isinstance(number, int | float) and abs(number) > largest for number in each):
            raise RecipeError(
                "building a recipe",
                f"{name} is larger than {recipe.dtype} can compute with",
                expected=f"at most {largest:g}",
                got=f"{name} = {value}",
            )


def _require_class_weights(recipe: Recipe, target: Target) -> None:
    """One weight per class or label; a positive weight may also be one for all."""
    for option in find("loss", recipe.loss).card.options:
        given = recipe.loss_options.get(option.name)
        if option.name not in ("weight", "pos_weight") or not isinstance(given, tuple):
            continue
        of_classes = option.name == "weight" and target.task.classifies
        labels = target.classes if of_classes else target.columns or (target.name,)
        if len(given) != len(labels) and (option.name == "weight" or len(given) != 1):
            raise _length_error(recipe.loss, option, given, labels)


def _length_error(loss: str, option: Option, given: tuple[float, ...], labels: Sequence[Label]) -> RecipeError:
    each = f"{len(labels)} numbers, for " + ", ".join(map(str, labels[:20])) + (", …" if len(labels) > 20 else "")
    one = f"one number, or {each}" if len(labels) > 1 else "one number"
    return RecipeError(
        f"setting up loss {loss}",
        f"{option.name} has the wrong length",
        expected=each if option.name == "weight" else one,
        got=f"{option.name} = " + ",".join(f"{number:g}" for number in given),
        do=f"{option.command_line} " + ",".join("1" for _ in labels) if len(labels) <= 20 else None,
    )


def _require_full_batch(recipe: Recipe, *, rows: int) -> None:
    """What a line search needs: the same loss each time it looks."""
    wrong = {
        f"batch_size = {recipe.batch_size} of {rows} training rows": recipe.batch_size < rows,
        f"dropout = {recipe.dropout}": recipe.dropout > 0,
        f"clip_norm = {recipe.clip_norm}": recipe.clip_norm is not None,
        f"clip_value = {recipe.clip_value}": recipe.clip_value is not None,
    }
    for got, holds in wrong.items():
        if holds:
            flag = "--" + got.partition(" ")[0].replace("_", "-")
            raise RecipeError(
                f"setting up optimizer {recipe.optimizer}",
                "its line search needs the same loss each time it looks: all rows, no dropout, the gradient as it is",
                got=got,
                do=f"leave {flag} out",
            )
