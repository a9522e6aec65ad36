"""Numbers as people write them: thousands separators, decimal commas, units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

__all__ = [
    "COMMA_GROUPS",
    "DECIMAL_COMMA",
    "DECIMAL_COMMA_AND_POINTS",
    "PLAIN",
    "NumberFormat",
    "formats_of",
    "has_units",
    "looks_grouped",
]

_GROUPING = {",": "commas", ".": "points", " ": "spaces", "'": "apostrophes"}
_WHOLE = r"^[+-]?\d+$"
_SPACES = "[\u00a0\u202f\u2009]"  # no-break, narrow no-break and thin space: what spreadsheets put between thousands
_UNIT = re.compile(
    r"[+-]?(?:[$€£¥]\s?)?(?:\d+(?:[.,]\d+)*)\s?(?:[^\W\d_]{1,8}[²³]?|[%‰°$€£¥\"']|°[CF]|[^\W\d_]{1,4}/[^\W\d_]{1,4})?"
)


class NumberFormat(BaseModel):
    """How a column writes its numbers.

    Args:
        decimal: Between the whole part and the fraction.
        thousands: Between groups of three digits; empty where there is nothing.

    Example:
        >>> NumberFormat(decimal=",", thousands=".").parsed(pl.Series(["1.234,5", "12"])).to_list()
        [1234.5, 12.0]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @property
    def phrase(self) -> str:
        """How it writes numbers, to be read out."""
        parts = [f"{_GROUPING[self.thousands]} between thousands"] if self.thousands else []
        return " and ".join(parts + ["decimal commas"] * (self.decimal == ","))

    def fits(self, texts: pl.Series) -> bool:
        """Whether every value, without missing ones, is written this way."""
        return bool(_plain_spaces(texts).str.contains(self._pattern).all())

    def parsed(self, texts: pl.Series) -> pl.Series:
        """The numbers; null for what is none. Plain ones are numbers too where they cannot be misread."""
        clean = _plain_spaces(texts.str.strip_chars())
        if self == PLAIN:
            return clean.cast(pl.Float64, strict=False)
        fits = clean.str.contains(f"{self._pattern}|{_WHOLE if self.decimal == ',' else PLAIN._pattern}")
        if self.thousands:
            clean = clean.str.replace_all(self.thousands, "", literal=True)
        if self.decimal == ",":
            clean = clean.str.replace(",", ".", literal=True)
        return clean.set(~fits.fill_null(False), None).cast(pl.Float64, strict=False)

    @property
    def _pattern(self) -> str:
        point = re.escape(self.decimal)
        if not self.thousands:
            return rf"^[+-]?(?:\d+{point}?\d*|{point}\d+)(?:[eE][+-]?\d+)?$"
        return rf"^[+-]?(?:[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})+|0|[1-9]\d{{0,2}})(?:{point}\d*)?$"


PLAIN = NumberFormat()
"""Points before fractions, nothing between thousands."""

COMMA_GROUPS = NumberFormat(thousands=",")
DECIMAL_COMMA = NumberFormat(decimal=",")
DECIMAL_COMMA_AND_POINTS = NumberFormat(decimal=",", thousands=".")

_CANDIDATES = (
    COMMA_GROUPS,
    DECIMAL_COMMA,
    DECIMAL_COMMA_AND_POINTS,
    NumberFormat(thousands=" "),
    NumberFormat(decimal=",", thousands=" "),
    NumberFormat(thousands="'"),
    NumberFormat(decimal=",", thousands="'"),
)


def formats_of(texts: pl.Series) -> tuple[NumberFormat, ...]:
    """The formats in which every value is written, the likelier first; none where the values are no numbers.

    Args:
        texts: Different values, stripped, none missing, not all plain numbers.

    Example:
        >>> [found.phrase for found in formats_of(pl.Series(["1,5", "200,25"]))]
        ['decimal commas', 'points between thousands and decimal commas', ...]
        >>> formats_of(pl.Series(["1,234", "999"]))[0].phrase
        'commas between thousands'
    """
    return tuple(candidate for candidate in _CANDIDATES if candidate.fits(texts))


def looks_grouped(texts: pl.Series) -> bool:
    """Whether every comma may be one between thousands: ``1,234`` may be a thousand, or one and a bit.

    Example:
        >>> looks_grouped(pl.Series(["1,234", "1234"])), looks_grouped(pl.Series(["0,123", "1,5"]))
        (True, False)
    """
    return COMMA_GROUPS.fits(texts.filter(texts.str.contains(",", literal=True)))


def has_units(values: Iterable[str]) -> bool:
    """Whether every value is a number, most with a unit or a currency beside it ("12 kg", "$5", "3 %").

    Example:
        >>> has_units(["12 kg", "7 kg"]), has_units(["flat 3", "flat 4"])
        (True, False)
    """
    values = list(values)
    bare = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
    return all(_UNIT.fullmatch(value) for value in values) and any(not bare.fullmatch(value) for value in values)


def _plain_spaces(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(_SPACES, " ")
