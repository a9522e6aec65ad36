"""Running the command line as a user does, and the form that its complaints must have."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SCRIPT", "Command", "Ended", "is_house_form"]

SCRIPT = Path(sys.executable).with_name("fallline")
_HINTS = ("expected", "got", "likely", "do")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output, without the numbers that JSON has no word for."""

        def refuse(word: str) -> None:
            raise ValueError(f"{word} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


Command = Callable[..., Ended]


def is_house_form(message: str) -> bool:
    """Whether a message is ``<doing>: <wrong>.`` and then labelled lines, each label at most once and in order."""
    first, *rest = message.removesuffix("\n").split("\n")
    labels = [line[2:10].rstrip() for line in rest]
    return (
        re.fullmatch(r"\S.*: \S.*[^.][.?!]", first) is not None
        and all(re.fullmatch(r"  (expected|got     |likely  |do      )  \S.*", line) for line in rest)
        and labels == [label for label in _HINTS if label in labels]
    )
