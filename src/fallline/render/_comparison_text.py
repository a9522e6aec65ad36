"""Text of a comparison in a terminal: harmless, padded, in ASCII where there is nothing else."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from fallline.render._marks import safe
from fallline.render._plain import plain_text

__all__ = ["padded", "ready", "verbatim"]

_LIKE = str.maketrans({"▸": ">", "≈": "=", "↑": "^", "↓": "v", "\u00a0": " "})
"""What `plain_text` does not know."""


def verbatim(words: str, style: str = "") -> Text:
    """``words`` as they are: no markup is read, and what would steer the terminal becomes a replacement mark."""
    return Text(safe(words), style=style)


def ready(line: Text, plain: bool) -> Text:
    """A line in ASCII where there is nothing else."""
    return Text(plain_text(line.plain.translate(_LIKE)), overflow="fold") if plain else line


def padded(words: str, width: int) -> str:
    """``words`` with spaces behind them up to ``width`` columns."""
    return words + " " * max(width - cell_len(words), 0)
