"""Several target columns: several numbers to predict at once, or several labels that may each be given or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from fallline.core.errors import DataError
from fallline.core.task import Target, Task
from fallline.data.target import Facts, Source, infer, values

__all__ = ["infer_all", "values_all"]

_TASKS = (Task.multilabel, Task.regression)


def infer_all(frame: pl.DataFrame, *, task: Task | None = None, allowed: tuple[Task, ...] | None = None) -> Target:
    """The target that the columns of ``frame`` make together; of one column as `fallline.data.target.infer` does.

    Several columns that each hold 0 and 1, or booleans, are labels; other numbers are a regression.

    Args:
        frame: The target columns, without missing values.
        task: The task that was asked for; None infers it.
        allowed: The tasks that the chosen loss is for. Where labels are not among them but regression is, the
            labels are taken as numbers.

    Returns:
        The target, each mean 0 and each scale 1 until the training rows are known.

    Raises:
        DataError: A column is constant, or the columns do not admit the task that was asked for.

    Example:
        >>> infer_all(pl.DataFrame({"rain": [0, 1, 1], "wind": [1, 0, 1]})).task
        <Task.multilabel: 'multilabel'>
    """
    columns = frame.get_columns()
    if len(columns) == 1:
        return infer(columns[0], task=task, allowed=allowed)
    facts = [Facts.of(column) for column in columns]
    name = ", ".join(frame.columns)
    chosen, said = _chosen(facts, task, allowed, name)
    return Target(
        name=name,
        columns=tuple(frame.columns),
        task=chosen,
        reason=f"{len(facts)} columns of {_kinds(facts)} on {frame.height:,} rows{said}",
        mean=(0.0,) * len(facts),
        scale=(1.0,) * len(facts),
        source=_source(facts),
    )


def values_all(frame: pl.DataFrame, target: Target, *, rows: np.ndarray | None = None) -> np.ndarray:
    """The target's values: as `fallline.data.target.values` gives them for one column, else ``(row, column)``.

    Several columns are int64 0 and 1 for labels, float64 numbers in their own unit for a regression.

    Raises:
        DataError: A value is of no class, or no number.
    """
    columns = [values(frame[name], target, rows=rows) for name in target.columns or (target.name,)]
    if not target.columns:
        return columns[0]
    out = np.stack(columns, axis=1)
    if target.task is not Task.multilabel:
        return out
    if not np.isin(out, (0, 1)).all():
        raise DataError(f"reading the labels {target.name!r}", "one is neither 0 nor 1", expected="0 or 1 in each")
    return out.astype(np.int64)


def _chosen(facts: Sequence[Facts], task: Task | None, allowed: tuple[Task, ...] | None, name: str) -> tuple[Task, str]:
    """The task, and what to add to its reason."""
    if task is not None and task not in _TASKS:
        raise DataError(
            f"taking {name!r} for {task}",
            f"this task has one target column, and there are {len(facts)}",
            expected="one column, or task = regression or multilabel",
            got=f"target = {name}",
        )
    for fact in facts:
        _refuse(fact, task)
    if task is not None:
        return task, ", asked for"
    inferred = Task.multilabel if all(fact.label for fact in facts) else Task.regression
    if inferred is Task.multilabel and allowed and inferred not in allowed and Task.regression in allowed:
        return Task.regression, ", taken for regression because the loss is"
    return inferred, ""


def _refuse(fact: Facts, task: Task | None) -> None:
    """Raise for a column that can be neither a label nor a number, or not what was asked for."""
    if fact.source == "text" or (task is Task.multilabel and not fact.label):
        raise DataError(
            f"taking {fact.name!r} as one of several targets",
            "it does not hold " + ("0 and 1" if task is Task.multilabel else "numbers"),
            expected="0 and 1, or false and true, in each label"
            + ("; numbers in each target of a regression" if task is None else ""),
            got=fact.phrase,
            likely="two classes as text: one such column alone can be the target" if fact.distinct == 2 else None,
            do="write 1 where the label is given and 0 where it is not"
            if fact.distinct == 2
            else ("--task regression" if fact.source != "text" else None),
        )


def _kinds(facts: Sequence[Facts]) -> str:
    if all(fact.label for fact in facts):
        return "booleans" if _source(facts) == "boolean" else "0 and 1"
    return "numbers" if _source(facts) == "number" else "integers"


def _source(facts: Sequence[Facts]) -> Source:
    found = {fact.source for fact in facts}
    if found == {"boolean"}:
        return "boolean"
    return "number" if "number" in found else "integer"
