"""Text from outside, made harmless before it is written anywhere."""

from __future__ import annotations

import unicodedata

__all__ = ["clipped", "safe"]

_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of all text after them."""


def safe(text: str) -> str:
    """``text`` on one line, without what would steer a terminal, turn a page or be refused by an encoder.

    Example:
        >>> safe("two" + chr(10) + "lines, " + chr(27) + "[31mred")
        'two lines, �[31mred'
    """
    return "".join(" " if mark in "\n\r\t\u2028\u2029" else _seen(mark) for mark in text)


def clipped(text: str, most: int) -> str:
    """``text``, cut to ``most`` characters where it is longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _seen(mark: str) -> str:
    return "\ufffd" if mark in _TURNS or unicodedata.category(mark) in ("Cc", "Cs") else mark
