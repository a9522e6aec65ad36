"""How numbers are written, in every table, figure and sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeGuard

__all__ = ["aligned", "plural", "short"]

_LARGEST = 1e9
"""From here on numbers are written with an exponent."""


def short(value: float | None, digits: int = 4) -> str:
    """``value`` with about ``digits`` significant digits, never hiding digits before the decimal point.

    Args:
        value: The number; None is one that is not known.
        digits: Significant digits to keep, at least 1.

    Returns:
        "-" for None; thousands are separated by commas; below 1e-4 and from 1e9 on with an exponent.

    Example:
        >>> [short(value) for value in (None, 0.00001, 0.836099, 1234, 12345.6, 2.5e10)]
        ['-', '1e-05', '0.8361', '1,234', '12,346', '2.5e+10']
        >>> short(12345.6, digits=6)
        '12,345.6'
    """
    if value is None:
        return "-"
    if not math.isfinite(value):
        return f"{value:f}"
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0:
        return "0"
    if abs(rounded) < 1e-4 or abs(value) >= _LARGEST:
        return _scientific(value, digits)
    text = _fixed(value, decimals=_decimals(rounded, digits))
    return text.rstrip("0").rstrip(".") if "." in text else text


def plural(count: int, noun: str) -> str:
    """``count`` and the noun in the number that it takes.

    Example:
        >>> plural(1, "run"), plural(1024, "run")
        ('1 run', '1,024 runs')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def aligned(values: Sequence[float | None], digits: int = 4) -> tuple[str, ...]:
    """The numbers of one column, with equally many decimals where none of them would lose its meaning.

    The smallest number gets ``digits`` significant digits as long as the largest gets no more than one above
    that. A number that would be left with fewer than two is written by `short` instead.

    Example:
        >>> aligned([0.5, 0.8361, None])
        ('0.5000', '0.8361', '-')
        >>> aligned([0.5, 0.25])
        ('0.50', '0.25')
        >>> aligned([0.36218, 16.5447])
        ('0.362', '16.545')
        >>> aligned([0.00021, 85.2])
        ('0.00021', '85.2')
        >>> aligned([0.9804, -0.00001, 0.98])
        ('0.9804', '-1e-05', '0.9800')
        >>> aligned([0.8778, -0.0008008])
        ('0.8778', '-0.0008')
    """
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value) and value != 0]
    if not sizes or max(sizes) >= _LARGEST or max(sizes) < 1e-4:
        return tuple(short(value, digits) for value in values)
    most = _decimals(max(sizes), digits)
    decimals = min(_decimals(min(sizes), digits), most + 1, max(most, digits))
    fits = [value for value in values if _fits(value, decimals)]
    while decimals and all(_fixed(value, decimals=decimals).endswith("0") for value in fits):
        decimals -= 1
    return tuple(_fixed(value, decimals=decimals) if value in fits else short(value, digits) for value in values)


def _fits(value: float | None, decimals: int) -> TypeGuard[float]:
    """Whether ``value`` is zero or keeps a significant digit when it is written with ``decimals``."""
    if value is None or not math.isfinite(value):
        return False
    return value == 0 or abs(value) >= 10**-decimals


def _fixed(value: float, *, decimals: int) -> str:
    """``value`` with ``decimals`` decimals, and without a sign where nothing but zeros is left."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text


def _decimals(value: float, digits: int) -> int:
    """How many decimals leave ``value`` with ``digits`` significant digits."""
    return max(digits - 1 - math.floor(math.log10(abs(value))), 0)


def _scientific(value: float, digits: int) -> str:
    """``value`` with an exponent and no trailing zeros."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"
