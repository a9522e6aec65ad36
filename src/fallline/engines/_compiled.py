"""The compiled module `fallline._native`, if it is there, and the instruction set that it uses; free of torch."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from fallline.core.errors import EngineError

__all__ = ["compiled", "instruction_set", "left_out", "required"]

try:
    _native: ModuleType | None = import_module("fallline._native")
except ModuleNotFoundError:  # installed where there is no C++ compiler
    _native = None


def left_out() -> bool:
    """Whether ``FALLLINE_NO_NATIVE`` says to do without the compiled module."""
    return os.environ.get("FALLLINE_NO_NATIVE", "").lower() not in ("", "0", "no", "off", "false")


def compiled() -> ModuleType | None:
    """The compiled module; None where it was not built, or ``FALLLINE_NO_NATIVE`` is set."""
    return None if left_out() else _native


def required() -> ModuleType:
    """The compiled module, for what an engine without it has refused before."""
    module = compiled()
    assert module is not None
    return module


def instruction_set() -> str:
    """The instruction set in use: the one that ``FALLLINE_ISA`` names, or the best of this machine.

    Raises:
        EngineError: This machine lacks the one that is named, or there is no compiled module.
    """
    module = compiled()
    if module is None:
        raise EngineError("choosing the instruction set", "the compiled engine is not installed")
    known, wanted = module.instruction_sets(), os.environ.get("FALLLINE_ISA", "").lower()
    if wanted and wanted not in known:
        raise EngineError(
            "choosing the instruction set",
            f"this machine has no {wanted}",
            expected="one of " + ", ".join(known),
            got=f"FALLLINE_ISA={wanted}",
            do="leave FALLLINE_ISA out",
        )
    return wanted or known[0]
