"""Keeping a checked script from changing files: Python's functions for files are replaced by those of an overlay."""

from __future__ import annotations

import builtins
import bz2
import contextlib
import errno
import functools
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fallline.checks.overlay import Overlay

__all__ = ["overlaid"]

_WRITING = set("wax+")
_READS = ("stat", "lstat", "access", "readlink", "listxattr", "getxattr", "chdir")
_ABLE = (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids)
"""Where Python asks what a function for files can do."""
_CHANGES = ("chmod", "chown", "utime", "truncate", "setxattr", "removexattr")


@contextlib.contextmanager
def overlaid() -> Iterator[None]:
    """Keep what Python code does to files to itself for the length of a ``with`` block."""
    home, folder = os.getpid(), tempfile.mkdtemp(prefix="fallline-check-")
    overlay = Overlay(Path(folder))
    replaced = [(owner, name, getattr(owner, name), new) for owner, name, new in _functions(overlay)]
    able = [(functions, new) for functions in _ABLE for _, _, old, new in replaced if old in functions]
    for owner, name, _, new in replaced:
        setattr(owner, name, new)
    for functions, new in able:
        functions.add(new)
    try:
        yield
    finally:
        for owner, name, original, _ in replaced:
            setattr(owner, name, original)
        for functions, new in able:
            functions.discard(new)
        if os.getpid() == home:  # else a process that the script forked, to which the files do not belong
            overlay.end()
            shutil.rmtree(folder, ignore_errors=True)


def _functions(overlay: Overlay) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """What is replaced by what: module, name, function."""
    opened = _opened(overlay, builtins.open)
    for owner, name in ((builtins, "open"), (io, "open"), (tarfile, "bltn_open"), (bz2, "_builtin_open")):
        yield owner, name, opened
    for module in (torch, torch.jit):
        yield module, "save", _saved(overlay, module.save)
        yield module, "load", _reading(overlay, module.load)
    for name in _READS:
        if name in vars(os):  # not every system has them all
            yield os, name, _reading(overlay, vars(os)[name])
    for name in _CHANGES:
        if name in vars(os):
            yield os, name, _changing(overlay, vars(os)[name])
    for name, act in (("remove", overlay.remove), ("unlink", overlay.remove), ("rmdir", overlay.remove_folder)):
        yield os, name, _removing(overlay, vars(os)[name], act)
    for name, act in (("rename", overlay.move), ("replace", overlay.move), ("link", overlay.copy)):
        yield os, name, _moving(overlay, vars(os)[name], act)
    yield os, "open", _numbered(overlay, os.open)
    yield os, "mkdir", _making(overlay, os.mkdir)
    yield os, "symlink", _linking(overlay, os.symlink)
    yield os, "listdir", _listing(overlay, os.listdir)
    yield os, "scandir", _scanning(overlay, os.scandir)
    yield shutil, "rmtree", _felling(overlay, shutil.rmtree)


def _opened(overlay: Overlay, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        name = None if len(args) > 5 or kwargs.get("opener") is not None else overlay.name(file)
        if name is None:
            return original(file, mode, *args, **kwargs)
        if _WRITING & set(mode):
            there = overlay.writing(name, keep="a" in mode or ("+" in mode and "w" not in mode), new="x" in mode)
        else:
            there = overlay.where(name)
        return original(file if there == name else there, mode, *args, **kwargs)

    return opened


def _numbered(overlay: Overlay, original: Callable[..., int]) -> Callable[..., int]:
    @functools.wraps(original)
    def opened(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        name = _name(overlay, path, kwargs)
        return original(path if name is None else overlay.opening(name, flags), flags, *args, **kwargs)

    return opened


def _saved(overlay: Overlay, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def saved(obj: Any, f: Any, *args: Any, **kwargs: Any) -> Any:
        name = overlay.name(f)
        return original(obj, f if name is None else overlay.writing(name, keep=False), *args, **kwargs)

    return saved


def _reading(overlay: Overlay, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def read(path: Any, *args: Any, **kwargs: Any) -> Any:
        name = _name(overlay, path, kwargs)
        there = name if name is None else overlay.where(name)
        return original(path if there == name else there, *args, **kwargs)

    return read


def _changing(overlay: Overlay, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def changed(path: Any, *args: Any, **kwargs: Any) -> Any:
        name = _name(overlay, path, kwargs)
        there = path if name is None else overlay.changing(name)
        return None if there is None else original(there, *args, **kwargs)

    return changed


def _removing(overlay: Overlay, original: Callable[..., None], act: Callable[[str], None]) -> Callable[..., None]:
    @functools.wraps(original)
    def removed(path: Any, **kwargs: Any) -> None:
        name = _name(overlay, path, kwargs)
        original(path, **kwargs) if name is None else act(name)

    return removed


def _moving(overlay: Overlay, original: Callable[..., None], act: Callable[[str, str], None]) -> Callable[..., None]:
    @functools.wraps(original)
    def moved(src: Any, dst: Any, **kwargs: Any) -> None:
        name, to = overlay.name(src), overlay.name(dst)
        if name is not None and to is not None:
            act(name, to)
        elif name is to:
            original(src, dst, **kwargs)
        else:  # from or to a device, which shutil.move answers by a copy
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), src)

    return moved


def _making(overlay: Overlay, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def made(path: Any, mode: int = 0o777, **kwargs: Any) -> None:
        name = _name(overlay, path, kwargs)
        original(path, mode, **kwargs) if name is None else overlay.make_folder(name, mode)

    return made


def _linking(overlay: Overlay, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def linked(src: Any, dst: Any, *args: Any, **kwargs: Any) -> None:
        name = _name(overlay, dst, kwargs)
        original(src, dst, *args, **kwargs) if name is None else overlay.link(os.fsdecode(src), name)

    return linked


def _listing(overlay: Overlay, original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    @functools.wraps(original)
    def listed(path: Any = ".") -> list[Any]:
        name = overlay.name("." if path is None else path)
        if name is None or isinstance(path, bytes) or not overlay.is_changed(name):
            return original(path)
        return overlay.listing(name)

    return listed


def _scanning(overlay: Overlay, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def scanned(path: Any = ".") -> Any:
        name = overlay.name("." if path is None else path)
        if name is None or isinstance(path, bytes) or not overlay.is_changed(name):
            return original(path)
        shown = "." if path is None else os.fspath(path)
        return _Entries(_Entry(each, os.path.join(shown, each)) for each in overlay.listing(name))

    return scanned


def _felling(overlay: Overlay, original: Any) -> Any:
    @functools.wraps(original)
    def removed(path: Any, *args: Any, **kwargs: Any) -> Any:
        name = _name(overlay, path, kwargs)
        if name is None or not overlay.is_folder(name) or os.path.islink(path):
            return original(path, *args, **kwargs)  # which says what is wrong, by functions that are replaced
        return overlay.remove_tree(name)

    return removed


def _name(overlay: Overlay, path: Any, options: dict[str, Any]) -> str | None:
    """A path's full name; None where it is left alone, as it is where it is relative to an open directory."""
    return overlay.name(path) if options.get("dir_fd") is None else None


@dataclass(frozen=True)
class _Entry:
    """What `os.scandir` gives of a file, for one that may be elsewhere."""

    name: str
    path: str

    def __fspath__(self) -> str:
        return self.path

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a directory."""
        return os.path.isdir(self.path) and (follow_symlinks or not self.is_symlink())

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a file."""
        return os.path.isfile(self.path) and (follow_symlinks or not self.is_symlink())

    def is_symlink(self) -> bool:
        """Whether it is a symbolic link."""
        return os.path.islink(self.path)

    def is_junction(self) -> bool:
        """Whether it is a junction, of which only Windows has any."""
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Its size, times and mode."""
        return os.stat(self.path, follow_symlinks=follow_symlinks)

    def inode(self) -> int:
        """Its number."""
        return self.stat(follow_symlinks=False).st_ino


class _Entries:
    """What `os.scandir` gives of a directory."""

    def __init__(self, entries: Iterator[_Entry]) -> None:
        self._entries = entries

    def __iter__(self) -> Iterator[_Entry]:
        return self._entries

    def __next__(self) -> _Entry:
        return next(self._entries)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open."""
