"""Ranges of numbers: ``1e-4:1:16log``, and the same from Python."""

from __future__ import annotations

import math
import re
from numbers import Integral, Real

from fallline.core.errors import ArgumentError

__all__ = ["is_range", "log_range", "parse_range"]

_RANGE = re.compile(r"\s*([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*(\d+)\s*(log)?\s*")
_DO = "--learning-rate 1e-4:1:16log (16 numbers, evenly in their logarithm), or --dropout 0:0.5:6"


def log_range(low: float, high: float, count: int) -> tuple[float, ...]:
    """``count`` numbers from ``low`` to ``high``, evenly spaced in their logarithm, to three digits.

    Args:
        low: The first, above 0.
        high: The last, above 0.
        count: How many; 1: their geometric mean.

    Raises:
        ArgumentError: An end is no number, not above 0 or not finite, or there are none to be given.

    Example:
        >>> log_range(1e-4, 1, 5)
        (0.0001, 0.001, 0.01, 0.1, 1.0)
    """
    numbers = isinstance(low, Real) and isinstance(high, Real) and isinstance(count, Integral)
    if not (numbers and math.isfinite(low) and math.isfinite(high) and low > 0 and high > 0 and count >= 1):
        raise ArgumentError(
            "building a range",
            "a logarithmic range is a whole number of steps between two numbers above 0",
            got=f"{low}:{high}:{count}log",
            do="fl.log_range(1e-4, 1, 16), or --learning-rate 1e-4:1:16log",
        )
    return tuple(_rounded(10**power) for power in _spaced(math.log10(low), math.log10(high), count))


def is_range(text: str) -> bool:
    """Whether ``text`` is meant as a range."""
    return ":" in text


def parse_range(text: str, *, doing: str) -> tuple[float, ...]:
    """The numbers of ``LOW:HIGH:COUNT``, or ``LOW:HIGH:COUNTlog``.

    Raises:
        ArgumentError: It is no range, or holds no number.

    Example:
        >>> parse_range("0:1:3", doing="reading --dropout")
        (0.0, 0.5, 1.0)
    """
    found = _RANGE.fullmatch(text)
    wrong = ArgumentError(doing, "it is not a range", expected="LOW:HIGH:COUNT, or LOW:HIGH:COUNTlog", got=text, do=_DO)
    if found is None:
        raise wrong
    try:
        low, high, count = float(found[1]), float(found[2]), int(found[3])
    except ValueError:
        raise wrong from None
    if found[4]:
        return log_range(low, high, count)
    numbers = isinstance(low, Real) and isinstance(high, Real) and isinstance(count, Integral)
    if not (numbers and math.isfinite(low) and math.isfinite(high) and count >= 1):
        raise wrong
    return tuple(_rounded(value) for value in _spaced(low, high, count))


def _spaced(low: float, high: float, count: int) -> list[float]:
    if count == 1:
        return [(low + high) / 2]
    return [low + (high - low) * step / (count - 1) for step in range(count)]


def _rounded(value: float) -> float:
    """To three digits: nobody wants to read, or type again, more."""
    return float(f"{value:.3g}")
