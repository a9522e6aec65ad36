"""What is printed, in characters that the terminal has."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment

__all__ = ["Legible"]

_LIKE = str.maketrans("▏▎▍▌▋▊▉█▁▂▃▄▅▆▇▸≈↑↓\u00a0×·…²−–’≤≥→", "########_.:-=+*>=^v x-~2--'<>>")
"""One for one, so that columns stay where they are."""


class Legible:
    """``shown`` as it is; where a terminal knows ASCII only, with the likeness of each character that it lacks."""

    def __init__(self, shown: RenderableType) -> None:
        self._shown = shown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._shown, options):
            if options.ascii_only:
                text = segment.text.translate(_LIKE).encode("ascii", "replace").decode()
                yield Segment(text, segment.style, segment.control)
            else:
                yield segment
