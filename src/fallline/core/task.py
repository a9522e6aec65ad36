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

    A classification target is held as class ids, 0 … len(classes) - 1 in the order of ``classes``; any
    other as numbers in their own unit.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    task: Task
    reason: str
    """Why this task was taken: a clause to be read out ("text with 3 distinct values")."""
    classes: tuple[Label, ...] = ()
    mean: float = 0.0
    """Weighted mean over the training rows, in the target's own unit (0 for classes)."""
    scale: float = 1.0
    """Weighted standard deviation over the training rows, in the target's own unit (1 for classes)."""
    source: Literal["text", "boolean", "integer", "number"] = "number"
    """What the column held before encoding."""
