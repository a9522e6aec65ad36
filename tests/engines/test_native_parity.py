"""One step of the compiled engine is one of the plain loop from the same state: every optimizer, loss, activation.

In float64, to 1e-12 of the largest number of a layer: the first part of the master invariant. `parity.py` says how.
"""

from __future__ import annotations

import dataclasses
from itertools import product

import pytest
import torch

from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import find, names
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from tests import tolerances
from tests.engines.drawn import COMPILED
from tests.engines.parity import NATIVE, needs_native, one_step_distances
from tests.engines.runs import recipe
from tests.reference.sets import dataset

pytestmark = needs_native

STEPS = 9  # two epochs of four batches, of which the last has 2 rows, and the first of a third
WEIGHTS = (1.0, 2.0, 0.5)
MOMENTUM = {"optimizer_options": {"momentum": 0.9}}  # whose memory is the gradient, on a scale of its own

BETAS = {"beta1": 0.8, "beta2": 0.9}
NO_SQUARES = {"beta2": 0.0, "eps": 1e-3}  # which keeps a mean over a gradient near 0 from being any number
ADAM = [
    {"amsgrad": True},
    {"weight_decay": 0.1},
    {"amsgrad": True, "eps": 1e-3, "weight_decay": 0.1} | BETAS,
    {"beta1": 0.0},
    NO_SQUARES,
    {"beta1": 0.3, "beta2": 0.3},
    {"eps": 1.0},
]
DECOUPLED = [
    {"weight_decay": 0.1},
    {"weight_decay": 0.1, "decoupled_weight_decay": True, "eps": 1e-3} | BETAS,
    {"beta1": 0.0, "beta2": 0.5},
    {"beta1": 0.3, "beta2": 0.99},
]
OPTIMIZERS: dict[str, list[dict]] = {
    "sgd": [
        {"momentum": 0.9},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.9, "dampening": 0.3},
        {"momentum": 0.9, "dampening": 1.0},
        {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
        {"dampening": 0.5},
        {"weight_decay": 0.1},
    ],
    "asgd": [
        {"lambd": 0.1, "alpha": 0.5},
        {"lambd": 0.0},
        {"alpha": 0.0, "lambd": 0.5},
        {"weight_decay": 0.1, "t0": 2.0},
    ],
    "adam": ADAM,
    "adamw": [*ADAM, {"weight_decay": 0.0}],
    "adamax": [{"eps": 1e-3, "weight_decay": 0.1} | BETAS, {"beta1": 0.0}, NO_SQUARES],
    "nadam": [*DECOUPLED, {"momentum_decay": 0.1}, {"momentum_decay": 0.0}],
    "radam": DECOUPLED,
    "adagrad": [
        {"lr_decay": 0.1},
        {"initial_accumulator_value": 0.5},
        {"eps": 1e-3, "weight_decay": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5},
    ],
    "adadelta": [{"rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}, {"rho": 0.0}, {"rho": 0.3}],
    "rmsprop": [
        {"centered": True, "eps": 1e-3},
        {"momentum": 0.5},
        {"alpha": 0.9, "momentum": 0.5, "centered": True, "eps": 1e-3, "weight_decay": 0.1},
        {"alpha": 0.0},
        {"alpha": 0.3, "weight_decay": 0.1},
    ],
    "rprop": [{"eta_minus": 0.4, "eta_plus": 1.5}, {"step_size_min": 1e-3, "step_size_max": 0.03}],
    "lion": [{"weight_decay": 0.1} | BETAS, {"beta1": 0.0}, {"beta2": 0.0}, {"beta1": 0.3, "beta2": 0.3}],
}
CIRCUMSTANCES = {
    "plain": {},
    "clipped by norm": {"clip_norm": 0.1},
    "clipped by value": {"clip_value": 0.02},
    "clipped by both": {"clip_norm": 0.2, "clip_value": 0.05},
    "clipped by nothing near": {"clip_norm": 1e6},
    "on all rows": {"batch_size": 64},
    "row by row": {"batch_size": 1, "epochs": 1},
    "with warm-up": {"schedule": "cosine", "warmup": 0.3},
}


def assert_one_step_parity(recipes: list[Recipe], data: Dataset, *, steps: int = STEPS) -> None:
    """Each of a few steps of all recipes."""
    for one in recipes:
        assert NATIVE.refuses(one, data) is None
    offs = one_step_distances(recipes, data, steps=steps)
    wrong = {one.key: off for one, off in zip(recipes, offs, strict=True) if off > tolerances.ONE_STEP_64}
    assert not wrong


# --- optimizers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", COMPILED)
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_one_step_of_every_optimizer_with_all_its_options(optimizer: str, weighted: bool):
    shared = {"optimizer": optimizer, "learning_rate": 0.02, "dtype": "float64", "activation": "tanh", "widths": (7,)}
    recipes = [recipe(optimizer_options=options, **shared) for options in [{}, *OPTIMIZERS[optimizer]]]
    assert_one_step_parity(recipes, dataset(weighted=weighted))


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES)
def test_one_step_of_every_optimizer_in_every_circumstance(circumstance: str):
    shared = {"learning_rate": 0.02, "dtype": "float64", "activation": "tanh", "widths": (6, 4)}
    fields = {**shared, **CIRCUMSTANCES[circumstance]}
    steps = 3 if circumstance == "on all rows" else STEPS
    recipes = [recipe(optimizer=name, several=True, **fields) for name in COMPILED]
    assert_one_step_parity(recipes, dataset(several=True), steps=steps)


@pytest.mark.parametrize(
    ("rows", "batch_size"),
    [
        (700, 256),
        (700, 512),
        (514, 512),
        (1030, 1024),
        (3000, 4000),
        (513, 512),
        (2050, 2048),
    ],
)
def test_one_step_of_large_batches_and_of_what_is_left_over(rows: int, batch_size: int):
    """Which are taken in parts, of which a small rest may have none to give to some."""
    shared = {"learning_rate": 0.02, "dtype": "float64", "activation": "tanh", "widths": (7,), "batch_size": batch_size}
    recipes = [recipe(optimizer="sgd", seed=seed, **MOMENTUM, **shared) for seed in (0, 1)]
    recipes += [recipe(clip_norm=0.1, **shared), recipe(clip_value=0.01, **shared)]
    assert_one_step_parity(recipes, dataset(rows=(rows, 300, 0), weighted=True), steps=4)


def test_the_options_are_those_of_all_cards_and_the_optimizers_all_that_are_not_refused():
    assert set(COMPILED) == set(OPTIMIZERS)
    for optimizer, variants in OPTIMIZERS.items():
        known = {option.name for option in find("optimizer", optimizer).card.options}
        assert {name for options in variants for name in options} == known


# --- losses --------------------------------------------------------------------------------------

LOSS_OPTIONS: dict[str, list[dict]] = {
    "smooth_l1": [{"beta": 0.3}, {"beta": 0.0}],
    "huber": [{"delta": 0.3}],
    "quantile": [{"quantile": 0.9}],
    "poisson_nll": [{"full": True}, {"log_input": False}, {"log_input": False, "full": True, "eps": 0.1}],
    "gaussian_nll": [{"full": True}, {"eps": 0.5}],  # above some of the variances
    "hinge_embedding": [{"margin": 0.6}],
    "cross_entropy": [{"label_smoothing": 0.2}],
    "focal": [{"gamma": 0.0}, {"gamma": 0.5}, {"gamma": 5.0}],
    "multi_margin": [{"p": 2, "margin": 0.5}],
}
BY_CLASS = ("cross_entropy", "nll", "focal", "multi_margin")


def options_of(loss: str, task: Task) -> list[dict]:
    """Sets of options that mean something for a task."""
    sets = [{}, *LOSS_OPTIONS.get(loss, ())]
    if loss in BY_CLASS:
        sets += [options | {"weight": WEIGHTS[: 2 if task is Task.binary else 3]} for options in sets]
    if loss == "multilabel_soft_margin":
        sets += [{"weight": WEIGHTS}]
    if loss == "bce_with_logits":
        sets += [{"pos_weight": (2.5,)}] + [{"pos_weight": WEIGHTS}] * (task is Task.multilabel)
    return sets


TASKS = [(loss.card.name, task) for loss in LOSSES for task in loss.contract.tasks]


@pytest.mark.parametrize(("loss", "task"), TASKS, ids=[f"{loss}-{task.value}" for loss, task in TASKS])
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_one_step_of_every_loss_with_all_its_options(loss: str, task: Task, weighted: bool):
    shared = {"loss": loss, "dtype": "float64", "activation": "tanh", "widths": (7,), "optimizer": "sgd", **MOMENTUM}
    for several in (False, True) if task is Task.regression else (False,):
        recipes = [
            recipe(
                task, several=several, loss_options={**options, "reduction": reduction}, learning_rate=rate, **shared
            )
            for options, (reduction, rate) in product(options_of(loss, task), [("mean", 0.2), ("sum", 0.004)])
        ]
        assert_one_step_parity(recipes, dataset(task, weighted=weighted, several=several), steps=6)


def with_inputs(data: Dataset, change) -> Dataset:
    """The same rows with other inputs in all splits."""
    splits = {part: getattr(data, part) for part in ("train", "validation", "test")}
    changed = {part: dataclasses.replace(split, inputs=change(split.inputs)) for part, split in splits.items()}
    return dataclasses.replace(data, **changed)


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e-6])
def test_one_step_of_every_loss_from_outputs_far_from_the_usual(scale: float):
    """Where sigmoids are 0 or 1 to the last bit, logarithms are cut off, and rates overflow."""
    for task in Task:
        shared = {"dtype": "float64", "widths": (7,), "optimizer": "sgd", "learning_rate": 1e-9, **MOMENTUM}
        recipes = [
            recipe(task, loss=loss, loss_options=options, **shared)
            for loss, of in TASKS
            if of is task
            for options in options_of(loss, task)
        ]
        assert_one_step_parity(recipes, with_inputs(dataset(task), lambda x: scale * x), steps=4)


def test_the_options_of_losses_are_those_of_all_cards():
    for loss in LOSSES:
        known = {option.name for option in loss.card.options} - {"reduction"}
        sets = [options for task in loss.contract.tasks for options in options_of(loss.card.name, task)]
        assert {name for options in sets for name in options} == known


# --- activations ---------------------------------------------------------------------------------

ACTIVATION_OPTIONS: dict[str, list[dict]] = {
    "leaky_relu": [{"negative_slope": 0.3}, {"negative_slope": 0.0}, {"negative_slope": 2.0}],
    "hardtanh": [{"min_val": -0.2, "max_val": 0.5}, {"min_val": 0.0}],
    "hardshrink": [{"lambd": 0.1}, {"lambd": 0.0}],
    "softshrink": [{"lambd": 0.1}, {"lambd": 0.0}],
    "threshold": [{"threshold": 0.1, "value": -0.3}, {"threshold": -0.2}],
    "elu": [{"alpha": 0.3}, {"alpha": 0.0}],
    "celu": [{"alpha": 0.25}, {"alpha": 4.0}],
    "gelu": [{"approximate": "tanh"}],
    "softplus": [{"beta": 3.0}, {"beta": 2.0, "threshold": 0.5}],
}
ACTIVATIONS = [name for name in names("activation") if name != "prelu"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_step_of_every_activation_with_all_its_options(activation: str):
    shared = {"activation": activation, "dtype": "float64", "optimizer": "sgd", **MOMENTUM, "learning_rate": 0.3}
    recipes = [
        recipe(widths=widths, activation_options=options, **shared)
        for options, widths in product([{}, *ACTIVATION_OPTIONS.get(activation, ())], [(9,), (6, 5, 4)])
    ]
    assert_one_step_parity(recipes, dataset())


def every_activation(**fields) -> list[Recipe]:
    return [
        recipe(activation=activation, activation_options=options, widths=(6, 5), dtype="float64", **fields)
        for activation in ACTIVATIONS
        for options in [{}, *ACTIVATION_OPTIONS.get(activation, ())]
    ]


def test_one_step_of_every_activation_far_from_zero():
    recipes = every_activation(optimizer="sgd", learning_rate=1e-9, **MOMENTUM)
    assert_one_step_parity(recipes, with_inputs(dataset(), lambda x: 300 * x), steps=4)


def test_one_step_of_every_activation_from_zero_itself():
    """No inputs and no biases: every unit is at 0, where many activations have a corner."""
    recipes = every_activation(optimizer="sgd", initialization="kaiming_normal", learning_rate=0.1, **MOMENTUM)
    assert_one_step_parity(recipes, with_inputs(dataset(), torch.zeros_like), steps=1)


def test_one_step_of_every_loss_of_numbers_from_the_target_itself():
    """A linear model without inputs and bias says 0, which is what is wanted of it."""
    data = with_inputs(dataset(), torch.zeros_like)
    split = dataclasses.replace(data.train, targets=torch.full_like(data.train.targets, data.target.mean[0]))
    shared = {"widths": (), "optimizer": "sgd", "initialization": "kaiming_normal", "dtype": "float64", **MOMENTUM}
    recipes = [
        recipe(loss=loss, loss_options=options, **shared)
        for loss, task in TASKS
        if task is Task.regression
        for options in options_of(loss, task)
    ]
    assert_one_step_parity(recipes, dataclasses.replace(data, train=split), steps=1)


def test_the_options_of_activations_are_those_of_all_cards():
    for activation in ACTIVATIONS:
        known = {option.name for option in find("activation", activation).card.options}
        assert {name for options in ACTIVATION_OPTIONS.get(activation, ()) for name in options} == known
