"""The recipe as command-line flags: one per field, and one per option of the catalogue's entries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer

from fallline.catalogue.card import Card, Kind, Option
from fallline.catalogue.registry import flags, names
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe

__all__ = ["recipe_fields", "with_recipe_flags"]

Command = TypeVar("Command", bound=Callable[..., Any])

_PANELS = {
    "Network": ("network", "widths", "activation", "dropout", "normalization", "initialization"),
    "Loss": ("loss",),
    "Optimizer": ("optimizer", "learning_rate", "clip_norm", "clip_value"),
    "Schedule": ("schedule", "warmup"),
    "Training": ("batch_size", "epochs", "patience", "dtype", "seed"),
}
_KINDS: dict[Kind, str] = {
    "activation": "Network",
    "loss": "Loss",
    "optimizer": "Optimizer",
    "schedule": "Schedule",
}
_TYPES: dict[str, type] = dict.fromkeys(("dropout", "learning_rate", "clip_norm", "clip_value", "warmup"), float)
_TYPES |= dict.fromkeys(("batch_size", "epochs", "patience", "seed"), int)
_SHORT = {"learning_rate": ("--lr",)}
_DEFAULTS = {
    "loss": "by task",
    "learning_rate": "a ladder of 16",
    "batch_size": "by rows",
    "epochs": "about 5,000 steps",
    "patience": "a tenth of the epochs",
    "widths": "64,64",
}


def with_recipe_flags(command: Command) -> Command:
    """Give ``command(…, **given)`` a flag for every field of a recipe and every option of the catalogue.

    Typer reads a command's signature: this one writes it.
    """
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    derived = [_field_flag(panel, field) for panel, fields in _PANELS.items() for field in fields]
    derived += [_option_flag(kind, flag, owners) for kind in _KINDS for flag, owners in flags(kind).items()]
    order = list(_PANELS)
    derived.sort(key=lambda pair: order.index(pair[0]))
    parameters = own + [parameter for _, parameter in derived]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def recipe_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's fields that the flags ``given`` set; flags that were not used are None."""
    used = {name: value for name, value in given.items() if value is not None}
    fields = {name: value for name, value in used.items() if name in Recipe.model_fields}
    if "widths" in fields:
        fields["widths"] = _widths(fields["widths"])
    for kind in _KINDS:
        options = {
            owners[0][1].name: used[_parameter(flag)]
            for flag, owners in flags(kind).items()
            if _parameter(flag) in used
        }
        if options:
            fields[f"{kind}_options"] = options
    return fields


def _parameter(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _widths(text: str) -> tuple[int, ...]:
    try:
        return () if text in ("", "none") else tuple(int(width) for width in text.split(","))
    except ValueError:
        raise RecipeError(
            "reading --widths",
            "it is not a list of whole numbers",
            expected="units of each hidden layer, separated by commas; none for a linear model",
            got=f"--widths {text}",
            do="--widths 64,64",
        ) from None


def _field_flag(panel: str, field: str) -> tuple[str, inspect.Parameter]:
    info = Recipe.model_fields[field]
    default = _DEFAULTS.get(field, "none" if info.default is None else info.default)
    text = f"{info.description} [dim]\\[default: {default}][/dim]"
    if field in _KINDS:
        text = f"{info.description} One of {', '.join(names(field))}. [dim]\\[default: {default}][/dim]"
    declared = [f"--{field.replace('_', '-')}", *_SHORT.get(field, ())]
    return panel, _flag(field, _TYPES.get(field, str), declared, text, panel)


def _option_flag(kind: Kind, flag: str, owners: list[tuple[Card, Option]]) -> tuple[str, inspect.Parameter]:
    meanings: dict[str, list[str]] = {}
    for card, option in owners:
        meanings.setdefault(f"{option.meaning} [dim]\\[default: {option.default}][/dim]", []).append(card.name)
    text = "; ".join(f"{', '.join(cards)}: {meaning}" for meaning, cards in meanings.items())
    of_type = type(owners[0][1].default)
    declared = [f"{flag}/--no-{flag[2:]}" if of_type is bool else flag]
    return _KINDS[kind], _flag(_parameter(flag), of_type, declared, text, _KINDS[kind])


def _flag(name: str, of_type: type, declared: list[str], text: str, panel: str) -> inspect.Parameter:
    option = typer.Option(*declared, help=text, rich_help_panel=panel, show_default=False)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[of_type | None, option]
    )
