"""Where the rows of a delimited text file start and end, and how many fields each has."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from fallline.core.errors import DataError

__all__ = ["Records", "Tally", "find_records", "records_of", "refuse_ragged", "sliced", "tally"]

_CHUNK = 1 << 20  # small enough to stay in the cache while it is looked at several times


@dataclass(frozen=True, eq=False)
class Records:
    """Where each row of a file starts and ends, in bytes, and how many fields it has: ``(record,)``."""

    starts: np.ndarray
    ends: np.ndarray
    fields: np.ndarray


@dataclass(frozen=True)
class Tally:
    """How many line ends and delimiters there are outside of quotes, and whether the last quote is closed."""

    lines: int
    delimiters: int
    closed: bool


def tally(content: bytes, delimiter: str, quote: str | None) -> Tally:
    """Count line ends and delimiters, which is far quicker than finding them."""
    data = np.frombuffer(content, np.uint8)
    lines = delimiters = inside = 0
    for start in range(0, len(data), _CHUNK):
        ends, between, inside = _marks(data[start : start + _CHUNK], delimiter, quote, inside)
        lines += int(np.count_nonzero(ends))
        delimiters += int(np.count_nonzero(between))
    return Tally(lines, delimiters, not inside)


def _marks(chunk: np.ndarray, delimiter: str, quote: str | None, inside: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Where ``chunk`` has line ends and delimiters outside of quotes, and whether it ends inside of them."""
    lines, between = chunk == ord("\n"), chunk == ord(delimiter)
    if quote is None:
        return lines, between, 0
    quotes = chunk == ord(quote)
    if quotes.any():
        # A doubled quote toggles twice, which is right: it leaves what follows as much inside as before.
        open_quotes = np.bitwise_xor.accumulate(quotes.view(np.uint8)) ^ inside
        outside = open_quotes == 0
        return lines & outside, between & outside, int(open_quotes[-1])
    if inside:
        nothing = np.zeros(len(chunk), dtype=bool)
        return nothing, nothing, inside
    return lines, between, 0


def records_of(content: bytes, delimiter: str, quote: str | None) -> Records:
    """Cut ``content`` at the line ends outside of quotes and count the delimiters outside of quotes."""
    data = np.frombuffer(content, np.uint8)
    ends: list[np.ndarray] = []
    counts: list[np.ndarray] = []
    inside, delimiters = 0, 0
    for start in range(0, len(data), _CHUNK):
        lines, between, inside = _marks(data[start : start + _CHUNK], delimiter, quote, inside)
        at = np.flatnonzero(lines)
        counts.append(np.searchsorted(np.flatnonzero(between), at) + delimiters)
        delimiters += int(np.count_nonzero(between))
        ends.append(at + start)
    end = np.concatenate(ends) if ends else np.array([], np.int64)
    upto = np.concatenate(counts) if counts else np.array([], np.int64)
    if not len(end) or end[-1] != len(data) - 1:  # an open quote swallows the rest: one last record
        end, upto = np.append(end, len(data)), np.append(upto, delimiters)
    starts = np.concatenate(([0], end[:-1] + 1))
    return Records(starts, end, np.diff(upto, prepend=0) + 1)


def find_records(content: bytes, delimiter: str, quote: str | None) -> tuple[Records, str | None]:
    """The rows of the file, and its quote character: None where only then all rows have the same length."""
    quoted = without_blank(content, records_of(content, delimiter, quote))
    if quote is None or quote.encode() not in content:
        return quoted, quote
    closed = quoted.ends[-1] == len(content) - 1 and np.ptp(quoted.fields) == 0
    opening = opens_quotes(content, delimiter, quote)
    if closed and opening:
        return quoted, quote
    plain = without_blank(content, records_of(content, delimiter, None))  # 5" may stand for five inches
    return (plain, None) if not opening or np.ptp(plain.fields) == 0 else (quoted, quote)


def opens_quotes(content: bytes, delimiter: str, quote: str) -> bool:
    """Whether a field starts with a quote."""
    return re.search(rb"(?:^|[\n%b])%b" % (re.escape(delimiter.encode()), quote.encode()), content) is not None


def without_blank(content: bytes, records: Records) -> Records:
    """The records that hold something; in a table of one column, a line of spaces is a missing value."""
    blank = records.ends == records.starts
    if records.fields.max() > 1:
        for record in np.flatnonzero((records.fields == 1) & ~blank):
            blank[record] = not content[records.starts[record] : records.ends[record]].strip()
    if not blank.any():
        return records
    return Records(records.starts[~blank], records.ends[~blank], records.fields[~blank])


def refuse_ragged(content: bytes, records: Records, *, expected: int, doing: str, lines_before: int = 0) -> None:
    """Raise for the first row whose number of fields is not that of the first row.

    Args:
        content: What the records were found in.
        records: The rows.
        expected: The number of fields of the file's first row.
        doing: What an error says was being done.
        lines_before: How many lines of the file came before ``content``.
    """
    wrong = np.flatnonzero(records.fields != expected)
    if not len(wrong):
        return
    first = int(wrong[0])
    line = lines_before + content.count(b"\n", 0, int(records.starts[first])) + 1
    text = content[records.starts[first] : records.ends[first]].decode(errors="replace")
    top = content.count(b"\n", 0, int(records.starts[0])) + 1
    where = "the first row" if lines_before else f"line {top}"
    raise DataError(
        doing,
        f"line {line} has {_fields(int(records.fields[first]))}, {where} has {expected}",
        expected=f"{_fields(expected)} in every line",
        got=text if len(text) <= 80 else text[:79] + "…",
        likely="a delimiter inside a value that is not quoted, or a line cut short",
    )


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def sliced(content: bytes, records: Records, first: int, last: int | None = None) -> bytes:
    """The records from ``first`` to before ``last``, each ended by a line end."""
    starts, ends = records.starts[first:last], records.ends[first:last]
    if not len(starts):
        return b""
    if np.array_equal(ends[:-1] + 1, starts[1:]):  # nothing was left out between them
        return content[starts[0] : ends[-1] + 1]
    return b"".join(content[start:end] + b"\n" for start, end in zip(starts, ends, strict=True))
