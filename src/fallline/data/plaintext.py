"""The bytes of a text file as UTF-8 with line feeds, whatever they were."""

from __future__ import annotations

import codecs
from typing import Literal

from fallline.core.errors import DataError

__all__ = ["EXPECTED", "Encoding", "as_utf8", "encoding_of", "line_feeds"]

EXPECTED = "delimited text, JSON lines, Parquet or Arrow, plain or compressed (.gz, .zst)"
"""What files can be read."""

Encoding = Literal["UTF-8", "UTF-16", "Windows-1252", "Latin-1"]

_CODECS: dict[Encoding, str] = {"UTF-16": "utf-16", "Windows-1252": "cp1252", "Latin-1": "latin-1"}
_CHUNK = 1 << 24
_CONTROLS = bytes({*range(9), *range(14, 27), 0x7F})
"""Bytes that no text has: controls other than tabs, line ends, page breaks and the four separators."""


def encoding_of(content: bytes, *, doing: str) -> Encoding:
    """How the text of a file is encoded; anything that is text but not Unicode is taken as Western European.

    Raises:
        DataError: The bytes are no text, or there are none.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    if content.startswith(b"PK\3\4"):
        raise DataError(
            doing,
            "it is a zip archive or an Excel workbook",
            expected=EXPECTED,
            do="unpack it, or save the sheet as CSV",
        )
    if b"\0" in content:
        raise DataError(doing, "it is not a text file", expected=EXPECTED, got="binary content")
    if content.isascii() or _is_utf8(content):
        return "UTF-8"
    if len(content.translate(None, _CONTROLS)) < len(content):
        raise DataError(doing, "it is not a text file", expected=EXPECTED, got="binary content")
    # Windows-1252 is Latin-1 with letters and signs where that has controls, which no table needs.
    try:
        return "Windows-1252" if content.decode("cp1252") != content.decode("latin-1") else "Latin-1"
    except UnicodeDecodeError:
        return "Latin-1"


def _is_utf8(content: bytes) -> bool:
    """Whether ``content`` is UTF-8, without holding all of it decoded."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _CHUNK):
            decoder.decode(content[start : start + _CHUNK], final=start + _CHUNK >= len(content))
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(content: bytes, *, doing: str) -> tuple[bytes, tuple[str, ...]]:
    """The text of a file as UTF-8 without byte-order mark, each line ended by a line feed; and what to say.

    Raises:
        DataError: The bytes are no text, or there are none.
    """
    encoding = encoding_of(content, doing=doing)
    notes: tuple[str, ...] = ()
    if encoding != "UTF-8":
        try:
            content = content.decode(_CODECS[encoding]).encode()
        except UnicodeDecodeError:
            raise DataError(doing, "it is not a text file", expected=EXPECTED, got="broken UTF-16") from None
        notes = (f"The file is not UTF-8; it was read as {encoding}.",)
        if b"\0" in content:
            raise DataError(doing, "it is not a text file", expected=EXPECTED, got="binary content")
    content = line_feeds(content.removeprefix(codecs.BOM_UTF8))
    if not content.strip():
        raise DataError(doing, "it is empty")
    return content if content.endswith(b"\n") else content + b"\n", notes


def line_feeds(content: bytes) -> bytes:
    """``content`` with its lines ended by a line feed alone."""
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in content else content
