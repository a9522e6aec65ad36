"""Round places on an axis."""

from __future__ import annotations

import math

from fallline.render.number import short
from fallline.render.picture import Picture

__all__ = ["across_ticks", "tick_texts", "ticks", "up_ticks"]


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` (at least 2) round numbers from ``low`` to ``high``, 1, 2 or 5 times a power of ten apart.

    Example:
        >>> ticks(-3, 3, 5)
        [-2.0, 0.0, 2.0]
        >>> ticks(0, 1, 6)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    size = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (size, 2 * size, 5 * size, 10 * size, 20 * size):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            # a decimal's own digits: 3 * 0.1 is 0.30000000000000004
            return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
    raise AssertionError("20 times a step that is small enough leaves fewer places")


def _powers(low: float, high: float, most: int) -> list[float]:
    """Powers of ten from ``low`` to ``high``; where there are fewer than two, round numbers."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(math.ceil((last - first + 1) / most), 1)
    powers = [10.0**power for power in range(first, last + 1, step)]
    return powers if len(powers) > 1 else [place for place in ticks(low, high, most) if place > 0]


def across_ticks(picture: Picture, most: int) -> list[float]:
    """Round places on the horizontal axis."""
    return ticks(picture.window[0], picture.window[1], most)


def up_ticks(picture: Picture, most: int) -> list[float]:
    """Round places on the vertical axis."""
    _, _, low, high = picture.window
    return _powers(low, high, most) if picture.log else ticks(low, high, most)


def tick_texts(places: list[float]) -> list[str]:
    """The places as written beside the axis, with a true minus."""
    return [short(place).replace("-", "−") if place < 0 else short(place) for place in places]
