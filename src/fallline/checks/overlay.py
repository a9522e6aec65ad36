"""Keeping a checked script from changing files: what it writes goes to a folder that is thrown away."""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

__all__ = ["overlaid"]

_WRITING = set("wax+")


class _Overlay:
    """Where each file that was written really is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, Path] = {}

    def reading(self, file: Any) -> Any:
        """What to read in place of ``file``."""
        return self._written.get(_name(file), file) if _is_path(file) else file

    def writing(self, file: Any, mode: str) -> Any:
        """What to write in place of ``file``; devices are left alone."""
        if not _is_path(file) or _name(file).startswith(("/dev/", "/proc/")):
            return file
        name = _name(file)
        if name not in self._written:
            if not Path(name).parent.is_dir():
                return file  # so that the script sees its own mistake
            if "x" in mode and Path(name).exists():
                return file
            self._written[name] = self._folder / f"{len(self._written)}-{Path(name).name}"
            if Path(name).is_file() and ("a" in mode or ("+" in mode and "w" not in mode)):
                shutil.copyfile(name, self._written[name])
        return self._written[name]


@contextlib.contextmanager
def overlaid() -> Iterator[None]:
    """Send what Python code writes to a folder of its own for the length of a ``with`` block."""
    with tempfile.TemporaryDirectory(prefix="fallline-check-") as folder:
        overlay = _Overlay(Path(folder))
        plain, save, load = builtins.open, torch.save, torch.load

        def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            there = overlay.writing(file, mode) if _WRITING & set(mode) else overlay.reading(file)
            return plain(there, mode, *args, **kwargs)

        def saved(obj: Any, f: Any, *args: Any, **kwargs: Any) -> Any:
            return save(obj, overlay.writing(f, "w"), *args, **kwargs)

        def loaded(f: Any, *args: Any, **kwargs: Any) -> Any:
            return load(overlay.reading(f), *args, **kwargs)

        builtins.open = io.open = opened
        torch.save, torch.load = saved, loaded
        try:
            yield
        finally:
            builtins.open = io.open = plain
            torch.save, torch.load = save, load


def _is_path(file: Any) -> bool:
    return isinstance(file, str | os.PathLike)


def _name(file: Any) -> str:
    return os.path.abspath(os.fspath(file)) if _is_path(file) else ""
