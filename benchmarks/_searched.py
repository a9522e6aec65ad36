"""What the searches look for: six published tables, one space of recipes, one metric of the validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fallline.catalogue.resolution import resolved
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.data.prepare import prepare
from fallline.data.table import read
from fallline.study.metrics import HIGHER_IS_BETTER, Scorer
from fallline.study.plan import batch_size_for, epochs_for

__all__ = ["ACTIVATIONS", "OPTIMIZERS", "RATES", "TABLES", "WIDTHS", "Question"]

FOLDER = Path(__file__).resolve().parents[2] / "shared/data"

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")
WIDTHS = ((32,), (128, 32))
ACTIVATIONS = ("relu", "tanh")
RATES = (1e-4, 1.0)
"""The space is that of `compare` where nothing is named: Fallline takes 16 rates of this range, the peers any."""
EPOCHS = 100


@dataclass(frozen=True)
class Question:
    """A table to be learnt, split by one seed.

    Args:
        name: Of the file.
        target: Its column.
        drop: Columns that give the answer away.
        split_seed: Fixes which rows are validated on.
        epochs: Of every run, at most.
    """

    name: str
    target: str | int
    drop: tuple[str, ...] = ()
    split_seed: int = 0
    epochs: int = EPOCHS

    @property
    def path(self) -> str:
        return str(FOLDER / f"{self.name}.csv")

    @cached_property
    def data(self) -> Dataset:
        """The rows as every side trains on them."""
        return prepare(read(self.path), target=self.target, split_seed=self.split_seed, drop=self.drop).dataset

    @property
    def recipe(self) -> Recipe:
        """What all recipes share: the loss, the batches, and as many epochs for each, none ended early."""
        regression = self.data.target.task is Task.regression
        rows = len(self.data.train)
        batch = batch_size_for(rows)
        epochs = min(self.epochs, epochs_for(rows, batch))
        recipe = Recipe(loss="mse" if regression else "cross_entropy", batch_size=batch, epochs=epochs, patience=epochs)
        return resolved(recipe, self.data.target, rows=rows)

    @property
    def scorer(self) -> Scorer:
        return Scorer(self.data.target)

    @property
    def metric(self) -> str:
        return self.scorer.ranking

    @property
    def sign(self) -> int:
        """What a score is multiplied by so that higher is better."""
        return 1 if self.metric in HIGHER_IS_BETTER else -1


TABLES = (
    Question("heart", "target"),
    Question("penguins", "species"),
    Question("mpg", "mpg"),
    Question("titanic", "survived", drop=("alive",)),
    Question("winequality-red", -1),
    Question("abalone", -1),
)
