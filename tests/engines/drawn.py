"""Recipes drawn at random from all that the compiled engine trains, always the same for the same seed."""

from __future__ import annotations

import math
import random

import numpy

from fallline.catalogue.card import Option
from fallline.catalogue.registry import find, names
from fallline.core.errors import RecipeError
from fallline.core.recipe import OptionValue, Recipe
from fallline.core.task import Task
from tests.engines.runs import ROWS, recipe

COMPILED = [name for name in names("optimizer") if find("optimizer", name).elementwise]
ACTIVATIONS = [name for name in names("activation") if name != "prelu"]

_LOGARITHMIC = {
    "weight_decay": (1e-4, 1e-1),
    "eps": (1e-8, 1e-2),
    "lambd": (1e-4, 1e-1),
    "lr_decay": (1e-3, 1e-1),
    "momentum_decay": (1e-3, 1e-1),
    "initial_accumulator_value": (1e-2, 1.0),
    "step_size_min": (1e-6, 1e-4),
    "step_size_max": (1e-3, 1.0),
    "beta": (0.2, 5.0),
    "delta": (0.2, 5.0),
    "alpha": (0.2, 5.0),
    "margin": (0.2, 2.0),
    "gamma": (0.2, 5.0),
    "min_lr": (1e-6, 1e-3),
    "eta_min": (1e-6, 1e-3),
}
_EVEN = {
    "label_smoothing": (0.0, 0.3),
    "eta_plus": (1.05, 1.8),
    "eta_minus": (0.2, 0.8),
    "dampening": (0.0, 0.9),
    "min_val": (-2.0, -0.2),
    "max_val": (0.2, 2.0),
    "negative_slope": (0.0, 0.5),
    "threshold": (-0.3, 0.3),
    "value": (-0.3, 0.3),
    "power": (0.5, 2.0),
    "factor": (0.2, 0.8),
    "div_factor": (2.0, 30.0),
    "final_div_factor": (10.0, 1000.0),
    "t0": (1.0, 100.0),
    "pct_start": (0.1, 0.6),
}


def drawn(seed: int, task: Task, *, several: bool, steps: int, dtype: str = "float64") -> Recipe:
    """A recipe for a task, without dropout, that takes about so many steps."""
    rng = random.Random(seed)
    while True:
        try:
            return _drawn(rng, task, several=several, steps=steps, dtype=dtype)
        except RecipeError:  # of options that contradict each other
            continue


def _drawn(rng: random.Random, task: Task, *, several: bool, steps: int, dtype: str) -> Recipe:
    fitting = [name for name in names("loss") if task in find("loss", name).contract.tasks]
    loss, optimizer, activation = rng.choice(fitting), rng.choice(COMPILED), rng.choice(ACTIVATIONS)
    schedule = rng.choice(["constant", *names("schedule")])
    low, high = find("optimizer", optimizer).rates
    rate = _between(rng, low, high)
    batch_size = rng.choice([5, 7, 13, 16, 25, 32, ROWS, 64])
    outputs = {Task.binary: 2, Task.multiclass: 3, Task.multilabel: 3}.get(task, 1)
    loss_options = _options(rng, "loss", loss, outputs)
    if loss_options.get("reduction") == "sum":
        rate /= batch_size
    return recipe(
        task,
        several=several,
        widths=tuple(rng.randint(1, 40) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))),
        activation=activation,
        activation_options=_of_activation(rng, activation),
        loss=loss,
        loss_options=loss_options,
        optimizer=optimizer,
        optimizer_options=_options(rng, "optimizer", optimizer),
        learning_rate=rate,
        schedule=schedule,
        schedule_options=_options(rng, "schedule", schedule),
        warmup=rng.choice([0.0, 0.0, 0.1, 0.35]),
        clip_norm=rng.choice([None, None, 0.3, 3.0]),
        clip_value=rng.choice([None, None, None, 0.1]),
        initialization=rng.choice(["default", "kaiming_normal", "orthogonal"]),
        batch_size=batch_size,
        epochs=math.ceil(steps / math.ceil(ROWS / batch_size)),
        dtype=dtype,
        seed=rng.choice([0, 1, 2, 2**32 - 1]),
    )


def _options(rng: random.Random, kind: str, name: str, outputs: int = 1) -> dict[str, OptionValue]:
    """About half of the options of an entry."""
    options = find(kind, name).card.options  # pyright: ignore[reportCallIssue, reportArgumentType]
    return {option.name: _value(rng, option, outputs) for option in options if rng.random() < 0.5}


def _of_activation(rng: random.Random, name: str) -> dict[str, OptionValue]:
    options = _options(rng, "activation", name)
    if name == "celu" and "alpha" in options:  # which torch's backward rounds to a float
        options["alpha"] = float(numpy.float32(options["alpha"]))
    return options


def _value(rng: random.Random, option: Option, outputs: int) -> OptionValue:
    match option.holds:
        case "switch":
            return rng.random() < 0.5
        case "choice":
            return rng.choice(option.choices)
        case "whole":
            return rng.randint(max(1, int(option.low)), 2 if option.name == "p" else 6)
        case "numbers" if option.name == "milestones":
            return (5.0, 9.0)
        case "numbers":
            return tuple(rng.choice([0.5, 1.0, 2.0]) for _ in range(1 if option.name == "pos_weight" else outputs))
    if option.name in _EVEN:
        return rng.uniform(*_EVEN[option.name])
    if option.high == 1 or option.name == "quantile":
        return rng.uniform(0.05, 0.95)
    return _between(rng, *_LOGARITHMIC[option.name])


def _between(rng: random.Random, low: float, high: float) -> float:
    """Evenly by the logarithm."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))
