"""Files that say themselves what their columns are: Parquet, Arrow, JSON lines; and files that are compressed."""

from __future__ import annotations

import gzip
import importlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, BinaryIO, Protocol

import polars as pl

from fallline.core.errors import DataError
from fallline.data.frames import POLARS_FAULTS

__all__ = [
    "GZIP",
    "ZSTANDARD",
    "Readable",
    "contained",
    "expanded",
    "expanding",
    "json_lines",
    "kind_of",
    "stem_of",
    "unpacking",
    "unreadable",
    "zstandard_reader",
]

GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
"""What compressed files begin with."""

_PACKED = (".gz", ".gzip", ".zst", ".zstd")
_JSON = (".jsonl", ".ndjson", ".json")
_BINARY: dict[str, tuple[bytes, tuple[str, ...], Callable[[Any], pl.DataFrame]]] = {
    "parquet": (b"PAR1", (".parquet", ".pq"), pl.read_parquet),
    "arrow": (b"ARROW1", (".arrow", ".feather", ".ipc"), pl.read_ipc),
    "arrow stream": (b"\xff\xff\xff\xff", (".arrows",), pl.read_ipc_stream),
}
"""Kind of file → its first bytes, its suffixes, what reads it."""

_CALLED = {"parquet": "a Parquet file", "arrow": "an Arrow file", "arrow stream": "an Arrow stream"}


class Readable(Protocol):
    """Something that gives bytes piece by piece."""

    def read(self, size: int = ..., /) -> bytes:
        """The next ``size`` bytes, or all that are left."""
        ...


def stem_of(path: PurePath) -> str:
    """A file's name without what says how it is written: ``heart`` of ``heart.csv.gz``."""
    return PurePath(path.stem).stem if path.suffix.lower() in _PACKED else path.stem


def expanded(content: bytes, *, doing: str) -> bytes:
    """The content of a file that is compressed; any other as it is.

    Raises:
        DataError: It is damaged or cut short.
    """
    with unpacking(doing):
        if content.startswith(GZIP):
            return gzip.decompress(content)
        if content.startswith(ZSTANDARD):
            reader = zstandard_reader(io.BytesIO(content))
            return _lines_by_polars(content) if reader is None else reader.read()
    return content


def expanding(file: BinaryIO, first: bytes, *, doing: str) -> Readable:
    """What gives the expanded content of ``file`` piece by piece.

    Args:
        file: At its start.
        first: Its first bytes.
        doing: What an error says was being done.
    """
    if first.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)
    if first.startswith(ZSTANDARD):
        return zstandard_reader(file) or io.BytesIO(expanded(file.read(), doing=doing))
    return file


@contextmanager
def unpacking(doing: str) -> Iterator[None]:
    """Turns what goes wrong while a compressed file is read into the house error."""
    try:
        yield
    except (EOFError, OSError, zlib.error, ValueError, *POLARS_FAULTS) as error:
        raise _damaged(doing, error) from None
    except Exception as error:
        if type(error).__name__ == "ZstdError":  # whichever library it is of
            raise _damaged(doing, error) from None
        raise


def _damaged(doing: str, error: Exception) -> DataError:
    said = str(error).splitlines() or [type(error).__name__]
    return DataError(
        doing, "the compressed file is damaged or cut short", got=said[0], do="copy or download the file again"
    )


def zstandard_reader(stream: BinaryIO) -> Readable | None:
    """What reads a zstandard file piece by piece: of Python 3.14, else of ``zstandard`` where it is installed."""
    try:
        return importlib.import_module("compression.zstd").open(stream)
    except ImportError:
        pass
    try:
        return importlib.import_module("zstandard").ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    except ImportError:
        return None


def _lines_by_polars(content: bytes) -> bytes:
    """A zstandard file of UTF-8 lines, expanded by the one library that can and is always there."""
    lines = pl.read_csv(
        content, has_header=False, separator="\x00", quote_char=None, infer_schema=False, new_columns=["line"]
    )
    return "\n".join(lines["line"].fill_null("").to_list()).encode()


def kind_of(first: bytes, path: PurePath) -> str | None:
    """What kind of file it is that says itself what its columns are: parquet, arrow, arrow stream, json; or None.

    Args:
        first: Its first bytes, expanded.
        path: Its name decides where its first bytes do not.
    """
    suffix = (PurePath(path.stem) if path.suffix.lower() in _PACKED else path).suffix.lower()
    for kind, (magic, _, _) in _BINARY.items():
        if first.startswith(magic):
            return kind
    for kind, (_, suffixes, _) in _BINARY.items():
        if suffix in suffixes:
            return kind
    return "json" if suffix in _JSON else None


def contained(content: bytes, path: PurePath, *, doing: str) -> pl.DataFrame | None:
    """The columns of a Parquet, Arrow or JSON lines file; None for a file of another kind.

    Args:
        content: The file's bytes, expanded.
        path: Its name decides where its first bytes do not.
        doing: What an error says was being done.

    Raises:
        DataError: It is damaged.
    """
    kind = kind_of(content[:8], path)
    if kind is None:
        return None
    if not content.strip():
        raise DataError(doing, "it is empty")
    return json_lines(content, doing=doing) if kind == "json" else _binary(content, kind, doing)


def _binary(content: bytes, kind: str, doing: str) -> pl.DataFrame:
    try:
        return _BINARY[kind][2](io.BytesIO(content))
    except (*POLARS_FAULTS, OSError, ValueError) as error:
        raise unreadable(kind, error, doing=doing) from None


def unreadable(kind: str, error: Exception, *, doing: str) -> DataError:
    """The error for a damaged file of a kind that `kind_of` named."""
    said = str(error).splitlines() or [type(error).__name__]
    return DataError(doing, f"it is not {_CALLED[kind]} that can be read", got=said[0])


def json_lines(content: bytes, *, doing: str, lines_before: int = 0) -> pl.DataFrame:
    """The columns of JSON lines, or of a JSON array of objects.

    Args:
        content: The text.
        doing: What an error says was being done.
        lines_before: How many lines of the file came before ``content``.

    Raises:
        DataError: A line is no object.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        if content.lstrip().startswith(b"["):
            return pl.read_json(io.BytesIO(content), infer_schema_length=None)
        return pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)
    except (*POLARS_FAULTS, OSError, ValueError) as error:
        raise _no_json_lines(content, str(error).splitlines()[0], doing, lines_before) from None


def _no_json_lines(content: bytes, said: str, doing: str, lines_before: int) -> DataError:
    """The error that names the first line which is no object."""
    expected = 'an object with a value for each column in every line, as in {"age": 31, "sex": "f"}'
    for number, line in enumerate(content.split(b"\n"), start=lines_before + 1):
        try:
            if not line.strip() or isinstance(json.loads(line), dict):
                continue
        except ValueError:
            pass
        got = line.decode(errors="replace")
        got = got if len(got) <= 80 else got[:79] + "…"
        return DataError(doing, f"line {number} is not a JSON object", expected=expected, got=got)
    return DataError(doing, "its lines do not make a table", expected=expected, got=said)
