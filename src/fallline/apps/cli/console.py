"""Where output goes: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

__all__ = ["Json", "Quiet", "errors", "print_json", "results"]

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, everything else on standard error.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print the result alone: no progress, no tables.")]


def results() -> Console:
    """The console for results; 100 columns where the output is not a terminal."""
    return Console(width=None if sys.stdout.isatty() else 100, highlight=False)


def errors() -> Console:
    """The console for progress and announcements."""
    return Console(stderr=True, highlight=False)


def print_json(value: dict[str, Any]) -> None:
    """One JSON object; numbers that JSON has no word for become null."""
    typer.echo(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
