"""The compiled engine: sixteen runs in the sixteen lanes of a vector register.

Runs that differ in numbers only (learning rates, seeds, decays, …) share a block and are trained as one program; see
docs/engines.md for the layout, native/block.h for what a block does. This module packs runs into blocks, gives them
their learning rates, and reads them out again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.networks import HEADS, Feedforward
from fallline.catalogue.rates import pace_of, rate_at
from fallline.core.errors import EngineError
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder, blank, initialised
from fallline.data.dataset import Dataset
from fallline.engines._compiled import compiled, instruction_set
from fallline.engines._plans import kind_of, network_refusal, plan_of, points_plan, refusal
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Epoch, Network, Observer, Progress, Rows, Trained, Until
from fallline.engines.threads import workers

__all__ = ["Native"]

_LANES = {"float32": 16, "float64": 8}
_ROUND = 0.08
"""Seconds that blocks are trained before observers, and Ctrl-C, get their turn."""
_FOREVER = 2**62
_PARAMETERS, _BEST = 0, 1
"""The arrays of a run that every block has; what its optimizer keeps comes after them."""


class Native:
    """The engine that trains feedforward networks on the CPU, many at a time."""

    name = "native"

    def refuses(self, recipe: Recipe, data: Dataset) -> str | None:
        """Why it cannot train ``recipe``, a sentence; None where it can."""
        if compiled() is None:
            return "the compiled engine is not installed"
        if not _shuffles_alike():
            return "this version of torch shuffles in another way than the compiled engine"
        return refusal(recipe)

    def serving(self, population: Population, data: Dataset) -> str:
        """Its name."""
        return self.name

    def evaluates(self, network: Network) -> bool:
        """Feedforward networks of linear layers and an activation that learns nothing."""
        return compiled() is not None and isinstance(network, Feedforward) and network_refusal(network) is None

    def start(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None = None) -> NativeTraining:
        """Begin to train a population of resolved recipes, or go on from a state.

        Raises:
            EngineError: It refuses a recipe.
        """
        for recipe in population:
            if reason := self.refuses(recipe, data):
                raise EngineError("training on engine native", reason, do="--engine auto")
        return NativeTraining(population, data, state)

    def outputs(self, network: Network, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """What the network returns at each point, ``(point, row, unit)``."""
        assert isinstance(network, Feedforward)
        dtype = next(iter(parameters.values())).dtype
        found = _module().outputs(
            points_plan(network),
            _flat(network, parameters),
            _array(inputs, dtype),
            workers(),
            instruction_set(),
        )
        head = nn.Sequential(*HEADS[network.head]())
        return torch.stack([head(point) for point in torch.from_numpy(found)])

    def evaluate(self, network: Network, parameters: Mapping[str, Tensor], data: Rows, loss: Criterion) -> Tensor:
        """The loss over ``data`` at each point, float64 ``(point,)``."""
        assert isinstance(network, Feedforward)
        points = _flat(network, parameters)
        inputs, targets, weights = _tables(data, next(iter(parameters.values())).dtype)
        plan = points_plan(network, loss.recipe)
        found = _module().losses(plan, points, inputs, targets, weights, workers(), instruction_set())
        return torch.from_numpy(found)


@dataclass
class _Run:
    """A run, in a block or at its end.

    Args:
        number: Its number in the population.
        recipe: Its recipe.
        reported: The complete epochs that an observer has been told of.
        told: Whether it has been told of the end.
        trained: What became of it, once it has ended.
    """

    number: int
    recipe: Recipe
    reported: int = 0
    told: bool = False
    trained: Trained | None = None


class _Kind:
    """What all runs that may share a block have in common."""

    def __init__(self, recipe: Recipe, data: Dataset) -> None:
        self.recipe = recipe
        network = network_of(recipe, data)
        assert isinstance(network, Feedforward)  # others are refused
        self.network = network
        self.shapes = {name: value.shape for name, value in blank(network.build).named_parameters()}
        self.dtype: torch.dtype = getattr(torch, recipe.dtype)
        self.tables: list[NDArray[Any]] = []
        self.weights: list[NDArray[Any]] = []
        for split in (data.train, data.validation):
            inputs, targets, weights = _tables(feed(recipe, data, split), self.dtype)
            self.tables += [inputs, targets]
            self.weights += weights
        self.epoch_steps = math.ceil(len(data.train) / recipe.batch_size)
        self.pace = pace_of(recipe)
        self._default = cache(lambda seed: self._initialised(network, seed))
        self._curves = lru_cache(maxsize=1024)(_curve)

    def named(self, numbers: NDArray[Any]) -> dict[str, Tensor]:
        """A run's parameters, one after the other in ``numbers``, by their names."""
        parts = torch.from_numpy(numbers).split([shape.numel() for shape in self.shapes.values()])
        return {
            name: part.reshape(shape).clone() for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def rates(self, recipe: Recipe, first: int, every: int, count: int) -> NDArray[np.float64]:
        """The learning rates of ``count`` steps from ``first`` on, ``every`` so many, if losses have no say."""
        fields = ("learning_rate", "schedule", "schedule_options", "warmup", "epochs")
        return self._curves(
            Recipe(**{name: getattr(recipe, name) for name in fields}), self.epoch_steps, first, every, count
        )

    def initial(self, recipe: Recipe) -> NDArray[Any]:
        """A run's parameters before its first step, one after the other."""
        if recipe.initialization == "default":  # which looks at nothing but the widths
            return self._default(recipe.seed)
        network = replace(
            self.network, initialization=recipe.initialization, activation_options=recipe.activation_options
        )
        return self._initialised(network, recipe.seed)

    def _initialised(self, network: Feedforward, seed: int) -> NDArray[Any]:
        module = initialised(network.build, seed=seed, dtype=self.dtype).module
        return torch.cat([value.detach().flatten() for value in module.parameters()]).numpy()


class _Block:
    """Runs that are trained side by side, run ``i`` in lane ``i``; those that have ended leave theirs idle."""

    def __init__(self, kind: _Kind, runs: Sequence[_Run]) -> None:
        self.kind, self.runs = kind, list(runs)
        build = _module().Block32 if kind.dtype is torch.float32 else _module().Block64
        plan = plan_of(kind.network, [run.recipe for run in runs])
        self.native = build(plan, kind.tables, kind.weights, instruction_set())

    def begin(self) -> _Block:
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
                every, count = _FOREVER, 1
            case "epoch":
                every, count = epoch_steps, self.kind.recipe.epochs - epoch
            case "losses":
                count = epoch_steps
            case _:
                count = min(max(1, 8192 // epoch_steps), self.kind.recipe.epochs - epoch) * epoch_steps
        rates = [self._rates(lane, first, every, count) for lane in range(len(self.runs))]
        self.native.set_rates(np.ascontiguousarray(np.stack(rates, axis=1)), first, every)

    def _rates(self, lane: int, first: int, every: int, count: int) -> NDArray[np.float64]:
        recipe = self.runs[lane].recipe
        if self.kind.pace != "losses":
            return self.kind.rates(recipe, first, every, count)
        rate, losses = rate_at(recipe, epoch_steps=self.kind.epoch_steps), self.native.record(lane).validation
        return np.array([rate(step, losses) for step in range(first, first + count)])

    def alive(self) -> list[int]:
        """The lanes whose runs have not ended."""
        return [lane for lane in range(len(self.runs)) if self.native.end(lane) is _module().End.running]

    def trained(self, lane: int) -> Trained:
        """The run of a lane as far as it got."""
        record = self.native.record(lane)
        kept = _PARAMETERS if record.best_epoch == 0 and record.end is _module().End.running else _BEST
        return Trained(
            parameters=self.kind.named(self.native.take(kept, lane)),
            training_losses=tuple(record.training),
            validation_losses=tuple(record.validation),
            learning_rates=tuple(record.rates),
            outcome=Outcome[record.end.name],
            steps=self.native.steps if record.end is _module().End.running else record.steps,
            best_epoch=record.best_epoch,
            best_loss=record.best_loss if record.best_epoch else None,
        )

    def news(self, lane: int) -> Iterator[Progress]:
        """What an observer has not been told of the run of a lane."""
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
        numbers = [
            *(self.native.steps, self.native.position, record.loss_sum, record.weight_sum),
            *(record.best_epoch, record.best_loss),
        ]
        arrays = [self.native.take(array, lane) for array in range(self.native.arrays)]
        return {
            "numbers": _numbers(numbers),
            "curves": _losses_of(record.training, record.validation, record.rates),
            "arrays": torch.from_numpy(np.stack(arrays)),
            "carried": _numbers(self.native.carried(lane)),
            "order": torch.from_numpy(self.native.order(lane).astype(np.int64)),
        }

    def resume(self, lane: int, state: Mapping[str, Tensor]) -> None:
        """Go on with a run from what `state` gave of it, in this block or another one."""
        steps, position, *sums, best_epoch, best_loss = state["numbers"].tolist()
        record = _module().Record()
        record.loss_sum, record.weight_sum = sums
        record.best_epoch, record.best_loss = int(best_epoch), best_loss
        record.training, record.validation, record.rates = state["curves"].tolist()
        for array, numbers in enumerate(state["arrays"].numpy()):
            self.native.put(array, lane, np.ascontiguousarray(numbers))
        order = state["order"].numpy().astype(np.uint32)
        self.native.resume(lane, record, state["carried"].tolist(), order, int(steps), int(position))


class NativeTraining:
    """A population's training under way in blocks."""

    def __init__(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None) -> None:
        self._runs = [_Run(number, recipe) for number, recipe in enumerate(population)]
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        for recipe in population:
            key = kind_of(recipe)
            if key not in self._kinds:
                self._kinds[key] = _Kind(recipe, data)
        if state is None:
            self._blocks = [block.begin() for block in self._packed(self._runs)]
        else:
            self._blocks = self._restored(_by_run(state))

    def advance(self, until: Until, observer: Observer | None = None) -> None:
        """Train on, the blocks that are furthest behind first."""
        epoch, step = (until.number, _FOREVER) if isinstance(until, Epoch) else (_FOREVER, until.number)
        while any(block.native.pending(epoch, step) for block in self._blocks):
            meetings = self._meetings()
            pending = [block for block in self._blocks if block.native.pending(meetings.get(block, epoch), step)]
            for block in pending:
                if block.native.needs_rates:
                    block.fill_rates()
            pending.sort(key=lambda block: block.native.steps * block.kind.recipe.batch_size)
            epochs = [min(epoch, meetings.get(block, epoch)) for block in pending]
            natives = [block.native for block in pending]
            _module().advance(natives, epochs, step, workers(), _ROUND)
            if observer is not None:
                for block in pending:
                    news = (event for lane in range(len(block.runs)) for event in block.news(lane))
                    for event in sorted(news, key=lambda event: event.epoch):
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
        states = {run.number: _ended_state(run.trained) for run in self._runs if run.trained is not None}
        for block in self._blocks:
            states |= {block.runs[lane].number: block.state(lane) for lane in block.alive()}
        return {f"{run}/{name}": value for run, state in states.items() for name, value in state.items()}

    def trained(self) -> tuple[Trained, ...]:
        """Every run as far as it got."""
        self._clear()
        under_way = {block.runs[lane].number: block.trained(lane) for block in self._blocks for lane in block.alive()}
        return tuple(run.trained or under_way[run.number] for run in self._runs)

    def _packed(self, runs: Iterable[_Run]) -> list[_Block]:
        """Blocks of one kind each: as many as can be of one seed, which see the same rows at the same time."""
        alike: dict[tuple[object, ...], list[_Run]] = defaultdict(list)
        for run in runs:
            alike[kind_of(run.recipe)].append(run)
        blocks = []
        for key, group in alike.items():
            size = _LANES[group[0].recipe.dtype]
            seeds: dict[int, list[_Run]] = defaultdict(list)
            for run in group:
                seeds[run.recipe.seed].append(run)
            full = [part for same in seeds.values() for part in _batched(same, size) if len(part) == size]
            rest = [run for same in seeds.values() for run in same[len(same) // size * size :]]
            blocks += [_Block(self._kinds[key], part) for part in (*full, *_batched(rest, size))]
        return blocks

    def _restored(self, states: Mapping[int, Mapping[str, Tensor]]) -> list[_Block]:
        """Take up every run: those that have ended at their end, the others in blocks."""
        going = []
        for run in self._runs:
            state = states[run.number]
            run.reported = state["curves"].shape[1]
            if "outcome" in state:
                run.trained = _ended_run(self._kinds[kind_of(run.recipe)].shapes, state)
            else:
                going.append(run)
        return self._resumed(going, states)

    def _resumed(self, runs: Iterable[_Run], states: Mapping[int, Mapping[str, Tensor]]) -> list[_Block]:
        """Blocks of runs under way, those at the same step together."""
        together: dict[tuple[float, ...], list[_Run]] = defaultdict(list)
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
            for lane in set(range(len(block.runs))).difference(block.alive()):
                if block.runs[lane].trained is None:
                    block.runs[lane].trained = block.trained(lane)
        self._blocks = [block for block in self._blocks if block.native.alive > 0]

    def _meetings(self) -> dict[_Block, int]:
        """The epoch at which each block that is half idle waits for others of its kind, to join them."""
        thin: dict[int, list[_Block]] = defaultdict(list)
        for block in self._blocks:
            if 2 * block.native.alive <= _LANES[block.kind.recipe.dtype]:
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

    def _put_together(self, blocks: Sequence[_Block]) -> None:
        """Blocks at the same epoch become fewer."""
        states = {block.runs[lane].number: block.state(lane) for block in blocks for lane in block.alive()}
        self._blocks = [block for block in self._blocks if block not in blocks]
        self._blocks += self._resumed([self._runs[number] for number in states], states)


def _module() -> ModuleType:
    module = compiled()
    assert module is not None  # the engine refuses everything without it
    return module


@cache
def _shuffles_alike() -> bool:
    """Whether this torch draws permutations as the compiled engine does."""
    order = BatchOrder(rows=1000, batch_size=1000, seed=1)
    order.epoch()
    return torch.equal(order.epoch()[0], torch.from_numpy(_module().order(1, 1000, 2)).long())


def _array(values: Tensor, dtype: torch.dtype) -> NDArray[Any]:
    return values.detach().to(dtype).contiguous().numpy()


def _tables(rows: Rows, dtype: torch.dtype) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[Any]]]:
    """Rows as blocks take them: all numbers of one dtype, targets ``(row, column)``, class ids too."""
    targets = rows.targets if rows.targets.ndim == 2 else rows.targets.unsqueeze(1)
    weights = [] if rows.weights is None else [_array(rows.weights, dtype)]
    return _array(rows.inputs, dtype), _array(targets, dtype), weights


def _flat(network: Feedforward, parameters: Mapping[str, Tensor]) -> NDArray[Any]:
    """Points ``(point, parameter)``, the parameters of each one after the other."""
    names = [name for name, _ in blank(network.build).named_parameters()]
    return torch.cat([parameters[name].detach().flatten(1) for name in names], dim=1).contiguous().numpy()


def _curve(recipe: Recipe, epoch_steps: int, first: int, every: int, count: int) -> NDArray[np.float64]:
    rate = rate_at(recipe, epoch_steps=epoch_steps)
    return np.array([rate(first + i * every, ()) for i in range(count)])


def _losses_of(training: Sequence[float], validation: Sequence[float], rates: Sequence[float]) -> Tensor:
    return _numbers([training, validation, rates])


def _numbers(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device="cpu")


def _ended_state(run: Trained) -> dict[str, Tensor]:
    numbers = [run.steps, run.best_epoch, math.nan if run.best_loss is None else run.best_loss]
    return {
        "outcome": _numbers(list(Outcome).index(run.outcome)),
        "numbers": _numbers(numbers),
        "curves": _losses_of(run.training_losses, run.validation_losses, run.learning_rates),
        **{f"parameters/{name}": value for name, value in run.parameters.items()},
    }


def _ended_run(names: Iterable[str], state: Mapping[str, Tensor]) -> Trained:
    steps, best_epoch, best_loss = state["numbers"].tolist()
    training, validation, rates = state["curves"].tolist()
    return Trained(
        parameters={name: state[f"parameters/{name}"].clone() for name in names},
        training_losses=tuple(training),
        validation_losses=tuple(validation),
        learning_rates=tuple(rates),
        outcome=list(Outcome)[int(state["outcome"])],
        steps=int(steps),
        best_epoch=int(best_epoch),
        best_loss=best_loss if best_epoch else None,
    )


def _by_run(state: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """``RUN/NAME`` → tensor, as run → name → tensor."""
    states: dict[int, dict[str, Tensor]] = defaultdict(dict)
    for name, value in state.items():
        number, _, rest = name.partition("/")
        states[int(number)][rest] = value
    return states


def _batched(runs: Sequence[_Run], size: int) -> list[Sequence[_Run]]:
    return [runs[start : start + size] for start in range(0, len(runs), size)]
