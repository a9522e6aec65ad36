"""A table as it was given: a file, a built-in set, a DataFrame, arrays."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from fallline.core.errors import ArgumentError, DataError, SourceError, nearest
from fallline.core.task import Task
from fallline.data.builtin import ALIASES, BUILTIN
from fallline.data.containers import contained, expanded, stem_of
from fallline.data.delimited import read_delimited
from fallline.data.frames import content_hash, normalised
from fallline.data.memory import frame_of
from fallline.data.parsing import Parsed, parsed_text
from fallline.data.written import NumberFormat

__all__ = ["Table", "path_of", "read"]


@dataclass(frozen=True)
class Table:
    """Rows and named columns, and where they came from.

    Args:
        frame: The columns, each Int64, Float64, Boolean, String, Date or Datetime (nested values as they were).
        name: Short, fit for the name of a folder ("heart").
        source: What was read ("data/heart.csv", "wine (built in)", "a DataFrame", "arrays").
        hash: ``sha256:…`` of the file's bytes, or of the values of a source in memory.
        notes: What was assumed while reading, one sentence each.
        target: The column that is naturally predicted, or several, where the source says so.
        task: The task of that column, where the source says so; the one that would be inferred.
        written: How columns of a text file write their numbers, where they have thousands separators or
            decimal commas; ``frame`` has the numbers.
    """

    frame: pl.DataFrame
    name: str
    source: str
    hash: str
    notes: tuple[str, ...] = ()
    target: str | tuple[str, ...] | None = None
    task: Task | None = None
    written: Mapping[str, NumberFormat] = field(default_factory=dict)

    @property
    def text_columns(self) -> frozenset[str]:
        """The columns that a second file of the same kind, such as a test set, is to be read as text (`read`)."""
        return frozenset(column.name for column in self.frame if column.dtype == pl.String) | frozenset(self.written)


def read(
    source: object, *, text: Collection[str] = (), header: bool | None = None, delimiter: str | None = None
) -> Table:
    """Read a table.

    Args:
        source: A path to delimited text, JSON lines (``.jsonl``, ``.ndjson``), Parquet or Arrow (``.arrow``,
            ``.feather``, ``.ipc``), plain or compressed with gzip or zstandard; the name of a built-in set,
            unless there is a file of that name; a pandas, polars or Arrow table; ``(X, y)``, X
            ``(row, feature)`` and y ``(row,)`` or ``(row, target)`` as arrays, tensors, lists or DataFrames; a
            scikit-learn Bunch.
        text: Names of columns that stay text even where all their values are numbers
            (`fallline.data.schema.Schema.text_columns`).
        header: Whether the first row of delimited text is the header; None finds out.
        delimiter: What stands between two values of delimited text: a single character, where a space means
            runs of spaces and tabs, or its name (``tab``, ``space``, ``comma``, ``semicolon``, ``bar``); None
            finds out.

    Raises:
        SourceError: There is no such file or built-in set, or it cannot be opened.
        DataError: The content is not a table.
        ArgumentError: The delimiter is not a single character, or the source is no delimited text.

    Example:
        >>> table = read("iris")
        >>> table.frame.shape, table.target
        ((150, 5), 'species')
    """
    path = path_of(source)
    if path is not None:
        return _from_file(path, str(source), text, header, delimiter)
    _refuse_layout(str(source)[:80] if isinstance(source, str | Path) else "a table", header, delimiter)
    if isinstance(source, str | Path):
        return _built_in(source)
    held = frame_of(source)
    frame = normalised(held.frame)
    understood = _with_dates(frame, text)
    return Table(
        understood.frame, held.name, held.source, content_hash(frame), notes=understood.notes, target=held.target
    )


def path_of(source: object) -> Path | None:
    """The file that a source names, if there is one."""
    if not isinstance(source, str | Path):
        return None
    path = Path(os.path.expanduser(source))
    # Not is_file(): a pipe can be read as well. Both give False, not an error, for what cannot be looked up.
    return path if os.path.exists(path) and not os.path.isdir(path) else None


def _built_in(source: str | Path) -> Table:
    name = ALIASES.get(str(source), str(source))
    if name not in BUILTIN:
        raise _not_found(Path(os.path.expanduser(source)), str(source))
    entry = BUILTIN[name]
    frame = normalised(entry.load())
    return Table(frame, name, f"{name} (built in)", content_hash(frame), target=entry.target, task=entry.task)


def _refuse_layout(what: str, header: bool | None, delimiter: str | None) -> None:
    if header is not None or delimiter is not None:
        raise ArgumentError(
            f"reading {what}",
            "it is not delimited text, so it has neither a header nor a delimiter to choose",
            got=f"header = {header}, delimiter = {delimiter!r}",
            do="leave header and delimiter out",
        )


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


def _opened(path: Path, *, doing: str) -> bytes:
    """The bytes of a file.

    Raises:
        SourceError: It cannot be opened.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(doing, f"it cannot be opened: {error.strerror or error}") from None


def _from_file(path: Path, source: str, text: Collection[str], header: bool | None, delimiter: str | None) -> Table:
    doing = f"reading {source}"
    content = _opened(path, doing=doing)
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(lambda held: hashlib.sha256(held).hexdigest(), content)
        content = expanded(content, doing=doing)
        frame = contained(content, path, doing=doing)
        if frame is None:
            understood = read_delimited(content, text=text, doing=doing, header=header, delimiter=delimiter)
        else:
            _refuse_layout(source, header, delimiter)
            understood = _with_dates(normalised(frame), text)
    if not understood.frame.height:
        raise DataError(doing, "it has no rows")
    stem = re.sub(r"[^\w.-]+", "-", stem_of(path)).strip("-.") or "table"
    return Table(
        understood.frame,
        stem,
        source,
        f"sha256:{digest.result()}",
        notes=understood.notes,
        written=understood.written,
    )


def _with_dates(frame: pl.DataFrame, text: Collection[str]) -> Parsed:
    """The columns of a source that knows their types, texts that are all ISO dates as dates."""
    texts = [column for column in frame if column.dtype == pl.String and column.name not in text]
    dates = [found for column in texts if (found := parsed_text(column)).dtype != pl.String]
    notes = tuple(f"{found.name}: read as dates." for found in dates)
    return Parsed(frame.with_columns(dates), {}, notes)
