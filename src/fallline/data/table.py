"""A table as it was given: a file, a built-in set, a DataFrame, arrays."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fallline.core.errors import DataError, SourceError, nearest
from fallline.core.task import Task
from fallline.data.builtin import ALIASES, BUILTIN
from fallline.data.frames import content_hash, normalised, parsed
from fallline.data.memory import frame_of
from fallline.data.scan import MISSING, Scan, scan

__all__ = ["Table", "read"]

_INFER_ROWS = 10_000


@dataclass(frozen=True)
class Table:
    """Rows and named columns, and where they came from.

    Args:
        frame: The columns, each Int64, Float64, Boolean or String (dates and nested values as they were).
        name: Short, fit for the name of a folder ("heart").
        source: What was read ("data/heart.csv", "wine (built in)", "a DataFrame", "arrays").
        hash: ``sha256:…`` of the file's bytes, or of the values of a source in memory.
        notes: What was assumed while reading, one sentence each.
        target: The column that is naturally predicted, where the source says so.
        task: The task of that column, where the source says so; the one that would be inferred.
    """

    frame: pl.DataFrame
    name: str
    source: str
    hash: str
    notes: tuple[str, ...] = ()
    target: str | None = None
    task: Task | None = None


def read(source: object, *, text: Collection[str] = ()) -> Table:
    """Read a table.

    Args:
        source: A path to delimited text (UTF-8; the delimiter and the header are found) or to Parquet; the
            name of a built-in set, unless there is a file of that name; a pandas or polars DataFrame;
            ``(X, y)``, X ``(row, feature)`` and y ``(row,)`` as arrays, tensors, lists or DataFrames; a
            scikit-learn Bunch.
        text: Names of columns that stay text even where all their values are numbers (a study's categories).

    Raises:
        SourceError: There is no such file or built-in set, or it cannot be opened.
        DataError: The content is not a table.

    Example:
        >>> table = read("iris")
        >>> table.frame.shape, table.target
        ((150, 5), 'species')
    """
    if isinstance(source, str | Path):
        return _named(source, text)
    held = frame_of(source)
    frame = normalised(held.frame)
    return Table(frame, held.name, held.source, content_hash(frame), target=held.target)


def _named(source: str | Path, text: Collection[str]) -> Table:
    path = Path(os.path.expanduser(source))
    # Not is_file(): a pipe can be read as well. Both give False, not an error, for what cannot be looked up.
    if os.path.exists(path) and not os.path.isdir(path):
        return _from_file(path, str(source), text)
    name = ALIASES.get(str(source), str(source))
    if name in BUILTIN:
        entry = BUILTIN[name]
        frame = normalised(entry.load())
        return Table(frame, name, f"{name} (built in)", content_hash(frame), target=entry.target, task=entry.task)
    raise _not_found(path, str(source))


def _not_found(path: Path, source: str) -> SourceError:
    doing = f"reading {source}"
    if os.path.isdir(path):
        return SourceError(doing, "it is a directory", expected="a file, or the name of a built-in set")
    try:
        close = nearest(path.name, os.listdir(path.parent))
    except OSError:
        close = None
    suggestion = str(path.parent / close) if close else nearest(source, [*BUILTIN, *ALIASES])
    return SourceError(
        doing,
        "there is no such file" + ("" if path.suffix or len(path.parts) > 1 else ", nor a built-in set of that name"),
        expected="a file, or one of the built-in sets " + ", ".join(BUILTIN),
        do=f"did you mean {suggestion}?" if suggestion else None,
    )


def _from_file(path: Path, source: str, text: Collection[str]) -> Table:
    doing = f"reading {source}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(doing, f"it cannot be opened: {error.strerror or error}") from None
    if content.startswith(b"PAR1") or path.suffix.lower() in (".parquet", ".pq"):
        frame, notes = _parquet(content, doing), ()
    else:
        found = scan(content, doing=doing)
        frame, notes = _delimited(found, text, doing), found.notes
    if not frame.height:
        raise DataError(doing, "it has no rows")
    stem = re.sub(r"[^\w.-]+", "-", path.stem).strip("-.") or "table"
    return Table(frame, stem, source, f"sha256:{hashlib.sha256(content).hexdigest()}", notes)


def _parquet(content: bytes, doing: str) -> pl.DataFrame:
    if not content:
        raise DataError(doing, "it is empty")
    try:
        return normalised(pl.read_parquet(io.BytesIO(content)))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(doing, "it is not a Parquet file that can be read", got=str(error).splitlines()[0]) from None


def _delimited(found: Scan, text: Collection[str], doing: str) -> pl.DataFrame:
    """Let polars read the body of a scanned file: guessing types first, as plain text if a guess fails."""
    types: dict[str, type[pl.DataType]] = {name: pl.String for name in found.names if name in text}
    try:
        frame = _read_csv(found, types=types, infer=True)
    except pl.exceptions.PolarsError:
        try:
            frame = _read_csv(found, types={}, infer=False)
        except pl.exceptions.PolarsError:
            raise _malformed(found, doing) from None
    if frame.shape != (found.rows, len(found.names)):
        raise _malformed(found, doing)
    return parsed(frame, text=text)


def _read_csv(found: Scan, *, types: dict[str, type[pl.DataType]], infer: bool) -> pl.DataFrame:
    return pl.read_csv(
        found.body,
        has_header=False,
        new_columns=list(found.names),
        separator=found.delimiter,
        quote_char=found.quote,
        null_values=list(MISSING),
        schema_overrides=types,
        infer_schema=infer,
        infer_schema_length=_INFER_ROWS,
    )


def _malformed(found: Scan, doing: str) -> DataError:
    odd = (line for line in found.body.split(b"\n") if line.count(b'"') % 2)
    return DataError(
        doing,
        "its rows cannot be told apart",
        got=next(odd, b"").decode(errors="replace")[:80],
        likely="a quote that is opened and not closed",
        do="double the quotes inside quoted values, or remove them",
    )
