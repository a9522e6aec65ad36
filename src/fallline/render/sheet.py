"""What a card of the catalogue shows, as plain data: what crosses the border between catalogue and rendering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["OptionLine", "Sheet"]


class OptionLine(NamedTuple):
    """An option, in words.

    Args:
        flag: As typed on the command line.
        name: As written in Python.
        default: Its value when nothing is said; "none": it is then left out.
        allowed: The values that it takes.
        meaning: What it does.
    """

    flag: str
    name: str
    default: str
    allowed: str
    meaning: str

    @property
    def note(self) -> str:
        """Its name in Python, where the flag's is another, to be put after its meaning."""
        return "" if self.flag == "--" + self.name.replace("_", "-") else f" (in Python {self.name})"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """All that is shown of one entry of the catalogue.

    Args:
        kind: What it is ("loss").
        name: Its name.
        torch: The qualified name of torch's equivalent, or "".
        summary: What it is, one sentence.
        formula: The formula, in LaTeX.
        when: When to use it.
        pitfalls: What goes wrong in life.
        facts: Names and texts of all else that is known: shapes, dtypes, ranges, for a loss its contract, ….
        options: Its options.
        write: How it is asked for: on the command line, and in Python.
        source: Author, year.
        tasks: Of a loss, the tasks that it is for.
    """

    kind: str
    name: str
    torch: str
    summary: str
    formula: str
    when: str
    pitfalls: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    options: tuple[OptionLine, ...]
    write: tuple[str, str]
    source: str
    tasks: tuple[str, ...] = ()

    @property
    def subtitle(self) -> str:
        """What stands beside the name: the kind, and torch's name for it."""
        if ":" in self.name:  # the name says where it is from
            return self.kind
        return f"{self.kind}, {self.torch}" if self.torch else f"{self.kind}, not in torch"
