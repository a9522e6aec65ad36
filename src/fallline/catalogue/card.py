"""Card and Option: what the catalogue says of an entry, as data free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from fallline.core.errors import RecipeError
from fallline.core.recipe import OptionValue

__all__ = ["Card", "Kind", "Option"]

Kind = Literal["loss", "optimizer", "schedule", "activation", "initialization", "normalization"]
Holds = Literal["switch", "whole", "number", "choice", "numbers"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of a catalogue entry, by torch's name.

    Args:
        name: The name in a recipe's options.
        default: Its value when a recipe is silent; None: it is then left out.
        meaning: What it does, one clause.
        holds: A ``switch`` (true or false), a ``whole`` number, a ``number``, a ``choice`` among texts, or a list
            of ``numbers``.
        low: Smallest value allowed, of each number.
        high: Largest value allowed, of each number.
        open_low: Whether ``low`` itself is not allowed.
        open_high: Whether ``high`` itself is not allowed.
        choices: The texts allowed.
        flag: The command-line flag without its dashes, where the name alone would mean two things.
    """

    name: str
    default: OptionValue | None
    meaning: str
    holds: Holds = "number"
    low: float = -inf
    high: float = inf
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()
    flag: str = ""

    @property
    def command_line(self) -> str:
        """The flag as typed: ``--weight-decay``."""
        return "--" + (self.flag or self.name.replace("_", "-"))

    @property
    def range(self) -> str:
        """What values are allowed, in words."""
        if self.holds == "switch":
            return "true or false"
        if self.holds == "choice":
            return "one of " + ", ".join(self.choices)
        what = {"whole": "a whole number", "number": "a number", "numbers": "a list of numbers, each"}[self.holds]
        if self.low == -inf and self.high == inf:
            return what.removesuffix(", each")
        left = "-inf" if self.low == -inf else f"{self.low:g}"
        right = "inf" if self.high == inf else f"{self.high:g}"
        closed_low = self.low != -inf and not self.open_low
        closed_high = self.high != inf and not self.open_high
        return f"{what} in {'[' if closed_low else '('}{left}, {right}{']' if closed_high else ')'}"

    def accepts(self, value: OptionValue) -> bool:
        """Whether ``value`` is what the option holds, and lies in its range."""
        match self.holds:
            case "switch":
                return isinstance(value, bool)
            case "choice":
                return value in self.choices
            case "whole":
                return isinstance(value, int) and self._within(value)
            case "number":
                return self._within(value)
            case "numbers":
                return isinstance(value, tuple | list) and len(value) > 0 and all(map(self._within, value))

    def cast(self, value: OptionValue) -> OptionValue:
        """An accepted value in the option's own type, so that equal recipes are equal (0 and 0.0)."""
        if self.holds == "numbers":
            assert isinstance(value, tuple | list)
            return tuple(float(number) for number in value)
        return float(value) if self.holds == "number" and not isinstance(value, tuple) else value

    def _within(self, value: OptionValue) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return False
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below


@dataclass(frozen=True, kw_only=True)
class Card:
    """All that the catalogue says of one loss, optimizer, schedule, activation, initialization or normalization.

    Args:
        kind: What it is.
        name: Its name in a recipe.
        torch: The qualified name of torch's equivalent, whose last part is an alias; of what torch lacks, "".
        summary: What it is, one sentence.
        formula: The formula, in LaTeX.
        shapes: What goes in and comes out.
        dtypes: Dtypes of what goes in.
        ranges: Values that what goes in and comes out may have.
        reduction: How values of rows become one number (losses only).
        when: When to use it.
        pitfalls: What goes wrong in life.
        source: Author, year.
        options: Its options.
    """

    kind: Kind
    name: str
    torch: str
    summary: str
    formula: str
    shapes: str
    dtypes: str
    ranges: str
    when: str
    pitfalls: tuple[str, ...]
    source: str
    reduction: str = ""
    options: tuple[Option, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """Torch's names for it."""
        return (self.torch, self.torch.rpartition(".")[2]) if self.torch else ()

    def complete(self, given: dict[str, OptionValue]) -> dict[str, OptionValue]:
        """``given``, which names options of this card only, with every other option at its default.

        Raises:
            RecipeError: A value is out of its range.
        """
        known = {option.name: option for option in self.options}
        for name, value in given.items():
            self._require_range(known[name], value)
        values = {name: given.get(name, option.default) for name, option in known.items()}
        return {name: known[name].cast(value) for name, value in values.items() if value is not None}

    def _require_range(self, option: Option, value: OptionValue) -> None:
        if option.accepts(value):
            return
        default = "" if option.default is None else f"; {option.default} is the default"
        raise RecipeError(
            f"setting up {self.kind} {self.name}",
            f"{option.name} is out of its range",
            expected=option.range + default,
            got=f"{option.name} = {value!r}",
            do=f"{option.command_line}, with a value in that range, or leave it out",
        )
