"""How recipes are told apart, and how a comparison's numbers are written."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fallline.render.comparison import Comparison, Place
from fallline.render.names import metric_name
from fallline.render.number import aligned, plural

__all__ = [
    "Fields",
    "compared",
    "decades_text",
    "fields_of",
    "heading_of",
    "intervals",
    "is_number",
    "outcomes_text",
    "spelled",
    "steps_text",
    "tail",
    "verdict",
]


_FIRST = ("optimizer", "learning_rate")
"""What a recipe is told by before all else."""


@dataclass(frozen=True)
class Fields:
    """What tells places apart.

    Args:
        names: The fields that differ, in order.
        rows: Their texts, for each place; "" for one that it does not have.
        common: The fields that are the same for all, with their text.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    common: tuple[tuple[str, str], ...]


def fields_of(places: Sequence[Place], *, apart: bool = True) -> Fields:
    """The fields of ``places``; with ``apart``, those in which all are the same stand by themselves."""
    texts = [dict(place.fields) for place in places]
    names = list(dict.fromkeys(name for place in places for name, _ in place.fields))
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    same = [name for name in names if len({text.get(name, "") for text in texts}) == 1]
    if not apart or len(same) == len(names):  # a single place, or places that nothing tells apart
        same = []
    kept = [name for name in names if name not in same]
    return Fields(
        names=tuple(spelled(name) for name in kept),
        rows=tuple(tuple(text.get(name, "") for name in kept) for text in texts),
        common=tuple((spelled(name), texts[0][name]) for name in same),
    )


def spelled(name: str) -> str:
    """A field as it is written in a heading."""
    return name.replace("_", " ")


def heading_of(comparison: Comparison) -> str:
    """The metric, with the way it is better."""
    return f"{metric_name(comparison.metric)}\u00a0{'↑' if comparison.higher else '↓'}"


def intervals(places: Sequence[Place]) -> list[tuple[str, str, str]]:
    """Mean, lower and upper end of each place as text, all with equally many decimals."""
    numbers = [_known(number) for place in places for number in (place.mean, place.low, place.high)]
    texts = aligned(numbers)
    return [(texts[at], texts[at + 1], texts[at + 2]) for at in range(0, len(texts), 3)]


def tail(name: str, most: int) -> str:
    """A name; of a long one its end, where those of one module differ.

    Example:
        >>> tail("some.where.else:Adam", 12)
        '…e.else:Adam'
    """
    return name if len(name) <= most else "…" + name[len(name) - most + 1 :]


def verdict(place: Place) -> str:
    """What is said of a place beside the best."""
    if place.rank == 1 and _known(place.mean) is not None:
        return "the best"
    if place.distinguishable is None:
        return "-"
    return "worse" if place.distinguishable else "not distinguishable"


def is_number(text: str) -> bool:
    """Whether ``text`` is to be set like a number; so is "" among numbers, and widths of several layers are not.

    Example:
        >>> [is_number(text) for text in ("0.01", "12,345", "", "128,32", "relu")]
        [True, True, True, False, False]
    """
    return re.fullmatch(r"[+-]?(\d{1,3}(,\d{3})+|\d*)(\.\d*)?(e[+-]?\d+)?|-|nan|[+-]?inf", text) is not None


def compared(comparison: Comparison) -> int:
    """How many places were compared with the best."""
    return sum(place.distinguishable is not None for place in comparison.places if place.rank > 1)


def outcomes_text(outcomes: Sequence[tuple[str, int]]) -> str:
    """How runs ended, the most frequent first."""
    ordered = sorted(outcomes, key=lambda pair: -pair[1])
    return ", ".join(f"{count:,} {code}" for code, count in ordered) or plural(0, "run")


def decades_text(width: str) -> str:
    """So many powers of ten."""
    return f"{width} decade" if width == "1" else f"{width} decades"


def steps_text(steps: float) -> str:
    """Model-steps per second, in words that can be read at a glance.

    Example:
        >>> [steps_text(steps) for steps in (212345.0, 2123450.0, 2123450000.0, 87.4, 0.0)]
        ['212,000', '2.12 million', '2,120 million', '87', '-']
    """
    if not math.isfinite(steps) or steps <= 0:
        return "-"
    rounded = float(f"{steps:.3g}")
    return f"{rounded / 1e6:,.15g} million" if rounded >= 1e6 else f"{rounded:,.0f}"


def _known(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
