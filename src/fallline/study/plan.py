"""What a training job does when a field is not given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fallline.catalogue.registry import default_loss, find, ladder
from fallline.catalogue.resolution import resolved
from fallline.core.errors import RecipeError, UnknownNameError
from fallline.core.plain import plain
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task

__all__ = [
    "OPTIMIZER",
    "RUNGS",
    "batch_size_for",
    "epochs_for",
    "filled",
    "patience_for",
    "plan",
    "task_named",
    "tasks_of",
    "weight_decay_for",
]

OPTIMIZER = "adamw"
"""The optimizer taken when none is named; its decay is then `weight_decay_for` the table."""

RUNGS = 16
"""Learning rates on a ladder."""
_STEPS = 3_000
_EPOCHS = 200
# Tried on ten public tables of 90 to 2,505 training rows, by scores and losses on test rows. Without decay the run
# that is chosen on a small table is often sure of its mistakes (penguins: loss 0.10 instead of 0.02). A decay of 1 for
# tables of all sizes does as well there, but flattens what has many rows and few columns (a sine: R² 0.92, not 0.96).
_DECAY_ROWS = 200


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


def weight_decay_for(rows: int) -> float:
    """AdamW's weight decay for a table: 200 over its training rows, at most 1.

    Decay ``d`` holds every weight within about ``1 / d``: here within a two-hundredth of the rows, and never more
    tightly than 1, the scale of the inputs. The few rows of a small table admit many networks, of which the one with
    small weights is the smoothest; many rows choose for themselves.

    Args:
        rows: Training rows.

    *Differs from* torch's constant 0.01, which is next to nothing in a few thousand steps.

    Example:
        >>> [weight_decay_for(rows) for rows in (100, 1_000, 100_000)]
        [1.0, 0.2, 0.002]

    **Source**: Xie and Li (2024), for the bound; that a prior counts for less the more rows there are is Bayes' rule.
    """
    return min(1.0, float(f"{_DECAY_ROWS / max(rows, 1):.3g}"))


def plan(given: Mapping[str, Any], *, target: Target, rows: int) -> Population:
    """The population of a training job: one recipe at each learning rate of a ladder.

    Args:
        given: The recipe's fields that the user gave.
        target: What is to be predicted.
        rows: Training rows.

    Raises:
        RecipeError: A field is out of range or holds alternatives, or the loss makes no sense for the target.
        UnknownNameError: A name is not in the catalogue.
    """
    _require_one_each(given)
    recipe = resolved(filled(given, target=target, rows=rows), target, rows=rows)
    rates = [recipe.learning_rate] if "learning_rate" in given else ladder(recipe.optimizer, RUNGS)
    return Population.ladder(recipe, rates)


def filled(given: Mapping[str, Any], *, target: Target, rows: int, named: bool = True) -> Recipe:
    """The recipe of what was given and what follows from the table; the learning rate is yet to be chosen.

    An optimizer that the user named is taken with the catalogue's options and no others.

    Args:
        given: The recipe's fields that were given.
        target: What is to be predicted.
        rows: Training rows.
        named: Whether an optimizer that was given is the user's own choice.

    Raises:
        RecipeError: A field is out of range.
        UnknownNameError: A name is not in the catalogue.
    """
    recipe = Recipe(**{"loss": default_loss(target.task), "optimizer": OPTIMIZER, **given})
    planned: dict[str, Any] = {}
    if recipe.optimizer == OPTIMIZER and not (named and "optimizer" in given):
        planned["optimizer_options"] = {"weight_decay": weight_decay_for(rows), **recipe.optimizer_options}
    if "batch_size" not in given:
        full = find("optimizer", recipe.optimizer).full_batch
        planned["batch_size"] = rows if full else batch_size_for(rows)
    if "epochs" not in given:
        planned["epochs"] = epochs_for(rows, planned.get("batch_size", recipe.batch_size))
    if "patience" not in given:
        planned["patience"] = patience_for(planned.get("epochs", recipe.epochs))
    return recipe.replace(**planned) if planned else recipe


def _require_one_each(given: Mapping[str, Any]) -> None:
    """A training has one value for each field."""
    for name, value in given.items():
        held = plain(value)
        lists = isinstance(held, list) and (name != "widths" or any(isinstance(each, list) for each in held))
        if lists or (isinstance(held, str) and "," in held):
            raise RecipeError(
                "setting up the training",
                f"{name} holds alternatives",
                expected="a single value",
                got=f"{name} = {value!r}"[:120],
                do="fallline compare, or fl.compare(…), which takes alternatives",
            )


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
