"""What is predicted: the task and the target column, free of torch."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr

__all__ = ["Label", "Target", "Task"]

Label = StrictBool | StrictInt | StrictFloat | StrictStr


class Task(StrEnum):
    """The kind of question asked of the table."""

    regression = "regression"
    binary = "binary"
    multiclass = "multiclass"
    multilabel = "multilabel"
    counts = "counts"

    @property
    def classifies(self) -> bool:
        """Whether a prediction is one of a list of classes."""
        return self in (Task.binary, Task.multiclass)


class Target(BaseModel):
    """The target column: its task, its classes, its scale on the training rows.

    A binary or multiclass target is held as class ids, 0 … len(classes) - 1 in the order of ``classes``; several
    labels as a 0 or 1 for each; any other as numbers in their own unit.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    """The column's name; of several columns their names, joined by commas."""
    columns: tuple[str, ...] = ()
    """The names of several target columns; empty where there is one."""
    task: Task
    reason: str
    """Why this task was taken: a clause to be read out ("text with 3 distinct values")."""
    classes: tuple[Label, ...] = ()
    mean: tuple[float, ...] = (0.0,)
    """Weighted mean of each column over the training rows, in its own unit (0 for classes)."""
    scale: tuple[float, ...] = (1.0,)
    """Weighted standard deviation of each column over the training rows, in its own unit (1 for classes)."""
    source: Literal["text", "boolean", "integer", "number"] = "number"
    """What the column held before encoding."""

    @property
    def width(self) -> int:
        """The number of target columns."""
        return max(1, len(self.columns))
