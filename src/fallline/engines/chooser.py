"""Which engine trains a population."""

from __future__ import annotations

from fallline.core.errors import UnknownNameError
from fallline.engines.loop import Loop
from fallline.engines.protocol import Engine

__all__ = ["ENGINES", "choose"]

ENGINES: dict[str, Engine] = {"loop": Loop()}


def choose(name: str = "auto") -> tuple[str, Engine]:
    """The engine called ``name``, or for ``auto`` the fastest one, with its name.

    Raises:
        UnknownNameError: There is no such engine.
    """
    if name == "auto":
        name = "loop"
    if name not in ENGINES:
        raise UnknownNameError.among(["auto", *ENGINES], name, doing="choosing the engine", kind="engine")
    return name, ENGINES[name]
