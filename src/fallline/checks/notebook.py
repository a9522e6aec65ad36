"""Reading a notebook: its code cells as Python, line for line, without what only IPython understands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from fallline.core.errors import SourceError

__all__ = ["Cell", "cells_of"]

_MAGIC = ("%", "!", "?")


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Args:
        number: Its number among the code cells, from 1.
        source: Its Python; lines that are none are comments, so that line numbers stay.
        skipped: Those lines.
    """

    number: int
    source: str
    skipped: tuple[str, ...] = ()


def cells_of(path: Path) -> list[Cell]:
    """The code cells of a notebook.

    Raises:
        SourceError: It is no notebook.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document["cells"] if "cells" in document else document["worksheets"][0]["cells"]
        sources = [_text(cell.get("source", cell.get("input", ""))) for cell in found if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise SourceError(
            f"reading {path}",
            "it is no notebook",
            got=f"{type(error).__name__}: {error}",
            expected="a Jupyter notebook (JSON with cells)",
        ) from None
    return [_cell(number, source) for number, source in enumerate(sources, 1)]


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _cell(number: int, source: str) -> Cell:
    lines, skipped = source.split("\n"), []
    if lines[0].lstrip().startswith("%%") and not lines[0].lstrip().startswith(("%%time", "%%capture", "%%timeit")):
        return Cell(number, "", (lines[0].strip(),))
    for place, line in enumerate(lines):
        bare = line.strip()
        assigned = (
            "=" in bare
            and bare.split("=", 1)[1].lstrip().startswith(("%", "!"))
            and bare.split("=")[0].strip().isidentifier()
        )
        if bare.startswith(_MAGIC) or assigned or (bare.endswith("?") and not bare.startswith("#")):
            indent = line[: len(line) - len(line.lstrip())]
            name = f"{bare.split('=')[0].strip()} = None  " if assigned else "pass  "
            lines[place] = f"{indent}{name}# {bare}"
            skipped.append(bare)
    return Cell(number, "\n".join(lines), tuple(skipped))
