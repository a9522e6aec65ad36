"""How a run ended: a code whose message says it in words. Inside a population nothing raises."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Outcome"]


class Outcome(StrEnum):
    """The code of a run's end."""

    running = "running"
    finished = "finished"
    stopped = "stopped"
    halved = "halved"
    diverged = "diverged"
    interrupted = "interrupted"

    @property
    def message(self) -> str:
        """The code as a sentence."""
        return _MESSAGES[self]

    @property
    def ended(self) -> bool:
        """Whether no further step will be taken."""
        return self is not Outcome.running


_MESSAGES = {
    Outcome.running: "still training",
    Outcome.finished: "trained for all its epochs",
    Outcome.stopped: "stopped early: the validation loss had not improved for `patience` epochs",
    Outcome.halved: "dropped to make room for better runs",
    Outcome.diverged: "the loss became infinite or not a number",
    Outcome.interrupted: "interrupted before its last epoch",
}
