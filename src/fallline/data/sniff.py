"""What the first lines of a delimited text file say: its delimiter, its quotes, its header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence

from fallline.core.errors import ArgumentError, DataError

__all__ = [
    "RUNS",
    "chosen_delimiter",
    "column_names",
    "declared_delimiter",
    "describe",
    "find_delimiter",
    "first_rows",
    "has_header",
    "single_quoted",
    "tabs_for_runs",
]

RUNS = " "
"""The delimiter "one or more spaces or tabs"; its file is rewritten with tabs before it is read."""

# A semicolon file often has commas inside its cells (1,5;2,5), a comma file seldom semicolons.
_DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", RUNS: "runs of spaces"}
# Taken only where none of the others is one, and only if all lines agree.
_UNUSUAL = {"\x1f": "unit separators", "\x01": "control characters", "^": "carets", "~": "tildes"}
_NAMED = {"tab": "\t", "\\t": "\t", "space": RUNS, "spaces": RUNS, "comma": ",", "semicolon": ";", "bar": "|"}
_DECLARED = re.compile(rb"""["']?sep=([^\w\s"'\x80-\xff]|\t)["']? *\n""", re.IGNORECASE)
_SAMPLE_BYTES = 1 << 16
_SAMPLE_ROWS = 200
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|\.\d+)([eE][+-]?\d+)?")


def chosen_delimiter(delimiter: str, *, doing: str) -> str:
    """The character that was asked for by itself or by its name (``tab``, ``space``, …).

    Raises:
        ArgumentError: It cannot stand between values.
    """
    found = _NAMED.get(delimiter.casefold(), delimiter)
    if len(found) != 1 or found in "\n\r\"'":
        raise ArgumentError(
            doing,
            "the delimiter is not one that can be used",
            expected="a single character, or tab, space, comma, semicolon, bar",
            got=f"delimiter = {delimiter!r}",
        )
    return found


def declared_delimiter(content: bytes) -> tuple[bytes, str | None]:
    r"""``content`` and the delimiter that its first line declares, as ``sep=;``, which spreadsheets write and read.

    That line is left blank then, so that those below keep their numbers.

    Example:
        >>> declared_delimiter(b"sep=;\na;b\n")
        (b'\na;b\n', ';')
    """
    found = _DECLARED.match(content)
    return (content, None) if found is None else (b"\n" + content[found.end() :], found[1].decode())


def describe(delimiter: str) -> str:
    """The delimiter in plain words, in the plural."""
    return _DELIMITERS.get(delimiter) or _UNUSUAL.get(delimiter) or repr(delimiter)


def find_delimiter(content: bytes) -> str:
    """The first delimiter that cuts the first lines into the same number of fields, or nearly so."""
    sample = _head(content)
    found: list[tuple[float, str]] = []
    for delimiter in _DELIMITERS:
        text = tabs_for_runs(sample) if delimiter == RUNS else sample
        # Words of prose have spaces between them too: only lines that nearly all agree make them a delimiter.
        agreeing = _agreeing(text, "\t" if delimiter == RUNS else delimiter)
        if agreeing >= (0.9 if delimiter == RUNS else 0.5):
            found.append((agreeing, delimiter))
    if found:
        return max(found, key=lambda pair: pair[0])[1]
    return next((delimiter for delimiter in _UNUSUAL if _agreeing(sample, delimiter) == 1), ",")


def _head(content: bytes) -> bytes:
    sample = content[:_SAMPLE_BYTES]
    if len(content) > _SAMPLE_BYTES and b"\n" in sample:
        sample = sample[: sample.rindex(b"\n") + 1]
    return sample


def _agreeing(sample: bytes, delimiter: str) -> float:
    """The share of the first rows with the usual number of fields; 0 where that is one."""
    rows = first_rows(sample, delimiter)
    [(fields, times)] = Counter(len(row) for row in rows).most_common(1) or [(1, 0)]
    return times / len(rows) if fields > 1 else 0.0


def tabs_for_runs(content: bytes) -> bytes:
    """``content`` with each run of spaces and tabs outside of quotes made one tab, none at line ends."""
    if b'"' in content:
        content = re.sub(rb'"[^"\n]*"|[ \t]+', lambda m: m[0] if m[0].startswith(b'"') else b"\t", content)
    else:
        content = re.sub(rb"[ \t]+", b"\t", content)
    return content.removeprefix(b"\t").replace(b"\n\t", b"\n").replace(b"\t\n", b"\n")


def first_rows(sample: bytes, delimiter: str, *, quote: str | None = '"') -> list[list[str]]:
    """The first rows of ``sample`` as stripped cells, blank lines left out."""
    lines = io.StringIO(_head(sample).decode(errors="replace"), newline="\n")
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    spaces = delimiter != "\t"
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, quoting=quoting, skipinitialspace=spaces)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                rows.append([cell.strip() for cell in row])
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:  # a quote that is never closed makes a field beyond csv's limit; the rows before it will do
        pass
    return rows


def single_quoted(content: bytes, delimiter: str) -> bool:
    """Whether values are enclosed in single quotes: in one column all, in no column some that are not closed."""
    if b"'" not in _head(content) or re.search(rb'(?:^|[\n%b])"' % re.escape(delimiter.encode()), _head(content)):
        return False
    rows = first_rows(content, delimiter, quote=None)
    quoted = first_rows(content, delimiter, quote="'")
    if not rows or len({len(row) for row in quoted}) != 1:
        return False
    if any(cell.startswith("'") != cell.endswith("'") for row in quoted for cell in row):
        return False
    # A quoted value that holds the delimiter makes the rows cut without quotes differ in length.
    if any(len(row) != len(quoted[0]) for row in rows):
        return True
    below = rows[1:] or rows
    return any(
        all(len(row[at]) > 1 and row[at][0] == row[at][-1] == "'" for row in below) for at in range(len(rows[0]))
    )


def has_header(sample: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: none of its cells is a value, and the rows below differ."""
    first, rest = sample[0], sample[1:]
    if any(_DATE.match(cell) or cell == "?" for cell in first):
        return False
    numbers = [float(cell.replace(",", ".")) for cell in first if _NUMBER.fullmatch(cell)]
    if numbers:
        # A DataFrame whose columns were never named is saved with the header 0,1,2,…; few rows count so.
        return len(numbers) > 3 and numbers == list(range(len(numbers))) and len(rest) > 0
    below = [[row[position] for row in rest if position < len(row)] for position in range(len(first))]
    if any(_NUMBER.fullmatch(cell) for cells in below for cell in cells):
        return True
    return not any(name and name in cells for name, cells in zip(first, below, strict=True))


def column_names(header: Sequence[str], *, doing: str) -> tuple[tuple[str, ...], list[str]]:
    """The column names of a header, and what there is to say about them.

    Raises:
        DataError: Two columns have the same name.
    """
    names = tuple(name or f"column_{position + 1}" for position, name in enumerate(header))
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        positions = [str(position + 1) for position, name in enumerate(names) if name == twice[0]]
        raise DataError(
            doing,
            f"two columns have the same name in the header: {', '.join(map(repr, twice))}",
            expected="a different name for each column",
            got=f"{twice[0]!r} as columns {' and '.join(positions)}",
        )
    unnamed = [name for name, cell in zip(names, header, strict=True) if not cell]
    return names, [f"Columns without a name are called {', '.join(unnamed)}."] if unnamed else []
