"""A block: up to sixteen runs of one kind, trained side by side by the compiled engine; native/block.h says how."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fallline.catalogue.rates import rates_at
from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.engines._compiled import instruction_set, required
from fallline.engines._ended import curves, numbers
from fallline.engines._kind import Kind
from fallline.engines._plans import plan_of
from fallline.engines.protocol import Progress, Trained

__all__ = ["FOREVER", "Block", "Run"]

FOREVER = 2**62
"""An epoch, a step or a number of steps that no run gets to."""
_PARAMETERS, _BEST = 0, 1
"""The arrays of a run that every block has; what its optimizer keeps comes after them."""


@dataclass
class Run:
    """A run, in a block or at its end.

    Args:
        number: Its number in the population.
        recipe: Its recipe.
        reported: The complete epochs that an observer has been told of.
        told: Whether it has been told of the end.
        trained: What became of it, once it has ended.
        latest: Its parameters at the end of its last epoch then; None where it ended within one.
    """

    number: int
    recipe: Recipe
    reported: int = 0
    told: bool = False
    trained: Trained | None = None
    latest: dict[str, Tensor] | None = None


class Block:
    """Runs that are trained side by side, run ``i`` in lane ``i``; those that have ended leave theirs idle."""

    def __init__(self, kind: Kind, runs: Sequence[Run]) -> None:
        self.kind, self.runs = kind, list(runs)
        build = required().Block32 if kind.dtype is torch.float32 else required().Block64
        plan = plan_of(kind.network, [run.recipe for run in runs])
        self.native = build(plan, kind.tables, kind.weights, instruction_set())
        self._told = (-1, -1)  # its steps and how many ran, when an observer was last told

    def begin(self) -> Block:
        """Put every run at its start."""
        for lane, run in enumerate(self.runs):
            self.native.put(_PARAMETERS, lane, self.kind.initial(run.recipe))
        return self

    def fill_rates(self) -> None:
        """Tell it the learning rates of its next steps, so many as are known."""
        epoch, epoch_steps = self.native.epoch, self.kind.epoch_steps
        first, every = epoch * epoch_steps, 1
        match self.kind.pace:
            case "never":
                every, count = FOREVER, 1
            case "epoch":
                every, count = epoch_steps, self.kind.recipe.epochs - epoch
            case "losses":
                every, count = (1, epoch_steps) if self.kind.recipe.warmup > 0 else (epoch_steps, 1)
            case _:
                count = min(max(1, 8192 // epoch_steps), self.kind.recipe.epochs - epoch) * epoch_steps
        rates = [self._rates(lane, first, every, count) for lane in range(len(self.runs))]
        self.native.set_rates(np.ascontiguousarray(np.stack(rates, axis=1)), first, every)

    def _rates(self, lane: int, first: int, every: int, count: int) -> NDArray[np.float64]:
        recipe = self.runs[lane].recipe
        if self.kind.pace != "losses":
            return self.kind.rates(recipe, first, every, count)
        rates, losses = rates_at(recipe, epoch_steps=self.kind.epoch_steps), self.native.record(lane).validation
        return np.array(rates(range(first, first + count * every, every), losses))

    def alive(self) -> list[int]:
        """The lanes whose runs have not ended."""
        running = required().End.running  # once: it looks into the environment
        return [lane for lane in range(len(self.runs)) if self.native.end(lane) is running]

    def trained(self, lane: int) -> Trained:
        """The run of a lane as far as it got."""
        record = self.native.record(lane)
        kept = _PARAMETERS if record.best_epoch == 0 and record.end is required().End.running else _BEST
        return Trained(
            parameters=self.kind.named(self.native.take(kept, lane)),
            training_losses=tuple(record.training),
            validation_losses=tuple(record.validation),
            learning_rates=tuple(record.rates),
            outcome=Outcome[record.end.name],
            steps=self.native.steps if record.end is required().End.running else record.steps,
            best_epoch=record.best_epoch,
            best_loss=record.best_loss if record.best_epoch else None,
        )

    def latest(self, lane: int) -> dict[str, Tensor] | None:
        """The parameters of a lane at the end of its run's last epoch; None where it is, or has ended, within one."""
        record, running = self.native.record(lane), required().End.running
        epochs, steps = len(record.validation), self.native.steps if record.end is running else record.steps
        if epochs == 0 or steps != epochs * self.kind.epoch_steps or not math.isfinite(record.validation[-1]):
            return None
        return self.kind.named(self.native.take(_PARAMETERS, lane))

    def news(self) -> list[Progress]:
        """What an observer has not been told of its runs, epoch by epoch."""
        place = self.native.steps, self.native.alive
        if place == self._told:
            return []
        self._told = place
        news = [event for lane in range(len(self.runs)) for event in self._news(lane)]
        return sorted(news, key=lambda event: event.epoch)

    def _news(self, lane: int) -> Iterator[Progress]:
        run, outcome = self.runs[lane], Outcome[self.native.end(lane).name]
        if run.told:
            return
        run.told = outcome.ended
        fresh = self.native.losses_since(lane, run.reported)
        first, run.reported = run.reported + 1, run.reported + len(fresh)
        within = outcome is Outcome.diverged and (not fresh or math.isfinite(fresh[-1][1]))  # an epoch, not at its end
        for epoch, (training, validation) in enumerate(fresh, start=first):
            at_end = outcome.ended and epoch == run.reported and not within
            yield Progress(
                run.number,
                epoch,
                epoch * self.kind.epoch_steps,
                training,
                validation,
                outcome if at_end else Outcome.running,
            )
        if within:
            yield Progress(run.number, run.reported, self.native.record(lane).steps, None, None, outcome)

    def state(self, lane: int) -> dict[str, Tensor]:
        """Everything needed to go on with the run of a lane."""
        record = self.native.record(lane)
        place = (self.native.steps, self.native.position)
        sums, best = (record.loss_sum, record.weight_sum), (record.best_epoch, record.best_loss)
        arrays = [self.native.take(array, lane) for array in range(self.native.arrays)]
        return {
            "numbers": numbers([*place, *sums, *best]),
            "curves": curves(record.training, record.validation, record.rates),
            "arrays": torch.from_numpy(np.stack(arrays)),
            "carried": numbers(self.native.carried(lane)),
            "order": torch.from_numpy(self.native.order(lane).astype(np.int64)),
        }

    def resume(self, lane: int, state: Mapping[str, Tensor]) -> None:
        """Go on with a run from what `state` gave of it, in this block or another one."""
        steps, position, *sums, best_epoch, best_loss = state["numbers"].tolist()
        record = required().Record()
        record.loss_sum, record.weight_sum = sums
        record.best_epoch, record.best_loss = int(best_epoch), best_loss
        record.training, record.validation, record.rates = state["curves"].tolist()
        for array, values in enumerate(state["arrays"].numpy()):
            self.native.put(array, lane, np.ascontiguousarray(values))
        order = state["order"].numpy().astype(np.uint32)
        self.native.resume(lane, record, state["carried"].tolist(), order, int(steps), int(position))
