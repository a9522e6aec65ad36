"""What a delimited text file looks like, found out before polars reads it.

Readers fill short rows and rename duplicate columns in silence. This scan finds the delimiter and the header,
counts the fields of every row, and hands on bytes of which it knows that each row has one value per column.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from fallline.core.errors import DataError

__all__ = ["MISSING", "Scan", "scan"]

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "None")
"""The cells that stand for a missing value."""

_RUNS = " "  # the delimiter "one or more spaces or tabs"; its file is rewritten with tabs before it is read
# A semicolon file often has commas inside its cells (1,5;2,5), a comma file seldom semicolons.
_DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", _RUNS: "runs of spaces"}
_SAMPLE_BYTES = 1 << 16
_SAMPLE_ROWS = 200
_CHUNK = 1 << 24
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Scan:
    """A delimited file, understood.

    Args:
        names: The columns, from the header or made up.
        delimiter: The byte between two values of ``body``.
        quote: The character around values that hold a delimiter; None where quotes mean nothing.
        rows: Number of rows in ``body``.
        body: The file without byte-order mark, header and blank lines; every row has ``len(names)`` values.
        notes: What was assumed, one sentence each.
    """

    names: tuple[str, ...]
    delimiter: str
    quote: str | None
    rows: int
    body: bytes = field(repr=False)
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Records:
    """Where each row of a file starts and ends, in bytes, and how many fields it has: ``(record,)``."""

    starts: np.ndarray
    ends: np.ndarray
    fields: np.ndarray


def scan(content: bytes, *, doing: str) -> Scan:
    """Find the delimiter, the header and the number of fields in each row of a text file.

    Args:
        content: The bytes of the file, UTF-8 with or without a byte-order mark.
        doing: What an error says was being done ("reading heart.csv").

    Raises:
        DataError: The file is empty, not text, has rows of different lengths, the same column name twice, or
            a header and nothing below.
    """
    content = _text(content, doing)
    delimiter = _find_delimiter(content)
    notes = [] if delimiter in "\t," else [f"The values are separated by {_DELIMITERS[delimiter]}."]
    if delimiter == _RUNS:
        content, delimiter = _tabs_for_runs(content), "\t"
    content = content.replace(delimiter.encode() + b' "', delimiter.encode() + b'"')
    records, quote = _find_records(content, delimiter)
    _refuse_ragged(content, records, doing)
    sample = _rows(_slice(content, records, 0, _SAMPLE_ROWS), delimiter, quote=quote)
    if not sample:
        raise DataError(doing, "line 1 holds a value too long for a table", likely="a quote that is never closed")
    headed = _has_header(sample)
    if headed:
        names, more = _names(sample[0], doing)
        notes += more
    else:
        names = tuple(f"column_{position + 1}" for position in range(len(sample[0])))
        notes.append(f"No header was found; the columns are named column_1 … column_{len(names)}.")
    rows = len(records.starts) - headed
    if rows == 0:
        raise DataError(doing, "it has a header but no rows", got=f"the columns {', '.join(names[:10])}")
    return Scan(names, delimiter, quote, rows, _slice(content, records, int(headed)), tuple(notes))


def _text(content: bytes, doing: str) -> bytes:
    """``content`` as UTF-8 without byte-order mark, its lines ended by a line feed alone."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(doing, "it is UTF-16 text", expected="UTF-8", do="save it again as UTF-8")
    if b"\0" in content:
        raise DataError(doing, "it is not a text file", expected="delimited text or Parquet", got="binary content")
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content), _CHUNK):
        try:
            decoder.decode(content[start : start + _CHUNK], final=start + _CHUNK >= len(content))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, start + error.start) + 1
            raise DataError(
                doing, f"line {line} is not UTF-8 text", expected="UTF-8", do="save it again as UTF-8"
            ) from None
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content.strip():
        raise DataError(doing, "it is empty")
    return content if content.endswith(b"\n") else content + b"\n"


def _find_delimiter(content: bytes) -> str:
    """The first delimiter that cuts the first lines into the same number of fields, or nearly so."""
    sample = content[:_SAMPLE_BYTES]
    if len(content) > _SAMPLE_BYTES and b"\n" in sample:
        sample = sample[: sample.rindex(b"\n") + 1]
    found: list[tuple[float, str]] = []
    for delimiter in _DELIMITERS:
        text = _tabs_for_runs(sample) if delimiter == _RUNS else sample
        rows = _rows(text, "\t" if delimiter == _RUNS else delimiter)
        [(fields, times)] = Counter(len(row) for row in rows).most_common(1) or [(1, 0)]
        # Words of prose have spaces between them too: only lines that nearly all agree make them a delimiter.
        if fields > 1 and times >= (0.9 if delimiter == _RUNS else 0.5) * len(rows):
            found.append((times / len(rows), delimiter))
    return max(found, key=lambda pair: pair[0])[1] if found else ","


def _tabs_for_runs(content: bytes) -> bytes:
    """``content`` with each run of spaces and tabs outside of quotes made one tab, none at line ends."""
    if b'"' in content:
        content = re.sub(rb'"[^"\n]*"|[ \t]+', lambda m: m[0] if m[0].startswith(b'"') else b"\t", content)
    else:
        content = re.sub(rb"[ \t]+", b"\t", content)
    return content.removeprefix(b"\t").replace(b"\n\t", b"\n").replace(b"\t\n", b"\n")


def _rows(sample: bytes, delimiter: str, *, quote: str | None = '"') -> list[list[str]]:
    """The first rows of ``sample`` as stripped cells, blank lines left out."""
    lines = io.StringIO(sample.decode(errors="replace"), newline="\n")
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, skipinitialspace=delimiter != "\t")
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


def _find_records(content: bytes, delimiter: str) -> tuple[_Records, str | None]:
    """The rows of the file, and its quote character: None where only then all rows have the same length."""
    quoted = _without_blank(content, _records(content, delimiter, '"'))
    if b'"' not in content:
        return quoted, '"'
    closed = quoted.ends[-1] == len(content) - 1 and np.ptp(quoted.fields) == 0
    opening = re.search(rb'(?:^|[\n%b])"' % re.escape(delimiter.encode()), content)
    if closed and opening:
        return quoted, '"'
    plain = _without_blank(content, _records(content, delimiter, None))  # 5" may stand for five inches
    return (plain, None) if not opening or np.ptp(plain.fields) == 0 else (quoted, '"')


def _records(content: bytes, delimiter: str, quote: str | None) -> _Records:
    """Cut ``content`` at the line ends outside of quotes and count the delimiters outside of quotes."""
    data = np.frombuffer(content, np.uint8)
    ends: list[np.ndarray] = []
    counts: list[np.ndarray] = []
    inside, delimiters = 0, 0
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        lines, between = chunk == ord("\n"), chunk == ord(delimiter)
        if quote is not None and (quotes := chunk == ord(quote)).any():
            # A doubled quote toggles twice, which is right: it leaves what follows as much inside as before.
            open_quotes = np.bitwise_xor.accumulate(quotes.view(np.uint8)) ^ inside
            inside = int(open_quotes[-1])
            lines &= open_quotes == 0
            between &= open_quotes == 0
        elif inside:
            continue
        at = np.flatnonzero(lines)
        upto = np.searchsorted(np.flatnonzero(between), at) + delimiters
        delimiters += int(np.count_nonzero(between))
        ends.append(at + start)
        counts.append(upto)
    end = np.concatenate(ends) if ends else np.array([], np.int64)
    upto = np.concatenate(counts) if counts else np.array([], np.int64)
    if not len(end) or end[-1] != len(data) - 1:  # an open quote swallows the rest: one last record
        end, upto = np.append(end, len(data)), np.append(upto, delimiters)
    starts = np.concatenate(([0], end[:-1] + 1))
    return _Records(starts, end, np.diff(upto, prepend=0) + 1)


def _without_blank(content: bytes, records: _Records) -> _Records:
    """The records that hold something; in a table of one column, a line of spaces is a missing value."""
    blank = records.ends == records.starts
    if records.fields.max() > 1:
        for record in np.flatnonzero((records.fields == 1) & ~blank):
            blank[record] = not content[records.starts[record] : records.ends[record]].strip()
    if not blank.any():
        return records
    return _Records(records.starts[~blank], records.ends[~blank], records.fields[~blank])


def _refuse_ragged(content: bytes, records: _Records, doing: str) -> None:
    expected = records.fields[0]
    wrong = np.flatnonzero(records.fields != expected)
    if len(wrong):
        first = int(wrong[0])
        lines = [content.count(b"\n", 0, int(records.starts[record])) + 1 for record in (0, first)]
        text = content[records.starts[first] : records.ends[first]].decode(errors="replace")
        raise DataError(
            doing,
            f"line {lines[1]} has {_fields(records.fields[first])}, line {lines[0]} has {expected}",
            expected=f"{_fields(expected)} in every line",
            got=text if len(text) <= 80 else text[:79] + "…",
            likely="a delimiter inside a value that is not quoted, or a line cut short",
        )


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _slice(content: bytes, records: _Records, first: int, last: int | None = None) -> bytes:
    """The records from ``first`` to before ``last``, each ended by a line end."""
    starts, ends = records.starts[first:last], records.ends[first:last]
    if not len(starts):
        return b""
    if np.array_equal(ends[:-1] + 1, starts[1:]):  # nothing was left out between them
        return content[starts[0] : ends[-1] + 1]
    return b"".join(content[start:end] + b"\n" for start, end in zip(starts, ends, strict=True))


def _has_header(sample: list[list[str]]) -> bool:
    """Whether the first row names the columns: none of its cells is a number, and the rows below differ."""
    first, rest = sample[0], sample[1:]
    numbers = [float(cell) for cell in first if _NUMBER.fullmatch(cell)]
    if numbers:
        # A DataFrame whose columns were never named is saved with the header 0,1,2,…; few rows count so.
        return len(numbers) > 3 and numbers == list(range(len(numbers))) and len(rest) > 0
    below = [[row[position] for row in rest if position < len(row)] for position in range(len(first))]
    if any(_NUMBER.fullmatch(cell) for cells in below for cell in cells):
        return True
    return not any(name and name in cells for name, cells in zip(first, below, strict=True))


def _names(header: list[str], doing: str) -> tuple[tuple[str, ...], list[str]]:
    """The column names of a header, and what there is to say about them."""
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
