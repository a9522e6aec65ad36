"""Several trainings as one: they take turns, so that all runs get on together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from torch import Tensor

from fallline.engines._states import by_run, joined
from fallline.engines.protocol import Epoch, Observer, Step, Trained, Training, Until

__all__ = ["Part", "Turns"]

_Found = TypeVar("_Found")
_TURN: dict[type[Until], int] = {Epoch: 1, Step: 50}
"""By how much the runs of one training may get ahead of another's."""


@dataclass(frozen=True)
class Part:
    """Some runs of a population, by their numbers in it, and their training."""

    runs: Sequence[int]
    training: Training


class Turns:
    """A population's training under way in parts, each on an engine or on data of its own."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def reached(self, until: Until) -> int | None:
        """How far the runs have got that are furthest from ``until``; None where all have ended or are there."""
        found = [part.training.reached(until) for part in self._parts]
        return min((reached for reached in found if reached is not None), default=None)

    def advance(self, until: Until, observer: Observer | None = None) -> None:
        """Train on by turns of an epoch, or of some steps, so that all runs get on together."""
        while (reached := self.reached(until)) is not None:
            pending = [part for part in self._parts if part.training.reached(until) is not None]
            alone = len(pending) == 1
            turn = until if alone else replace(until, number=min(until.number, reached + _TURN[type(until)]))
            for part in pending:
                part.training.advance(turn, observer and _renumbered(observer, part.runs))

    def drop(self, runs: Collection[int]) -> None:
        """End ``runs`` where they are."""
        for part in self._parts:
            part.training.drop({place for place, run in enumerate(part.runs) if run in runs})

    def state(self) -> dict[str, Tensor]:
        """Everything needed to go on bit for bit."""
        own = ((part.runs, by_run(part.training.state())) for part in self._parts)
        return joined({runs[place]: state for runs, states in own for place, state in states.items()})

    def trained(self) -> tuple[Trained, ...]:
        """Every run as far as it got."""
        return self._of_each(lambda training: training.trained())

    def latest(self) -> tuple[dict[str, Tensor] | None, ...]:
        """Every run's parameters at the end of its last epoch; None of one that is, or has ended, within an epoch."""
        return self._of_each(lambda training: training.latest())

    def _of_each(self, asked: Callable[[Training], Sequence[_Found]]) -> tuple[_Found, ...]:
        found = {run: one for part in self._parts for run, one in zip(part.runs, asked(part.training), strict=True)}
        return tuple(found[run] for run in sorted(found))


def _renumbered(observer: Observer, runs: Sequence[int]) -> Observer:
    return lambda event: observer(event._replace(run=runs[event.run]))
