"""What a comparison will take, before it is begun: runs, steps, memory, and a time that is measured."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.networks import Feedforward
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import blank, initialised
from fallline.data.dataset import Dataset
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Engine, Share, Step
from fallline.engines.threads import workers

__all__ = ["Forecast", "Speeds", "available_memory", "forecast"]

_LANES = 16
_MEASURED = 12
"""So many kinds of network are measured; the speed of others follows from their size."""
_MOMENT, _GLANCE = 0.015, 0.005
"""Seconds of a measurement: of an engine, and of plain PyTorch, on which one figure of the plan alone depends."""
_STRETCHES = 3
"""Into so many a measurement is cut, of which the fastest counts: something else may have had the processor."""
_NEVER = Step(2**62)
_ARRAYS = 7
"""Numbers held for each parameter: itself, its gradient, two moments, the best, and two copies for the study."""
_BESIDE = 3 * 8
"""Bytes for each run and epoch: two losses and a learning rate."""


@dataclass(frozen=True)
class Forecast:
    """What a population will take.

    Args:
        runs: Runs.
        steps: Optimizer steps of all of them, if none stops early.
        shares: What each engine trains.
        memory: Bytes.
        seconds: On this machine, if no run stops early.
        gain: Steps per second over those of PyTorch training one run after the other.
    """

    runs: int
    steps: int
    shares: tuple[Share, ...]
    memory: int
    seconds: float
    gain: float


class Speeds:
    """Steps per second of the recipes of a population, measured.

    Args:
        engine: What trains.
        recipes: What is to be trained; what is measured are networks and batches, not every optimizer.
        data: On what.

    Attributes:
        full: Whether they are those of full blocks, one for each thread; or else of the recipes as they are.
    """

    def __init__(self, engine: Engine, recipes: Sequence[Recipe], data: Dataset) -> None:
        self._data = data
        self.full = len(recipes) >= _full()
        groups: dict[tuple[object, ...], list[Recipe]] = {}
        for recipe in recipes:
            groups.setdefault(_size_key(recipe), []).append(recipe)
        by_work = sorted(groups, key=lambda key: self._work(groups[key][0]))
        every = max(1, math.ceil(len(by_work) / _MEASURED))
        measured = by_work[::every]
        self._speeds = {key: _measured(engine, _alike(groups[key]), data) for key in measured}
        for key in by_work:
            nearest = measured[by_work.index(key) // every]
            ratio = self._work(groups[nearest][0]) / self._work(groups[key][0])
            self._speeds.setdefault(key, self._speeds[nearest] * ratio)
        largest = groups[by_work[-1]][0]
        self._gain = self._speeds[by_work[-1]] / _one_at_a_time(largest, data)

    def of(self, recipe: Recipe) -> float:
        """Steps per second of runs of this recipe, of all that are trained together."""
        return self._speeds[_size_key(recipe)]

    def seconds(self, recipe: Recipe) -> float:
        """Of an epoch of one such run, trained together with the others."""
        return math.ceil(len(self._data.train) / recipe.batch_size) / self.of(recipe)

    @property
    def gain(self) -> float:
        """How many times as fast as by PyTorch, one run after the other, the widest network is trained."""
        return self._gain

    def _work(self, recipe: Recipe) -> int:
        return parameters_of(recipe, self._data) * min(recipe.batch_size, len(self._data.train))


def forecast(population: Population, data: Dataset, engine: Engine, speeds: Speeds, *, folds: int = 1) -> Forecast:
    """What ``population`` will take, trained on each of ``folds`` parts of the rows that are like ``data``."""
    shares = engine.shares(population, data)
    seconds = sum(recipe.epochs * speeds.seconds(recipe) for recipe in population)
    if speeds.full:  # a block that is not full takes as long, and so does a thread that has none
        seconds *= max(_full(), sum(share.places for share in shares)) / len(population)
    return Forecast(
        runs=folds * len(population),
        steps=folds * sum(steps_of(recipe, data) for recipe in population),
        shares=tuple(Share(one.engine, folds * one.runs, folds * one.programs, folds * one.places) for one in shares),
        memory=folds * memory_of(population, data),
        seconds=folds * seconds,
        gain=speeds.gain,
    )


def steps_of(recipe: Recipe, data: Dataset) -> int:
    """Optimizer steps of a run, if it does not stop early."""
    return recipe.epochs * math.ceil(len(data.train) / recipe.batch_size)


def memory_of(recipes: Iterable[Recipe], data: Dataset) -> int:
    """Bytes that training these and keeping what came out takes, beside the data."""
    parameters: dict[tuple[object, ...], int] = {}
    total = 0
    for recipe in recipes:
        key = _size_key(recipe)
        if key not in parameters:
            parameters[key] = parameters_of(recipe, data)
        size = 8 if recipe.dtype == "float64" else 4
        total += _ARRAYS * size * parameters[key] + _BESIDE * recipe.epochs
        total += 8 * len(data.validation) * max(2, len(data.target.classes))
    return total


def available_memory() -> int:
    """Bytes of this machine's memory, or of what this process may use of it."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")] if hasattr(os, "sysconf") else []
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        if os.path.isfile(path):
            with open(path, encoding="ascii") as limit:
                text = limit.read().strip()
            sizes += [int(text)] if text.isdigit() else []
    return min(sizes, default=2**63)


def parameters_of(recipe: Recipe, data: Dataset) -> int:
    """Trainable numbers of a recipe's network."""
    network = network_of(recipe, data)
    if isinstance(network, Feedforward):
        return network.parameters
    return sum(value.numel() for value in blank(network.build).parameters())


def _full() -> int:
    """As many runs as fill a block for every thread."""
    return _LANES * workers()


def _size_key(recipe: Recipe) -> tuple[object, ...]:
    """Equal for recipes whose steps are about as long."""
    return recipe.network, recipe.widths, recipe.normalization, recipe.batch_size, recipe.dtype, recipe.dropout > 0


def _alike(recipes: Sequence[Recipe]) -> list[Recipe]:
    """As many of the most frequent kind as make a block for every thread."""
    kinds = Counter((recipe.loss, recipe.optimizer, recipe.activation) for recipe in recipes)
    kind = max(kinds, key=lambda each: kinds[each])
    same = [recipe for recipe in recipes if (recipe.loss, recipe.optimizer, recipe.activation) == kind]
    wanted = _full() if len(recipes) >= _full() else len(recipes)
    return (same * math.ceil(wanted / len(same)))[:wanted]


def _measured(engine: Engine, recipes: Sequence[Recipe], data: Dataset) -> float:
    """Steps per second of ``recipes`` trained together: of the fastest stretch of a moment.

    It is longer than that until the two fastest agree: threads that start may hold several up.
    """
    training = engine.start(Population(tuple(recipes)), data)
    done, chunk, began = 0, 1, time.perf_counter()
    rates: list[float] = []
    while not _agree(rates) or time.perf_counter() - began < _MOMENT:
        first, at = done, time.perf_counter()
        training.advance(Step(first + chunk))
        taken = time.perf_counter() - at
        there = training.reached(_NEVER)
        done = max(run.steps for run in training.trained()) if there is None else there
        if there is None or (first and taken > _MOMENT / _STRETCHES):
            rates.append(max(done - first, 1) / max(taken, 1e-9))
        if first:  # the first step warms up
            chunk *= 2  # also of one that counts: what only waited then has another rate
        if there is None:  # all have ended
            break
    return max(rates) * len(recipes)


def _agree(rates: Sequence[float]) -> bool:
    """Whether the two highest differ by less than half."""
    *_, second, first = [0.0, 0.0, *sorted(rates)]
    return 0 < first < 1.5 * second


def _one_at_a_time(recipe: Recipe, data: Dataset) -> float:
    """Steps per second of one run in PyTorch: forward, backward, and the least that an update can be.

    A whole optimizer would be slower still, and importing torch's takes longer than all of this.
    """
    rows = feed(recipe, data, data.train)
    module = initialised(network_of(recipe, data).build, seed=recipe.seed, dtype=rows.inputs.dtype).module
    criterion = Criterion(recipe, dtype=rows.inputs.dtype)
    inputs, targets = rows.inputs[: recipe.batch_size], rows.targets[: recipe.batch_size]
    steps, began = 0, 0.0
    with torch.random.fork_rng(devices=[]):  # dropout draws from it
        while steps <= 1 or time.perf_counter() - began < _GLANCE:
            if steps == 1:  # the first warms up
                began = time.perf_counter()
            module.zero_grad()
            criterion(module(inputs), targets).backward()
            with torch.no_grad():
                for parameter in module.parameters():
                    parameter.sub_(0 * parameter)
            steps += 1
    return (steps - 1) / (time.perf_counter() - began)
