"""What a training job was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fallline.core.errors import ArgumentError
from fallline.core.task import Task

__all__ = ["Job"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a training job was asked for.

    Args:
        source: What `fallline.data.table.read` takes.
        target: Name or 1-based position of the target column; None for a built-in set.
        recipe: The recipe's fields that were given; the rest is planned.
        task: The task; None: inferred.
        weight: Name of the column of row weights.
        metric: What the best run is chosen by on the validation rows; None: its validation loss.
        split_seed: Seed of the split.
        engine: Name of the engine, or ``auto``.
        threads: Threads of a single operation; None: 1, the fastest for networks of this size.
        out: The study's folder; None: ``studies/NAME-TIMESTAMP``.
        keep: How many of the best models to keep; None: all.

    Raises:
        ArgumentError: One of them is out of its range.
    """

    source: Any
    target: str | int | None = None
    recipe: Mapping[str, Any]
    task: Task | None = None
    weight: str | None = None
    metric: str | None = None
    split_seed: int = 0
    engine: str = "auto"
    threads: int | None = None
    out: Path | None = None
    keep: int | None = 16

    def __post_init__(self) -> None:
        _require(_whole(self.split_seed, low=0, high=2**32 - 1), "split_seed", self.split_seed, "0 … 2³² - 1")
        _require(self.threads is None or _whole(self.threads), "threads", self.threads, "1 or more")
        _require(self.keep is None or _whole(self.keep), "keep", self.keep, "1 or more, or all (in Python: None)")
        for name in ("engine", "metric", "weight"):
            value = getattr(self, name)
            _require(isinstance(value, str) or (value is None and name != "engine"), name, value, "a name")


def _whole(value: object, *, low: int = 1, high: float = float("inf")) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise ArgumentError(
            "setting up the training",
            f"{name} is out of its range",
            expected=expected,
            got=f"{name} = {value!r}",
            do=f"leave --{name.replace('_', '-')} out",
        )
