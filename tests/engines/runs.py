"""What the tests of every engine share: small recipes of many kinds, and what it means for two runs to be the same."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from fallline.catalogue.registry import resolved
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Epoch, Trained

EPOCHS = 6
BATCHES = 4  # of 50 rows, at most 16 each; the last has 2
LAST_STEP = EPOCHS * BATCHES


def recipe(task: Task = Task.regression, **fields) -> Recipe:
    """A small resolved recipe; ``fields`` as in a recipe."""
    return resolved(Recipe(**{"widths": (8,), "batch_size": 16, "epochs": EPOCHS, **fields}), task)


# For a regression, and unlike in everything that an engine has to keep track of.
KINDS = {
    "sgd": recipe(optimizer="sgd", learning_rate=0.1),
    "sgd with momentum": recipe(
        optimizer="sgd", learning_rate=0.05, optimizer_options={"momentum": 0.9, "nesterov": True}, seed=1
    ),
    "adam with dropout": recipe(optimizer="adam", learning_rate=0.01, dropout=0.3, widths=(8, 6), seed=2),
    "adamw in float64": recipe(optimizer="adamw", learning_rate=0.02, activation="gelu", dtype="float64"),
    "centered rmsprop": recipe(
        optimizer="rmsprop", learning_rate=0.01, optimizer_options={"centered": True, "momentum": 0.5}, loss="huber"
    ),
    "cosine with warm-up": recipe(learning_rate=0.05, schedule="cosine", warmup=0.3, clip_norm=0.5, seed=3),
    "gaussian, clipped": recipe(learning_rate=0.01, loss="gaussian_nll", clip_value=0.1, dropout=0.1, seed=4),
    "patient": recipe(optimizer="sgd", learning_rate=0.4, patience=2),
}
MIXED = Population(tuple(KINDS.values()))


def train(engine: Engine, recipes: Recipe | Iterable[Recipe], data: Dataset) -> tuple[Trained, ...]:
    """Every run, trained to its end."""
    recipes = (recipes,) if isinstance(recipes, Recipe) else tuple(recipes)
    training = engine.start(Population(recipes), data)
    training.advance(Epoch(max(recipe.epochs for recipe in recipes)))
    return training.trained()


def assert_same(one: Trained, other: Trained) -> None:
    """Two runs are the same: every number of them, bit for bit (a loss that is no number equals itself here)."""
    assert list(one.parameters) == list(other.parameters)
    for name, value in one.parameters.items():
        assert value.dtype is other.parameters[name].dtype
        assert torch.equal(value.nan_to_num(), other.parameters[name].nan_to_num())
    rest = ("training_losses", "validation_losses", "learning_rates", "outcome", "steps", "best_epoch", "best_loss")
    assert {name: repr(getattr(one, name)) for name in rest} == {name: repr(getattr(other, name)) for name in rest}


def assert_all_same(ones: Iterable[Trained], others: Iterable[Trained]) -> None:
    """Two trained populations are the same, run by run."""
    for one, other in zip(ones, others, strict=True):
        assert_same(one, other)
