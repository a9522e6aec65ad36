"""Card and Option: what the catalogue says of an entry, as data free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from fallline.core.errors import RecipeError
from fallline.core.recipe import OptionValue

__all__ = ["Card", "Kind", "Option"]

Kind = Literal["loss", "optimizer", "schedule", "activation"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of a catalogue entry, by torch's name.

    Args:
        name: The name in a recipe's options.
        default: Its value when a recipe is silent; its type is the option's type.
        meaning: What it does, one clause.
        low: Smallest value allowed.
        high: Largest value allowed.
        open_low: Whether ``low`` itself is not allowed.
        open_high: Whether ``high`` itself is not allowed.
        flag: The command-line flag without its dashes, where the name alone would mean two things.
    """

    name: str
    default: bool | int | float | str
    meaning: str
    low: float = -inf
    high: float = inf
    open_low: bool = False
    open_high: bool = False
    flag: str = ""

    @property
    def command_line(self) -> str:
        """The flag as typed: ``--weight-decay``."""
        return "--" + (self.flag or self.name.replace("_", "-"))

    @property
    def range(self) -> str:
        """What values are allowed, in words."""
        if isinstance(self.default, bool):
            return "true or false"
        if self.low == -inf and self.high == inf:
            return "any finite number"
        left = "-inf" if self.low == -inf else f"{self.low:g}"
        right = "inf" if self.high == inf else f"{self.high:g}"
        closed_low = self.low != -inf and not self.open_low
        closed_high = self.high != inf and not self.open_high
        return f"in {'[' if closed_low else '('}{left}, {right}{']' if closed_high else ')'}"

    def cast(self, value: OptionValue) -> OptionValue:
        """An accepted value in the option's own type, so that equal recipes are equal (0 and 0.0)."""
        return float(value) if isinstance(self.default, float) and isinstance(value, int) else value

    def accepts(self, value: OptionValue) -> bool:
        """Whether ``value`` has the option's type and lies in its range."""
        if isinstance(self.default, bool) or isinstance(value, bool):
            return isinstance(self.default, bool) and isinstance(value, bool)
        if isinstance(self.default, str) or not isinstance(value, int | float):
            return isinstance(self.default, str) and isinstance(value, str)
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return isfinite(value) and above and below


@dataclass(frozen=True, kw_only=True)
class Card:
    """All that the catalogue says of one loss, optimizer, schedule or activation.

    Args:
        kind: What it is.
        name: Its name in a recipe.
        torch: The qualified name of torch's equivalent; its last part is an alias.
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
        return (self.torch, self.torch.rpartition(".")[2])

    def complete(self, given: dict[str, OptionValue]) -> dict[str, OptionValue]:
        """``given`` with every option that is not in it at its default.

        Raises:
            RecipeError: An option does not exist, or its value is out of range.
        """
        known = {option.name: option for option in self.options}
        for name, value in given.items():
            doing = f"setting up {self.kind} {self.name}"
            if name not in known:
                raise RecipeError(
                    doing,
                    f"it has no option {name!r}",
                    expected="one of " + ", ".join(known) if known else "no options",
                    got=f"{name} = {value!r}",
                    do=f"leave {name} out",
                )
            if not known[name].accepts(value):
                raise RecipeError(
                    doing,
                    f"{name} is out of its range",
                    expected=known[name].range,
                    got=f"{name} = {value!r}",
                    do=f"{known[name].command_line} {known[name].default} is the default",
                )
        return {name: option.cast(given.get(name, option.default)) for name, option in known.items()}
