"""The study folder: made whole under another name, then put into place."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl
from safetensors.torch import save
from torch import Tensor

from fallline.core.errors import ArgumentError, OutputError
from fallline.core.files import UMASK, output_error, write_file

__all__ = ["HEADER", "STUDIES", "Draft", "folder_named", "reserved", "sha256"]

STUDIES = Path("studies")
"""Where studies live unless told otherwise, below the working directory."""
HEADER = "study.toml"
"""The file that makes a folder a study: put into place last."""


def folder_named(out: object) -> Path | None:
    """The folder that a user named for a study, a leading ``~`` being their own; None: named by its time.

    Raises:
        ArgumentError: It is no path.
    """
    if out is None:
        return None
    if not isinstance(out, str | os.PathLike):
        raise ArgumentError(
            "setting up the study", "out is no folder", expected="a path", got=f"out = {out!r}", do='out="my-study"'
        )
    return Path(os.path.expanduser(os.fsdecode(out)))


class Draft:
    """A study folder being written; it appears under its own name only when it is complete.

    Args:
        path: Where the study is to be.
        workshop: Where it is written.
    """

    def __init__(self, path: Path, workshop: Path) -> None:
        self.path = path
        self.name = path.resolve().name
        self.hashes: dict[str, str] = {}
        """File name → hash of what was written, but for the header's."""
        self._workshop = workshop

    def write_frame(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as Parquet."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        self.write(name, buffer.getvalue())

    def write_tensors(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Write tensors as safetensors."""
        self.write(name, save({key: value.contiguous() for key, value in tensors.items()}))

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        write_file(self._workshop / name, content)
        self.hashes[name] = sha256(content)

    def publish(self, header: str) -> None:
        """Write the header, and put the complete folder into place.

        Where another job has meanwhile written to the place, the study goes beside it, as ``PATH-2``: nothing that was
        trained is lost, and `path` says where it is.

        Raises:
            OutputError: The place can no longer be written to.
        """
        write_file(self._workshop / HEADER, header.encode())
        try:
            if self._workshop.parent == self.path and len(list(self.path.iterdir())) == 1:
                for name in (*self.hashes, HEADER):
                    os.replace(self._workshop / name, self.path / name)
            else:
                self._workshop.chmod(0o777 & ~UMASK)
                self._rename()
        except OSError as error:
            raise output_error(self.path, error) from None

    def _rename(self) -> None:
        place, number = self.path, 2
        while True:
            try:
                self._workshop.rename(self.path)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
            self.path, number = place.with_name(f"{place.name}-{number}"), number + 1


@contextmanager
def reserved(out: Path | None, *, name: str) -> Iterator[Draft]:
    """A draft of the study folder ``out``, or of ``studies/NAME-TIMESTAMP``; without `Draft.publish` nothing stays.

    Raises:
        OutputError: ``out`` already holds something, or cannot be written to.
    """
    path = out if out is not None else STUDIES / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    made = _make_parents(path.parent)
    try:
        draft, workshop = _taken(path) if out is None else _given(path)
    except OSError as error:
        _remove_empty(made)
        raise error if isinstance(error, OutputError) else output_error(path, error) from None
    try:
        yield draft
    finally:
        shutil.rmtree(workshop, ignore_errors=True)  # a published workshop is empty, or has another name
        _remove_empty(made)


def sha256(content: bytes) -> str:
    """The hash of a file's content, as study.toml writes it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _taken(path: Path) -> tuple[Draft, Path]:
    """The first of ``path``, ``path-2``, … that is free, and stays so: making its workshop takes the name."""
    number = 1
    while True:
        candidate = path if number == 1 else path.with_name(f"{path.name}-{number}")
        workshop = candidate.with_name(f".{candidate.name}.partial")
        number += 1
        try:
            workshop.mkdir()
        except FileExistsError:
            continue
        if not candidate.exists():
            return Draft(candidate, workshop), workshop
        workshop.rmdir()


def _given(path: Path) -> tuple[Draft, Path]:
    """``path``, if nothing is there; in an empty folder the workshop is made inside, as it may be a mount point."""
    doing = f"writing the study {path}"
    if os.path.isdir(path):
        if any(path.iterdir()):
            raise OutputError(doing, "it already holds files", do="--out NEW_FOLDER, or out='new_folder'")
        workshop = Path(tempfile.mkdtemp(prefix=".study.", suffix=".partial", dir=path))
    elif os.path.lexists(path):
        raise OutputError(doing, "it is no folder", do="--out NEW_FOLDER, or out='new_folder'")
    else:
        workshop = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    return Draft(path, workshop), workshop


def _make_parents(folder: Path) -> list[Path]:
    """Create ``folder``; return the folders that were missing, deepest first."""
    missing = [level for level in (folder, *folder.parents) if not os.path.exists(level)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        _remove_empty(missing)
        raise OutputError(
            f"writing to {folder}", "it is no folder", do="--out NEW_FOLDER, or out='new_folder'"
        ) from None
    except OSError as error:
        _remove_empty(missing)
        raise output_error(folder, error) from None
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if os.path.isdir(folder) and not any(folder.iterdir()):
            folder.rmdir()
