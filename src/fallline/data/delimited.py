"""Delimited text by way of polars: rows of which `scan` knows how many fields they have, each column one type."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import polars as pl

from fallline.core.errors import DataError
from fallline.data.frames import POLARS_FAULTS
from fallline.data.parsing import Parsed, parsed
from fallline.data.scan import MISSING, Scan, scan, thorough

__all__ = ["as_text", "malformed", "read_delimited"]

_INFER_ROWS = 10_000


def read_delimited(
    content: bytes, *, text: Collection[str], doing: str, header: bool | None, delimiter: str | None
) -> Parsed:
    """Read the bytes of a delimited text file.

    Args:
        content: The bytes.
        text: Names of columns that stay text whatever they hold.
        doing: What an error says was being done.
        header: Whether the first row is the header; None finds out.
        delimiter: Between two values; None finds out.

    Raises:
        ArgumentError: The delimiter is not a single character.
        DataError: The content is not a table.
    """
    found = scan(content, doing=doing, header=header, delimiter=delimiter)
    frame = _frame(found, text)
    if frame is None and not found.thorough:
        # A blank line, a row that is too short beside one that is too long, or broken quotes: the scan says which.
        found = thorough(found.content, found.layout, doing=doing)
        frame = _frame(found, text)
    if frame is None:
        raise malformed(found, doing)

    def again(names: list[str]) -> pl.DataFrame:
        return as_text(found).select(names)

    understood = parsed(frame, text=text, again=again)
    return replace(understood, notes=found.notes + understood.notes)


def _frame(found: Scan, text: Collection[str]) -> pl.DataFrame | None:
    """What polars makes of it: guessing types first, as text if a guess fails; None if rows are not as scanned."""
    types: dict[str, type[pl.DataType]] = {name: pl.String for name in found.names if name in text}
    try:
        frame = _read(found, types=types, infer=True)
    except POLARS_FAULTS:
        try:
            frame = as_text(found)
        except POLARS_FAULTS:
            return None
    return frame if frame.shape == (found.rows, len(found.names)) else None


def as_text(found: Scan) -> pl.DataFrame:
    """All columns of a scanned file as text.

    Raises:
        PolarsError: polars cannot tell the rows apart.
    """
    return _read(found, types={}, infer=False)


def _read(found: Scan, *, types: dict[str, type[pl.DataType]], infer: bool) -> pl.DataFrame:
    return pl.read_csv(
        found.content,
        has_header=False,
        skip_lines=found.skip,
        new_columns=list(found.names),
        separator=found.layout.delimiter,
        quote_char=found.layout.quote,
        null_values=list(MISSING),
        schema_overrides=types,
        infer_schema=infer,
        infer_schema_length=_INFER_ROWS,
    )


def malformed(found: Scan, doing: str) -> DataError:
    """The error for rows that polars cannot tell apart."""
    odd = (line for line in found.content.split(b"\n") if line.count(b'"') % 2)
    return DataError(
        doing,
        "its rows cannot be told apart",
        got=next(odd, b"").decode(errors="replace")[:80],
        likely="a quote that is opened and not closed",
        do="double the quotes inside quoted values, or remove them",
    )
