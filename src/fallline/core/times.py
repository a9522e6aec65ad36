"""Lengths of time: ``60s``, ``10m``, ``2h``."""

from __future__ import annotations

from fallline.core.errors import ArgumentError

__all__ = ["seconds_of"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds_of(time: float | str, *, doing: str) -> float:
    """The seconds of a number of them, or of a text.

    Raises:
        ArgumentError: It is no time.

    Example:
        >>> seconds_of("10m", doing="reading the budget"), seconds_of(2, doing="reading the budget")
        (600.0, 2.0)
    """
    text = str(time).strip()
    number, unit = (text[:-1], text[-1]) if isinstance(time, str) and text[-1:] in _UNITS else (text, "s")
    try:
        return float(number) * _UNITS[unit]
    except ValueError:
        raise ArgumentError(
            doing, "it is no time", expected="seconds, or a number with s, m, h or d", got=text, do="60s, 10m or 2h"
        ) from None
