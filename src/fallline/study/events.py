"""What an observer of a job is told: a new stage, or a run's progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fallline.core.population import Population
from fallline.engines.protocol import Progress

__all__ = ["Event", "JobObserver", "Progress", "Stage"]


@dataclass(frozen=True)
class Stage:
    """A job enters a new stage.

    Args:
        name: Which.
        text: What is about to be done, a clause for people.
        population: What is about to be trained, at the stage ``training``.
    """

    name: Literal["reading", "baselines", "training", "writing"]
    text: str
    population: Population | None = None


Event = Stage | Progress
JobObserver = Callable[[Event], None]
