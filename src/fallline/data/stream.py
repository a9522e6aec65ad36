"""Tables too large to hold, read piece by piece: predicting a million rows takes no more memory than one piece."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from fallline.core.errors import ArgumentError, DataError, SourceError
from fallline.data.containers import GZIP, ZSTANDARD, Readable, expanding, json_lines, kind_of, unpacking, unreadable
from fallline.data.delimited import as_text, malformed
from fallline.data.frames import POLARS_FAULTS, normalised
from fallline.data.parsing import cleaned
from fallline.data.plaintext import as_utf8
from fallline.data.records import opens_quotes, records_of, refuse_ragged, sliced, without_blank
from fallline.data.scan import Layout, Scan, layout_of, tidied
from fallline.data.sniff import declared_delimiter
from fallline.data.table import path_of, read

__all__ = ["batches"]

_PIECE = 1 << 23
_LONGEST = 1 << 26  # a row beyond it is a quote that is never closed


def batches(
    source: object,
    *,
    text: Collection[str] = (),
    rows: int = 100_000,
    header: bool | None = None,
    delimiter: str | None = None,
) -> Iterator[pl.DataFrame]:
    """The rows of a table in batches, of a file without holding all of it.

    Of delimited text that is read piece by piece every column comes as text, so that the columns of a schema parse each
    value as in training, whatever else there is in its batch.

    Args:
        source: What `fallline.data.table.read` takes. Delimited text, JSON lines, Parquet and Arrow files are
            read piece by piece; anything else, such as a pipe or UTF-16, is read whole and handed on in pieces.
        text: Names of columns that stay text where delimited text is read whole, as `fallline.data.table.read` takes
            them.
        rows: Rows in each batch; the last may have fewer.
        header: Whether the first row of delimited text is the header; None finds out.
        delimiter: Between two values of delimited text; None finds out.

    Raises:
        SourceError: There is no such source, or it cannot be opened.
        DataError: The content is not a table; the rows before a fault have been handed on by then.
        ArgumentError: ``rows`` is below 1, or the delimiter is not a single character.

    Example:
        >>> [batch.height for batch in batches("iris", rows=100)]
        [100, 50]
    """
    if rows < 1:
        raise ArgumentError("reading in batches", "a batch needs rows", expected="1 at least", got=f"rows = {rows}")
    path = path_of(source)
    if path is None or not path.is_file():
        frame = read(source, text=text, header=header, delimiter=delimiter).frame
        return iter(frame.iter_slices(rows))
    doing = f"reading {source}"
    return _resized(_pieces(path, doing, text, rows, header, delimiter), rows, doing)


def _resized(frames: Iterator[pl.DataFrame], rows: int, doing: str) -> Iterator[pl.DataFrame]:
    """The same rows in frames of ``rows`` each."""
    held: pl.DataFrame | None = None
    for frame in frames:
        held = frame if held is None else held
        if held is not frame:
            try:
                held = pl.concat([held, frame], how="diagonal_relaxed")
            except POLARS_FAULTS:  # a column that is text here and a number there
                yield held
                held = frame
        while held.height >= rows:
            yield held[:rows]
            held = held[rows:]
    if held is None:
        raise DataError(doing, "it has no rows")
    if held.height:
        yield held


def _pieces(
    path: Path, doing: str, text: Collection[str], rows: int, header: bool | None, delimiter: str | None
) -> Iterator[pl.DataFrame]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise SourceError(doing, f"it cannot be opened: {error.strerror or error}") from None
    with file:
        first = file.read(8)
        file.seek(0)
        kind = kind_of(first, path)
        if kind in ("parquet", "arrow") and not first.startswith((GZIP, ZSTANDARD)):
            yield from _columnar(path, kind, rows, doing)
            return
        content = expanding(file, first, doing=doing)
        with unpacking(doing):
            start = content.read(8)
        kind = kind_of(start, path)
        if kind == "json":
            yield from _json(_whole_lines(content, start, doing), path, doing)
        elif kind is not None or start.startswith((b"\xff\xfe", b"\xfe\xff")):
            yield read(path, text=text, header=header, delimiter=delimiter).frame
        else:
            yield from _Text(doing, header, delimiter).frames(_whole_lines(content, start, doing))


def _columnar(path: Path, kind: str, rows: int, doing: str) -> Iterator[pl.DataFrame]:
    scan = pl.scan_parquet if kind == "parquet" else pl.scan_ipc
    start, height = 0, rows
    while height == rows:
        try:
            frame = scan(path).slice(start, rows).collect()
        except (*POLARS_FAULTS, OSError) as error:
            raise unreadable(kind, error, doing=doing) from None
        start, height = start + rows, frame.height
        if height:
            yield normalised(frame)


def _json(pieces: Iterator[bytes], path: Path, doing: str) -> Iterator[pl.DataFrame]:
    lines = 0
    for piece in pieces:
        if not lines and piece.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"["):
            yield read(path).frame  # an array, not lines: nowhere to cut it
            return
        if piece.strip():
            yield normalised(json_lines(piece, doing=doing, lines_before=lines))
        lines += piece.count(b"\n")


def _whole_lines(content: Readable, start: bytes, doing: str) -> Iterator[bytes]:
    """``start`` and the rest of the content in pieces that end where a line does."""
    carried = [start]
    while True:
        with unpacking(doing):
            piece = content.read(_PIECE)
        if not piece:
            break
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join((*carried, piece[:end]))
            carried = []
        carried.append(piece[end:])
    if any(carried):
        yield b"".join(carried)


@dataclass
class _Text:
    """Delimited text under way: its layout once known, the row that is not complete yet, the lines and rows so far."""

    doing: str
    header: bool | None
    delimiter: str | None
    layout: Layout | None = None
    above: bool = False
    held: bytes = b""
    lines: int = 0
    rows: int = 0

    def frames(self, pieces: Iterator[bytes]) -> Iterator[pl.DataFrame]:
        """The rows of all pieces."""
        for piece in pieces:
            if not piece.strip():
                self.lines += piece.count(b"\n")
                continue
            content, _ = as_utf8(piece, doing=self.doing)
            if self.layout is None:
                content, declared = declared_delimiter(content)
                self.delimiter = declared if self.delimiter is None else self.delimiter
            layout = self._found(content)
            self.held += tidied(content, layout)
            yield from self._complete(layout, last=False)
        if self.layout is None:
            raise DataError(self.doing, "it is empty")
        if self.held:
            yield from self._complete(self.layout, last=True)
        if not self.rows:
            raise DataError(self.doing, "it has a header but no rows")

    def _found(self, content: bytes) -> Layout:
        if self.layout is None:
            layout = layout_of(content, doing=self.doing, header=self.header, delimiter=self.delimiter)
            if layout.quote and not opens_quotes(tidied(content, layout), layout.delimiter, layout.quote):
                layout = replace(layout, quote=None)  # 5" may stand for five inches
            self.layout, self.above = layout, layout.headed
        return self.layout

    def _complete(self, layout: Layout, *, last: bool) -> Iterator[pl.DataFrame]:
        """The rows of what is held that are complete; a quote that is open yet keeps its row for later."""
        content = self.held
        records = records_of(content, layout.delimiter, layout.quote)
        end = len(content) if last else int(records.ends[-1]) + 1
        if not last and records.ends[-1] == len(content):  # not at a line end: inside quotes
            end = int(records.starts[-1])
        if len(content) - end > _LONGEST:
            raise malformed(Scan(layout, 0, 0, content[end : end + _LONGEST], True), self.doing)
        body, self.held = content[:end], content[end:]
        if body:
            records = without_blank(body, records_of(body, layout.delimiter, layout.quote))
            refuse_ragged(body, records, expected=len(layout.names), doing=self.doing, lines_before=self.lines)
            frame = self._frame(Scan(layout, 0, 0, sliced(body, records, int(self.above)), True), len(records.starts))
            self.lines += body.count(b"\n")
            self.rows += frame.height
            self.above = False
            if frame.height:
                yield frame

    def _frame(self, found: Scan, records: int) -> pl.DataFrame:
        expected = (records - self.above, len(found.names))
        if not expected[0]:
            return pl.DataFrame()
        try:
            frame = as_text(found)
        except POLARS_FAULTS:
            raise malformed(found, self.doing) from None
        if frame.shape != expected:
            raise malformed(found, self.doing)
        return pl.DataFrame([cleaned(column)[0] for column in frame])
