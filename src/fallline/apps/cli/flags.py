"""The recipe as command-line flags: one per field, and one per option of the catalogue's entries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, TypeVar

import typer

from fallline.catalogue.card import Card, Kind, Option
from fallline.catalogue.registry import flags, names
from fallline.core.errors import RecipeError
from fallline.core.ranges import is_range, parse_range
from fallline.core.recipe import Recipe

__all__ = ["recipe_fields", "space_fields", "with_recipe_flags", "with_space_flags"]

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
_NAMED: tuple[Kind, ...] = (*_KINDS, "initialization", "normalization")
_TYPES: dict[str, type] = dict.fromkeys(("dropout", "learning_rate", "clip_norm", "clip_value", "warmup"), float)
_TYPES |= dict.fromkeys(("batch_size", "epochs", "patience", "seed"), int)
_OPTION_TYPES = {"switch": bool, "whole": int, "number": float}
_SHORT = {"learning_rate": ("--lr",)}
_DEFAULTS = {
    "loss": "by task",
    "optimizer": "adamw with a weight decay of 200 / training rows, at most 1",
    "learning_rate": "a ladder of 16",
    "batch_size": "by rows",
    "epochs": "about 3,000 steps, at most 200",
    "patience": "a tenth of the epochs",
    "widths": "128,32",
}


def with_recipe_flags(command: Command) -> Command:
    """Give ``command(…, **given)`` a flag for every field of a recipe and every option of the catalogue.

    Typer reads a command's signature: this one writes it.
    """
    return _with_flags(command, [_field_flag(panel, field) for panel, fields in _PANELS.items() for field in fields])


def with_space_flags(command: Command) -> Command:
    """The same, each of them text that may hold alternatives; the seeds are the command's own."""
    fields = [(panel, field) for panel, fields in _PANELS.items() for field in fields if field not in ("seed", "dtype")]
    return _with_flags(command, [_field_flag(panel, field, text=True) for panel, field in fields], text=True)


def _with_flags(command: Command, derived: list[tuple[str, inspect.Parameter]], *, text: bool = False) -> Command:
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    other = "An option of an optimizer given as package.module:Class, as name=value; may be repeated."
    derived = [
        ("Optimizer", _flag("optimizer_option", list[str], ["--optimizer-option"], other, "Optimizer")),
        *derived,
        *(_option_flag(kind, flag, owners, text=text) for kind in _KINDS for flag, owners in flags(kind).items()),
    ]
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
            owners[0][1].name: _value(flag, owners[0][1], used[_parameter(flag)])
            for flag, owners in flags(kind).items()
            if _parameter(flag) in used
        }
        if options:
            fields[f"{kind}_options"] = options
    for text in used.get("optimizer_option") or ():
        fields.setdefault("optimizer_options", {}).update([_assignment(text)])
    return fields


def space_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """The alternatives that the flags ``given`` hold, for each field and each option."""
    used = {name: value for name, value in given.items() if value is not None}
    fields: dict[str, Any] = {
        name: _alternatives(f"--{name.replace('_', '-')}", value, _TYPES.get(name, str), lists=name == "widths")
        for name, value in used.items()
        if name in Recipe.model_fields
    }
    for kind in _KINDS:
        for flag, owners in flags(kind).items():
            if _parameter(flag) in used:
                option, value = owners[0][1], used[_parameter(flag)]
                of_type = float if option.holds == "numbers" else _OPTION_TYPES.get(option.holds, str)
                found = _alternatives(flag, value, of_type, lists=option.holds == "numbers")
                fields.setdefault(f"{kind}_options", {})[option.name] = found
    for text in used.get("optimizer_option") or ():
        name, value = _assignment(text)
        fields.setdefault("optimizer_options", {}).setdefault(name, []).append(value)
    return fields


def _alternatives(flag: str, text: str, of_type: type, *, lists: bool) -> Any:
    """The alternatives in a flag's text: separated by commas, lists by slashes; or a range."""
    if lists:
        each = [part.strip() for part in text.split("/")]
        whole = int if flag == "--widths" else float
        return [
            () if part in ("", "none") else tuple(_parsed(flag, one, whole) for one in part.split(",")) for part in each
        ]
    if of_type in (int, float) and is_range(text):
        values = parse_range(text, doing=f"reading {flag}")
        return [int(value) if of_type is int and value == int(value) else value for value in values]
    return [_parsed(flag, part.strip(), of_type) for part in text.split(",")]


def _parsed(flag: str, text: str, of_type: type) -> Any:
    if of_type is bool and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if of_type in (int, float):
        with suppress(ValueError):
            return of_type(text)
    elif of_type is str:
        return text
    expected = {bool: "true, false, or both", int: "whole numbers", float: "numbers"}[of_type]
    example = {bool: "true,false", int: "16,64", float: "0.1,0.01"}[of_type]
    raise RecipeError(
        f"reading {flag}",
        "it does not hold the alternatives that it should",
        expected=f"{expected}, separated by commas",
        got=f"{flag} {text}",
        do=f"{flag} {'32/64,64' if flag == '--widths' else example}",
    )


def _value(flag: str, option: Option, value: Any) -> Any:
    """A flag's value as the option holds it."""
    if option.holds != "numbers":
        return value
    try:
        return tuple(float(number) for number in value.split(","))
    except ValueError:
        raise RecipeError(f"reading {flag}", "it is not a list of numbers", got=value, do=f"{flag} 1,2.5,1") from None


def _assignment(text: str) -> tuple[str, Any]:
    """``name=value`` of an option that the catalogue does not know."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise RecipeError(
            "reading --optimizer-option", "it is not name=value", got=text, do="--optimizer-option rho=0.05"
        )
    if value.lower() in ("true", "false"):
        return name, value.lower() == "true"
    for of_type in (int, float):
        try:
            return name, of_type(value)
        except ValueError:
            continue
    return name, value


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
            do="--widths 128,32",
        ) from None


def _field_flag(panel: str, field: str, *, text: bool = False) -> tuple[str, inspect.Parameter]:
    info = Recipe.model_fields[field]
    default = _DEFAULTS.get(field, "none" if info.default is None else info.default)
    said = f"{info.description} [dim]\\[default: {default}][/dim]"
    if field in _NAMED:
        said = f"{info.description} One of {', '.join(names(field))}. [dim]\\[default: {default}][/dim]"
    declared = [f"--{field.replace('_', '-')}", *_SHORT.get(field, ())]
    return panel, _flag(field, str if text else _TYPES.get(field, str), declared, said, panel)


def _option_flag(
    kind: Kind, flag: str, owners: list[tuple[Card, Option]], *, text: bool = False
) -> tuple[str, inspect.Parameter]:
    meanings: dict[str, list[str]] = {}
    for card, option in owners:
        default = "" if option.default is None else f" [dim]\\[default: {option.default}][/dim]"
        meanings.setdefault(option.meaning + default, []).append(card.name)
    said = "; ".join(f"{_listed(cards)}: {meaning}" for meaning, cards in meanings.items())
    of_type = str if text else _OPTION_TYPES.get(owners[0][1].holds, str)
    declared = [f"{flag}/--no-{flag[2:]}" if of_type is bool else flag]
    return _KINDS[kind], _flag(_parameter(flag), of_type, declared, said, _KINDS[kind])


def _listed(cards: list[str]) -> str:
    return ", ".join(cards) if len(cards) <= 6 else f"{', '.join(cards[:5])} and {len(cards) - 5} more"


def _flag(name: str, of_type: type, declared: list[str], text: str, panel: str) -> inspect.Parameter:
    option = typer.Option(*declared, help=text, rich_help_panel=panel, show_default=False)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[of_type | None, option]
    )
