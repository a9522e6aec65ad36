"""What an observer of a job is told: a new stage, or a run's progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fallline.core.population import Population
from fallline.engines.protocol import Progress

__all__ = ["Event", "JobObserver", "Planned", "Progress", "Stage", "unobserved"]


@dataclass(frozen=True)
class Stage:
    """A job enters a new stage.

    Args:
        name: Which.
        text: What is about to be done, a clause for people.
        population: What is about to be trained, at the stage ``training``.
        costs: What an epoch of each of its runs takes, beside one of the others; empty: all take as much.
        share: The share of all epochs that is trained, if none stops early.
    """

    name: Literal["reading", "planning", "checking", "baselines", "training", "ranking", "writing"]
    text: str
    population: Population | None = None
    costs: tuple[float, ...] = ()
    share: float = 1.0


@dataclass(frozen=True)
class Planned:
    """A comparison has been planned, and begins.

    Args:
        lines: What is to be done and what it will take: name and text.
        notes: What was left out, ignored or assumed, one sentence each.
    """

    lines: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


Event = Stage | Planned | Progress
JobObserver = Callable[[Event], None]


def unobserved(event: Event) -> None:
    """The observer of a job that nobody watches."""
