"""What a delimited text file looks like, found out before polars reads it.

Readers fill short rows and rename duplicate columns in silence. This scan finds the delimiter and the header,
makes sure that every row has one value per column, and hands on bytes of which that is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from fallline.core.errors import DataError
from fallline.data.plaintext import as_utf8
from fallline.data.records import find_records, opens_quotes, records_of, refuse_ragged, sliced, tally
from fallline.data.sniff import (
    RUNS,
    chosen_delimiter,
    column_names,
    declared_delimiter,
    describe,
    find_delimiter,
    first_rows,
    has_header,
    single_quoted,
    tabs_for_runs,
)

__all__ = ["MISSING", "Layout", "Scan", "layout_of", "scan", "thorough", "tidied"]

MISSING = ("", "?", "-", "NA", "N/A", "NaN", "nan", "null", "None")
"""The cells that stand for a missing value."""

_SAMPLE_ROWS = 200
_HEAD_BYTES = 1 << 17
_STAND_IN = "\x1f"  # for a delimiter of several bytes


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a delimited file is laid out.

    Args:
        names: The columns, from the header or made up.
        given: The delimiter as the file has it; a space for runs of spaces and tabs.
        delimiter: The byte between two values once the text is `tidied`.
        quote: The character around values that hold a delimiter; None where quotes mean nothing.
        headed: Whether the first row is the header.
        guessed: Whether that was found out, not given.
        said: What was assumed about the delimiter and the quotes, one sentence each.
        naming: What was assumed about the names.
    """

    names: tuple[str, ...] = ()
    given: str
    delimiter: str
    quote: str | None = '"'
    headed: bool
    guessed: bool
    said: tuple[str, ...] = ()
    naming: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, one sentence each."""
        return self.said + self.naming


@dataclass(frozen=True)
class Scan:
    """A delimited file, understood.

    Args:
        layout: How it is laid out.
        rows: Number of rows.
        skip: Number of lines of ``content`` above the first row.
        content: The text, tidied; below ``skip`` every row has a value for each name. If not ``thorough``,
            that holds only if polars finds ``rows`` rows and none too long.
        thorough: Whether the fields of each row were counted.
    """

    layout: Layout
    rows: int
    skip: int
    content: bytes = field(repr=False)
    thorough: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return self.layout.names

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, one sentence each."""
        return self.layout.notes


def scan(content: bytes, *, doing: str, header: bool | None = None, delimiter: str | None = None) -> Scan:
    """Find the delimiter, the header and the number of rows of a text file, and check that no row is short.

    Args:
        content: The bytes of the file.
        doing: What an error says was being done ("reading heart.csv").
        header: Whether the first row is the header; None finds out.
        delimiter: Between two values; None finds out.

    Raises:
        ArgumentError: The delimiter is not a single character.
        DataError: The file is empty, not text, has rows of different lengths, the same column name twice, or
            a header and nothing below.
    """
    content, notes = as_utf8(content, doing=doing)
    content, declared = declared_delimiter(content)
    if declared is not None:
        notes += (f"The first line says that the values are separated by {describe(declared)}.",)
    layout = layout_of(content, doing=doing, header=header, delimiter=declared if delimiter is None else delimiter)
    layout = replace(layout, said=notes + layout.said)
    content = tidied(content, layout)
    return _quick(content, layout, doing) or thorough(content, layout, doing=doing)


def layout_of(content: bytes, *, doing: str, header: bool | None, delimiter: str | None) -> Layout:
    """How a text is laid out, from its first lines.

    Args:
        content: UTF-8 with line feeds: a whole text, or the beginning of one.
        doing: What an error says was being done.
        header: Whether the first row is the header; None finds out.
        delimiter: Between two values; None finds out.
    """
    given = find_delimiter(content) if delimiter is None else chosen_delimiter(delimiter, doing=doing)
    said = () if given in "\t," or delimiter is not None else (f"The values are separated by {describe(given)}.",)
    inner = "\t" if given == RUNS else given if given.isascii() else _STAND_IN
    plain = Layout(given=given, delimiter=inner, headed=header is not False, guessed=header is None, said=said)
    head = tidied(content[:_HEAD_BYTES], plain)
    if single_quoted(head, inner):
        plain = replace(plain, quote="'", said=(*said, "Values are enclosed in single quotes."))
    return _named(plain, head, doing)


def _named(layout: Layout, head: bytes, doing: str) -> Layout:
    """The layout with the names that the first row gives."""
    sample = first_rows(head, layout.delimiter, quote=layout.quote)
    if not sample:
        raise DataError(doing, "line 1 holds a value too long for a table", likely="a quote that is never closed")
    headed = has_header(sample) if layout.guessed else layout.headed
    if headed:
        names, more = column_names(sample[0], doing=doing)
    else:
        names = tuple(f"column_{position + 1}" for position in range(len(sample[0])))
        found = "No header was found" if layout.guessed else "There is no header"
        more = [f"{found}; the columns are named column_1 … column_{len(names)}."]
    return replace(layout, names=names, headed=headed, naming=tuple(more))


def tidied(content: bytes, layout: Layout) -> bytes:
    """``content`` with a single byte between two values, and no space before a quote."""
    if layout.given == RUNS:
        content = tabs_for_runs(content)
    elif layout.given != layout.delimiter:
        content = content.replace(layout.given.encode(), layout.delimiter.encode())
    mark, quote = layout.delimiter.encode(), (layout.quote or "").encode()
    if not quote or quote not in content:
        return content
    return content.replace(mark + b" " + quote, mark + quote)


def _quick(content: bytes, layout: Layout, doing: str) -> Scan | None:
    """A scan that counts the delimiters of all rows together; None if only counting those of each will do.

    If they are as many as they should be, either every row is full, or one is short and another too long, which
    polars refuses.
    """
    if len(layout.names) == 1:
        return None
    quote = layout.quote
    if quote and quote.encode() in content and not opens_quotes(content, layout.delimiter, quote):
        quote = None  # 5" may stand for five inches
    blank = re.match(rb"(?:[ \t]*\n)+" if layout.delimiter != "\t" else rb"(?: *\n)+", content)
    start = blank.end() if blank else 0
    above = content.count(b"\n", 0, start)
    counted = tally(content, layout.delimiter, quote)
    rows = counted.lines - above
    if not counted.closed or counted.delimiters != rows * (len(layout.names) - 1):
        return None
    if layout.headed:
        head = content[start : start + _HEAD_BYTES]
        above += head.count(b"\n", 0, int(records_of(head, layout.delimiter, quote).ends[0])) + 1
    rows = _refuse_bare(rows - layout.headed, layout, doing)
    return Scan(replace(layout, quote=quote), rows, above, content, False)


def thorough(content: bytes, layout: Layout, *, doing: str) -> Scan:
    """A scan that counts the fields of every row, and leaves blank lines out.

    Args:
        content: The whole text, tidied.
        layout: Its layout.
        doing: What an error says was being done.

    Raises:
        DataError: Rows differ in length, or there are none.
    """
    records, quote = find_records(content, layout.delimiter, layout.quote)
    refuse_ragged(content, records, expected=int(records.fields[0]), doing=doing)
    if quote != layout.quote:
        layout = _named(replace(layout, quote=quote), sliced(content, records, 0, _SAMPLE_ROWS), doing)
    rows = _refuse_bare(len(records.starts) - layout.headed, layout, doing)
    return Scan(layout, rows, 0, sliced(content, records, int(layout.headed)), True)


def _refuse_bare(rows: int, layout: Layout, doing: str) -> int:
    if rows < 1:
        raise DataError(doing, "it has a header but no rows", got=f"the columns {', '.join(layout.names[:10])}")
    return rows
