"""The study folder: made whole under another name, then renamed into place."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl
from safetensors.torch import save
from torch import Tensor

from fallline.core.errors import OutputError
from fallline.core.files import UMASK, output_error, write_file

__all__ = ["STUDIES", "Draft", "reserved"]

STUDIES = Path("studies")
"""Where studies live unless told otherwise, below the working directory."""


class Draft:
    """A study folder being written; it appears under its own name only when it is complete."""

    def __init__(self, path: Path, workshop: Path) -> None:
        self.path = path
        self.name = path.name
        self._workshop = workshop

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        write_file(self._workshop / name, text.encode())

    def write_frame(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as Parquet."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        write_file(self._workshop / name, buffer.getvalue())

    def write_tensors(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Write tensors as safetensors."""
        write_file(self._workshop / name, save({key: value.contiguous() for key, value in tensors.items()}))

    def publish(self) -> None:
        """Rename the complete folder into place.

        Raises:
            OutputError: Another study has taken the place meanwhile.
        """
        try:
            self._workshop.chmod(0o777 & ~UMASK)
            self._workshop.rename(self.path)
        except OSError as error:
            raise output_error(self.path, error) from None


@contextmanager
def reserved(out: Path | None, *, name: str) -> Iterator[Draft]:
    """A draft of the study folder ``out``, or of ``studies/NAME-TIMESTAMP``; without `Draft.publish` nothing stays.

    Raises:
        OutputError: ``out`` already holds something, or cannot be written to.
    """
    path = out if out is not None else STUDIES / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    made = _make_parents(path.parent)
    try:
        path = _free(path, given=out is not None)
        workshop = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    except OSError as error:
        _remove_empty(made)
        raise error if isinstance(error, OutputError) else output_error(path, error) from None
    try:
        yield Draft(path, workshop)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)  # after `publish` there is nothing left under this name
        _remove_empty(made)


def _free(path: Path, *, given: bool) -> Path:
    """``path``, if nothing is there; a timestamped one gets a number where two jobs share a second."""
    if not given:
        candidate, number = path, 2
        while candidate.exists():
            candidate, number = path.with_name(f"{path.name}-{number}"), number + 1
        return candidate
    if path.is_dir() and not any(path.iterdir()):
        return path
    if path.exists():
        what = "it already holds files" if path.is_dir() else "it is a file"
        raise OutputError(f"writing the study {path}", what, do="name a new folder, or remove this one first")
    return path


def _make_parents(folder: Path) -> list[Path]:
    """Create ``folder``; return the folders that were missing, deepest first."""
    missing = [level for level in (folder, *folder.parents) if not level.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from None
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
