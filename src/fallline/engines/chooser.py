"""Which engine trains what."""

from __future__ import annotations

from fallline.core.errors import UnknownNameError
from fallline.engines.auto import Auto
from fallline.engines.loop import Loop
from fallline.engines.native import Native
from fallline.engines.protocol import Engine

__all__ = ["ENGINES", "choose"]

ENGINES: dict[str, Engine] = {"auto": Auto((Native(), Loop())), "native": Native(), "loop": Loop()}
"""By name; ``auto`` gives each run to the faster of the others that can train it."""


def choose(name: str = "auto") -> Engine:
    """The engine called ``name``.

    Raises:
        UnknownNameError: There is no such engine.
        EngineError: There is, but it is not installed, or not for this machine.
    """
    if name not in ENGINES:
        raise UnknownNameError.among(list(ENGINES), name, doing="choosing the engine", kind="engine")
    return ENGINES[name]
