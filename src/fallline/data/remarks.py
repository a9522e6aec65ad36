"""Remarks: what was met in new rows that training had not seen, countable over many batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["Remark", "count_rows", "sentences"]

_EXAMPLES = 3


@dataclass(frozen=True)
class Remark:
    """Something met in some rows of a column, and what was done about it.

    Args:
        column: The column; empty for a remark about the rows as a whole.
        met: What was met ("a category that training never saw").
        done: What was done ("none of its features is set").
        rows: In how many rows.
        infinite: How many of them hold an infinite number.
        examples: Values that were met, the first few.

    Example:
        >>> Remark("colour", met="without a value", done="filled with red", rows=2).sentence
        'colour: 2 rows without a value; filled with red.'
    """

    column: str
    met: str
    done: str
    rows: int = 0
    infinite: int = 0
    examples: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The remark, to be read out."""
        if not self.column:
            return f"{self.met}{self.done}."
        aside = ", ".join([f"{self.infinite:,} infinite"] * bool(self.infinite) + [repr(e) for e in self.examples])
        met = self.met.replace("{}", f" ({aside})" if aside else "")
        return f"{self.column}: {count_rows(self.rows)} {met}; {self.done}."


def sentences(remarks: Iterable[Remark]) -> tuple[str, ...]:
    """The remarks of any number of batches, those about the same thing as one, in the order they were first made.

    Example:
        >>> twice = [Remark("size", met="without a value", done="filled", rows=rows) for rows in (2, 3)]
        >>> sentences(twice)
        ('size: 5 rows without a value; filled.',)
    """
    merged: dict[tuple[str, str, str], Remark] = {}
    for remark in remarks:
        key = (remark.column, remark.met, remark.done)
        before = merged.get(key)
        merged[key] = remark if before is None else _together(before, remark)
    return tuple(remark.sentence for remark in merged.values())


def _together(one: Remark, other: Remark) -> Remark:
    examples = tuple(dict.fromkeys((*one.examples, *other.examples)))[:_EXAMPLES]
    return replace(one, rows=one.rows + other.rows, infinite=one.infinite + other.infinite, examples=examples)


def count_rows(count: int) -> str:
    """A number of rows, to be read out."""
    return "1 row" if count == 1 else f"{count:,} rows"
