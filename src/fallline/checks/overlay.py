"""The files of a checked script: what it writes, moves and removes is so for the script alone."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["Overlay"]

# As they were before any of them was replaced: what is done here is done for real.
_open, _lstat, _stat, _list = open, os.lstat, os.stat, os.listdir
_unlink, _rmdir, _rename, _mkdir, _symlink = os.unlink, os.rmdir, os.rename, os.mkdir, os.symlink
_DEVICES = ("/dev/", "/proc/", "/sys/")


class Overlay:
    """The files as a script sees them: its own changes, kept in a folder, over what is really there.

    A name is absolute. What the script has written is under the folder by its full name; what it has removed, with
    all below, is remembered. New directories are made for real, so that other programs may write there, and are taken
    away at the end where they are empty.

    Args:
        folder: Where changed files are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.abspath(folder)
        self._gone: set[str] = set()
        self._made: set[str] = set()

    def name(self, file: Any) -> str | None:
        """The full name of a file; None for what is to be left alone: open files, devices, what is kept here."""
        if not isinstance(file, str | bytes | os.PathLike) or not os.fspath(file):
            return None
        name = os.path.abspath(os.fsdecode(file))
        return None if name.startswith((*_DEVICES, self._folder)) else name

    # -- what is where --------------------------------------------------------------------------

    def where(self, name: str) -> str:
        """Where a file is to be looked for.

        Raises:
            FileNotFoundError: The script has removed it.
        """
        kept, gone = self._folder + name, self._is_gone(name)
        if _there(kept) and (gone or not (_folder_at(kept) and _folder_at(name))):
            return kept
        if gone:
            _refuse(errno.ENOENT, name)
        return name

    def exists(self, name: str) -> bool:
        """Whether the script sees something under a name."""
        return _there(self._folder + name) or (_there(name) and not self._is_gone(name))

    def is_folder(self, name: str) -> bool:
        """Whether the script sees a directory under a name."""
        return self.exists(name) and _folder_at(self.where(name))

    def listing(self, name: str) -> list[str]:
        """What the script sees in a directory."""
        kept, found = self._folder + name, []
        if not _folder_at(kept) or (_folder_at(name) and not self._is_gone(name)):
            found = [each for each in _list(self.where(name)) if not self._is_gone(os.path.join(name, each))]
        own = _list(kept) if _folder_at(kept) else []
        return found + [each for each in own if each not in set(found)]

    def is_changed(self, name: str) -> bool:
        """Whether a directory is not as it really is."""
        below = name.rstrip(os.sep) + os.sep
        return _there(self._folder + name) or self._is_gone(name) or any(each.startswith(below) for each in self._gone)

    def _is_gone(self, name: str) -> bool:
        """Whether what is really there under a name was removed, itself or with a directory around it."""
        while self._gone and name not in self._gone:
            name, inner = os.path.dirname(name), name
            if name == inner:
                return False
        return bool(self._gone)

    def _is_own(self, name: str) -> bool:
        """Whether the script has really made a file or a directory around it, and may really change it."""
        return any(name == made or name.startswith(made + os.sep) for made in self._made)

    # -- what the script does ---------------------------------------------------------------------

    def writing(self, name: str, *, keep: bool, new: bool = False) -> str:
        """Where to write a file: with what it holds already where that is to be kept; only if it is ``new``."""
        kept = self._folder + name
        if new and self.exists(name):
            _refuse(errno.EEXIST, name)
        if name in self._made or self.is_folder(name):
            return self.where(name)
        if not self.is_folder(os.path.dirname(name)):
            return name if not self._is_gone(name) else self.where(name)  # so that the script sees its own mistake
        if not _there(kept):
            os.makedirs(os.path.dirname(kept), exist_ok=True)
            if keep and self.exists(name):
                _copy(name, kept)
        return kept

    def changing(self, name: str) -> str | None:
        """Where to change a file's mode, times or length; None for a directory that is not the script's own."""
        there = self.where(name)
        if there != name or self._is_own(name) or not self.exists(name):
            return there
        return None if _folder_at(name) else self.writing(name, keep=True)

    def opening(self, name: str, flags: int) -> str:
        """The same for a file that is opened by number; a new one, such as a temporary file, is really made."""
        if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or self.is_folder(name):
            return self.where(name)
        if self.exists(name):
            return self.writing(name, keep=True, new=bool(flags & os.O_EXCL))
        if self._is_gone(name) or not flags & os.O_CREAT:
            return self.writing(name, keep=False)
        self._made.add(name)
        return name

    def make_folder(self, name: str, mode: int) -> None:
        """A new directory."""
        if self.exists(name):
            _refuse(errno.EEXIST, name)
        around = os.path.dirname(name)
        if self.where(around) != around or self._is_gone(name):
            os.makedirs(self._folder + name)
        else:
            _mkdir(name, mode)
            self._made.add(name)

    def remove(self, name: str) -> None:
        """Remove a file."""
        there = self.where(name)
        if _folder_at(there) and not stat.S_ISLNK(_lstat(there).st_mode):
            _refuse(errno.EISDIR, name)
        if not _there(there):
            _refuse(errno.ENOENT, name)
        self._drop(name)

    def remove_folder(self, name: str) -> None:
        """Remove a directory that is empty."""
        if not self.is_folder(name):
            _refuse(errno.ENOTDIR if self.exists(name) else errno.ENOENT, name)
        if self.listing(name):
            _refuse(errno.ENOTEMPTY, name)
        self._drop(name)

    def remove_tree(self, name: str) -> None:
        """Remove a directory with all that is in it."""
        self._drop(name)

    def copy(self, name: str, to: str) -> None:
        """Give a file a second name; what is written under the one is not seen under the other."""
        if self.exists(to):
            _refuse(errno.EEXIST, to)
        _copy(self.where(name), self.writing(to, keep=False))

    def move(self, name: str, to: str) -> None:
        """Give a file or directory another name; a file that has it already is replaced."""
        there = self.where(name)
        if not _there(there) or not self.is_folder(os.path.dirname(to)):
            _refuse(errno.ENOENT, name)
        if self.is_folder(to) and (not self.is_folder(name) or self.listing(to)):
            _refuse(errno.ENOTEMPTY if self.is_folder(name) else errno.EISDIR, to)
        if name == to:
            return
        if self.exists(to):
            self._drop(to)
        kept = self._folder + to
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        if there != name and not _folder_at(there):
            _rename(there, kept)
        else:
            self._gather(name, kept)
        self._drop(name)

    def link(self, target: str, name: str) -> None:
        """A symbolic link, which points to where its target is now."""
        if self.exists(name):
            _refuse(errno.EEXIST, name)
        found = os.path.normpath(os.path.join(os.path.dirname(name), target))
        _symlink(self.where(found), self.writing(name, keep=False))

    def end(self) -> None:
        """Take away the directories that were made, where they are empty, and the files opened by number."""
        for name in sorted(self._made, key=len, reverse=True):
            with contextlib.suppress(OSError):  # not empty, or away already
                _rmdir(name) if _folder_at(name) else _unlink(name)

    def _gather(self, name: str, kept: str) -> None:
        """Copy a file, or a directory as the script sees it."""
        if not self.is_folder(name):
            _copy(self.where(name), kept)
            return
        os.makedirs(kept, exist_ok=True)
        for each in self.listing(name):
            self._gather(os.path.join(name, each), os.path.join(kept, each))

    def _drop(self, name: str) -> None:
        """Forget what is kept of a name; what is really there goes only where the script has made it."""
        _erase(self._folder + name)
        if self._is_own(name):
            _erase(name)
            self._made = {made for made in self._made if made != name and not made.startswith(name + os.sep)}
        elif _there(name):
            self._gone.add(name)


def _there(name: str) -> bool:
    try:
        _lstat(name)
    except (OSError, ValueError):
        return False
    return True


def _folder_at(name: str) -> bool:
    try:
        return stat.S_ISDIR(_stat(name).st_mode)
    except (OSError, ValueError):
        return False


def _copy(name: str, kept: str) -> None:
    with _open(name, "rb") as source, _open(kept, "wb") as sink:
        shutil.copyfileobj(source, sink)


def _erase(name: str) -> None:
    """Really remove what is there."""
    if _folder_at(name) and not stat.S_ISLNK(_lstat(name).st_mode):
        for each in _list(name):
            _erase(os.path.join(name, each))
        _rmdir(name)
    elif _there(name):
        _unlink(name)


def _refuse(number: int, name: str) -> NoReturn:
    raise OSError(number, os.strerror(number), name)
