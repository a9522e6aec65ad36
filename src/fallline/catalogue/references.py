"""What an importable ``package.module:name`` refers to."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fallline.core.errors import RecipeError, nearest

__all__ = ["referred", "working_directory_first"]


@contextmanager
def working_directory_first() -> Iterator[None]:
    """Look for modules in the working directory first, as ``python -m`` does."""
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def referred(reference: str, *, doing: str) -> object:
    """The object called ``package.module:name``; the working directory is looked at first.

    Args:
        reference: Where it is.
        doing: What it is wanted for, the beginning of an error.

    Raises:
        RecipeError: There is no such module, it fails when imported, or it has no such name.
    """
    path, _, name = reference.partition(":")
    with working_directory_first():
        if path not in sys.modules:
            importlib.invalidate_caches()  # it may have been written since the folder was last looked at
        try:
            module = importlib.import_module(path)
        except (Exception, SystemExit) as error:  # a module that is imported may raise anything
            raise _import_error(doing, path, error) from error
    if not hasattr(module, name):
        close = nearest(name, (known for known in vars(module) if not known.startswith("_")))
        raise RecipeError(
            doing,
            f"the module {path} has no {name}",
            got=f"the module in {module.__file__}" if module.__file__ else None,
            do=f"did you mean {path}:{close}?" if close else None,
        )
    return getattr(module, name)


def _import_error(doing: str, path: str, error: BaseException) -> RecipeError:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing is None:
        likely = 'it is a script: what it does when run belongs below if __name__ == "__main__":'
        return RecipeError(
            doing,
            f"the module {path} fails when imported",
            got=f"{type(error).__name__}: {error}",
            likely=likely if isinstance(error, SystemExit) else None,
        )
    if missing == path or path.startswith(f"{missing}."):
        return RecipeError(
            doing,
            f"there is no module named {missing}",
            expected=f"{missing} in the working directory, or installed in this environment",
            got=f"the working directory {os.getcwd()}",
            do=f"change to the folder that holds {missing}, or put that folder on PYTHONPATH",
        )
    return RecipeError(doing, f"the module {path} needs {missing}, which is not installed", do=f"pip install {missing}")
