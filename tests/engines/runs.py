"""What the tests of every engine share: small recipes of many kinds, and what it means for two runs to be the same."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from fallline.catalogue.resolution import resolved
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Epoch, Trained
from tests.reference.sets import target_of

ROWS = 50
EPOCHS = 6
BATCHES = 4  # of 50 rows, at most 16 each; the last has 2
LAST_STEP = EPOCHS * BATCHES


def recipe(task: Task = Task.regression, *, several: bool = False, **fields) -> Recipe:
    """A small resolved recipe; ``fields`` as in a recipe."""
    small = Recipe(**{"widths": (8,), "batch_size": 16, "epochs": EPOCHS, **fields})
    return resolved(small, target_of(task, several=several), rows=ROWS)


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
    "muon": recipe(optimizer="muon", learning_rate=0.02, activation="prelu", seed=5),
    "lion, one cycle": recipe(optimizer="lion", learning_rate=0.01, schedule="one_cycle", warmup=0.2),
    "nadam in float64": recipe(optimizer="nadam", learning_rate=0.02, dtype="float64", loss="quantile"),
    "batch normalization": recipe(
        learning_rate=0.02, normalization="batch", dropout=0.2, initialization="kaiming_normal"
    ),
    "layer normalization": recipe(
        optimizer="adafactor", learning_rate=0.1, normalization="layer", initialization="orthogonal", seed=6
    ),
    "plateau": recipe(
        optimizer="sgd",
        learning_rate=0.1,
        schedule="reduce_on_plateau",
        schedule_options={"patience": 0, "threshold": 0.3, "factor": 0.5},
    ),
    "a sum": recipe(optimizer="sgd", learning_rate=0.005, loss="log_cosh", loss_options={"reduction": "sum"}),
    "of torch itself": recipe(optimizer="torch.optim:SGD", learning_rate=0.05, optimizer_options={"momentum": 0.9}),
}
MIXED = Population(tuple(KINDS.values()))

SEARCHING = recipe(optimizer="lbfgs", learning_rate=0.5, batch_size=ROWS, optimizer_options={"max_iter": 4})
"""One step in an epoch, and several looks at the loss in a step."""


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
