"""What a training job does when a field is not given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fallline.catalogue.registry import default_loss, find, ladder
from fallline.catalogue.resolution import resolved
from fallline.core.errors import UnknownNameError
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task

__all__ = ["RUNGS", "batch_size_for", "epochs_for", "patience_for", "plan", "task_named", "tasks_of"]

RUNGS = 16
"""Learning rates on a ladder."""
_STEPS = 3_000
_EPOCHS = 200


def batch_size_for(rows: int) -> int:
    """The power of two nearest to a fiftieth of the training rows, within 32 and 1,024.

    Example:
        >>> [batch_size_for(rows) for rows in (100, 10_000, 1_000_000)]
        [32, 256, 1024]
    """
    return min(1024, max(32, 2 ** round(math.log2(max(rows, 1) / 50))))


def epochs_for(rows: int, batch_size: int) -> int:
    """As many epochs as make about 3,000 steps, at most 200."""
    return min(_EPOCHS, max(1, _STEPS // math.ceil(rows / batch_size)))


def patience_for(epochs: int) -> int:
    """A tenth of the epochs, at least 10: long enough for a plateau, short enough to save the rest."""
    return max(10, epochs // 10)


def plan(given: Mapping[str, Any], *, target: Target, rows: int) -> Population:
    """The population of a training job: one recipe at each learning rate of a ladder.

    Args:
        given: The recipe's fields that the user gave.
        target: What is to be predicted.
        rows: Training rows.

    Raises:
        RecipeError: A field is out of range, or the loss makes no sense for the target.
        UnknownNameError: A name is not in the catalogue.
    """
    recipe = Recipe(**{"loss": default_loss(target.task), **given})
    planned: dict[str, Any] = {}
    if "batch_size" not in given:
        full = find("optimizer", recipe.optimizer).full_batch
        planned["batch_size"] = rows if full else batch_size_for(rows)
    if "epochs" not in given:
        planned["epochs"] = epochs_for(rows, planned.get("batch_size", recipe.batch_size))
    if "patience" not in given:
        planned["patience"] = patience_for(planned.get("epochs", recipe.epochs))
    recipe = resolved(recipe.replace(**planned), target, rows=rows)
    rates = [recipe.learning_rate] if "learning_rate" in given else ladder(recipe.optimizer, RUNGS)
    return Population.ladder(recipe, rates)


def task_named(name: str) -> Task:
    """The task called ``name``.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in tuple(Task):
        raise UnknownNameError.among([task.value for task in Task], name, doing="choosing the task", kind="task")
    return Task(name)


def tasks_of(loss: str | None) -> tuple[Task, ...] | None:
    """The tasks that a loss named by the user makes sense for; None where none is named."""
    return None if loss is None else find("loss", loss).contract.tasks
