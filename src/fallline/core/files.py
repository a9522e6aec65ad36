"""Files that are either there whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fallline.core.errors import FalllineError, OutputError

__all__ = ["UMASK", "output_error", "write_file", "writing"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


UMASK = _umask()
"""Permission bits that new files are not to have; read once, as reading it sets it for a moment."""


def write_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all (`writing`)."""
    with writing(path) as stream:
        stream.write(content)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A stream into a temporary file beside ``path``, which takes its place when all went well.

    Raises:
        OutputError: The folder is missing or read-only, or the disk is full; ``path`` is as it was.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise output_error(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        # mkstemp makes files for their owner alone; a study is to be as readable as any other new file.
        os.chmod(temporary, 0o666 & ~UMASK)
        os.replace(temporary, path)
    except BaseException as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        if isinstance(error, OSError) and not isinstance(error, FalllineError):
            raise output_error(path, error) from None
        raise


def output_error(path: Path, error: OSError) -> OutputError:
    """``error``, met while writing to ``path``, in the house form."""
    return OutputError(
        f"writing {path}",
        (error.strerror or str(error)).lower(),
        do="--out FOLDER, or out='folder', where you may write",
    )
