"""Reading a notebook: its code cells as Python, line for line, without what only IPython understands."""

from __future__ import annotations

import io
import json
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from fallline.core.errors import SourceError

__all__ = ["Cell", "cells_of"]

_MAGIC = ("%", "!", "?")
_TIMING = ("%%time", "%%capture", "%%timeit")
"""Cell magics below which there is Python."""
_ASSIGNED = re.compile(r"([^\W\d]\w*)\s*=\s*[%!]")
_HELP = re.compile(r"[\w.*\[\]]+\?{1,2}")


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
    lines = source.split("\n")
    if lines[0].lstrip().startswith("%%") and not lines[0].lstrip().startswith(_TIMING):
        return Cell(number, "", (lines[0].strip(),))
    skipped: list[str] = []
    statement, carried = "", False
    for place, line in enumerate(lines):
        if carried:  # the second line of a shell command
            lines[place], carried = f"# {line.strip()}", line.endswith("\\")
        elif not _goes_on(statement) and _is_foreign(line.strip()):
            lines[place], carried = _replaced(line), line.endswith("\\")
            skipped.append(line.strip())
            statement = ""
        else:
            statement = f"{statement}{line}\n" if _goes_on(statement) else f"{line}\n"
    return Cell(number, "\n".join(lines), tuple(skipped))


def _is_foreign(bare: str) -> bool:
    """Whether the first line of a statement is none of Python's: a magic, a shell command, a question."""
    return bare.startswith(_MAGIC) or bool(_ASSIGNED.match(bare) or _HELP.fullmatch(bare))


def _replaced(line: str) -> str:
    """What stands for such a line, at the same indentation."""
    bare = line.strip()
    assigned = _ASSIGNED.match(bare)
    return f"{line[: len(line) - len(line.lstrip())]}{f'{assigned[1]} = None' if assigned else 'pass'}  # {bare}"


def _goes_on(statement: str) -> bool:
    """Whether a statement has a bracket or a string that is still open, or ends in a backslash."""
    if statement.endswith("\\\n"):
        return True
    try:
        list(tokenize.generate_tokens(io.StringIO(statement).readline))
    except tokenize.TokenError:
        return True
    except SyntaxError:  # it is no Python; what Python says of it comes later
        return False
    return False
