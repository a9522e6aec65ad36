"""A population's training under way on the compiled engine: in blocks, round by round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from torch import Tensor

from fallline.core.population import Population
from fallline.data.dataset import Dataset
from fallline.engines import _ended
from fallline.engines._block import FOREVER, Block, Run
from fallline.engines._compiled import required
from fallline.engines._kind import Kind, default_start
from fallline.engines._packing import packed
from fallline.engines._plans import LANES, kind_of
from fallline.engines._states import by_run, joined
from fallline.engines.protocol import Epoch, Observer, Trained, Until
from fallline.engines.threads import workers

__all__ = ["NativeTraining"]

_FIRST_ROUND, _ROUND = 0.02, 0.04
"""Seconds that blocks are trained before observers get their turn: at first fewer, as they have nothing to show yet."""


class NativeTraining:
    """A population's training under way in blocks."""

    def __init__(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None) -> None:
        self._runs = [Run(number, recipe) for number, recipe in enumerate(population)]
        self._round = _FIRST_ROUND
        self._kinds: dict[tuple[object, ...], Kind] = {}
        starts = cache(default_start)
        for recipe in population:
            key = kind_of(recipe)
            if key not in self._kinds:
                self._kinds[key] = Kind(recipe, data, starts)
        if state is None:
            self._blocks = [block.begin() for block in self._packed(self._runs)]
        else:
            self._blocks = self._restored(by_run(state))

    def reached(self, until: Until) -> int | None:
        """How far the runs have got that are furthest from ``until``; None where all have ended or are there."""
        natives = [block.native for block in self._blocks if block.native.pending(*_limits(until))]
        return min((one.epoch if isinstance(until, Epoch) else one.steps for one in natives), default=None)

    def advance(self, until: Until, observer: Observer | None = None) -> None:
        """Train on, by turns: every block gets as much of the time, so that small networks get further sooner."""
        epoch, step = _limits(until)
        while any(block.native.pending(epoch, step) for block in self._blocks):
            meetings = self._meetings()
            pending = [block for block in self._blocks if block.native.pending(meetings.get(block, epoch), step)]
            for block in pending:
                if block.native.needs_rates:
                    block.fill_rates()
            epochs = [min(epoch, meetings.get(block, epoch)) for block in pending]
            natives = [block.native for block in pending]
            required().advance(natives, epochs, step, workers(), self._round)
            self._round = min(_ROUND, 2 * self._round)
            if observer is not None:
                for block in pending:
                    for event in block.news():
                        observer(event)
            self._clear()

    def drop(self, runs: Collection[int]) -> None:
        """End ``runs`` where they are."""
        for block in self._blocks:
            for lane, run in enumerate(block.runs):
                if run.number in runs:
                    block.native.drop(lane)
        self._clear()

    def state(self) -> dict[str, Tensor]:
        """Everything needed to go on bit for bit: ``RUN/...`` → tensor."""
        self._clear()  # an observer may have ended the last round
        ended = ((run, run.trained) for run in self._runs if run.trained is not None)
        states = {run.number: _ended.state_of(trained, run.latest) for run, trained in ended}
        for block in self._blocks:
            states |= {block.runs[lane].number: block.state(lane) for lane in block.alive()}
        return joined(states)

    def trained(self) -> tuple[Trained, ...]:
        """Every run as far as it got."""
        self._clear()
        under_way = {block.runs[lane].number: block.trained(lane) for block in self._blocks for lane in block.alive()}
        return tuple(run.trained or under_way[run.number] for run in self._runs)

    def latest(self) -> tuple[dict[str, Tensor] | None, ...]:
        """Every run's parameters at the end of its last epoch; None of one that is, or has ended, within an epoch."""
        self._clear()
        under_way = {block.runs[lane].number: block.latest(lane) for block in self._blocks for lane in block.alive()}
        return tuple(under_way.get(run.number, run.latest) for run in self._runs)

    def _packed(self, runs: Iterable[Run]) -> list[Block]:
        return [Block(self._kinds[kind_of(part[0].recipe)], part) for part in packed(runs)]

    def _restored(self, states: Mapping[int, Mapping[str, Tensor]]) -> list[Block]:
        """Take up every run: those that have ended at their end, the others in blocks."""
        going = []
        for run in self._runs:
            state = states[run.number]
            run.reported = state["curves"].shape[1]
            if "outcome" in state:
                run.trained, run.latest = _ended.restored(state, self._kinds[kind_of(run.recipe)].shapes)
            else:
                going.append(run)
        return self._resumed(going, states)

    def _resumed(self, runs: Iterable[Run], states: Mapping[int, Mapping[str, Tensor]]) -> list[Block]:
        """Blocks of runs under way, those at the same step together."""
        together: dict[tuple[float, ...], list[Run]] = defaultdict(list)
        for run in runs:
            together[tuple(states[run.number]["numbers"][:2].tolist())].append(run)
        blocks = [block for group in together.values() for block in self._packed(group)]
        for block in blocks:
            for lane, run in enumerate(block.runs):
                block.resume(lane, states[run.number])
        return blocks

    def _clear(self) -> None:
        """Take out the runs that have ended, and blocks in which all have."""
        for block in self._blocks:
            if block.native.alive == sum(run.trained is None for run in block.runs):
                continue
            for lane in set(range(len(block.runs))).difference(block.alive()):
                if block.runs[lane].trained is None:
                    block.runs[lane].latest = block.latest(lane)
                    block.runs[lane].trained = block.trained(lane)  # last: Ctrl-C may come, and by it an end is known
        self._blocks = [block for block in self._blocks if block.native.alive > 0]

    def _meetings(self) -> dict[Block, int]:
        """The epoch at which each block that is half idle waits for others of its kind, to join them."""
        thin: dict[int, list[Block]] = defaultdict(list)
        for block in self._blocks:
            if 2 * block.native.alive <= LANES[block.kind.recipe.dtype]:
                thin[id(block.kind)].append(block)
        meetings = {}
        for blocks in thin.values():
            if len(blocks) == 1:
                continue
            epoch = max(block.native.epoch + (block.native.position > 0) for block in blocks)
            if all(block.native.epoch == epoch for block in blocks):
                self._put_together(blocks)
            else:
                meetings |= dict.fromkeys(blocks, epoch)
        return meetings

    def _put_together(self, blocks: Sequence[Block]) -> None:
        """Blocks at the same epoch become fewer."""
        states = {block.runs[lane].number: block.state(lane) for block in blocks for lane in block.alive()}
        merged = self._resumed([self._runs[number] for number in states], states)
        self._blocks = [*(block for block in self._blocks if block not in blocks), *merged]  # at once: Ctrl-C may come


def _limits(until: Until) -> tuple[int, int]:
    """The epoch and the step that no block is to go beyond."""
    return (until.number, FOREVER) if isinstance(until, Epoch) else (FOREVER, until.number)
