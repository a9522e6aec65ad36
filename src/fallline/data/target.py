"""The target column: finding it, inferring its task, turning its values into class ids or numbers.

Several target columns are found here too; what they make together is in `fallline.data.targets`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from fallline.core.errors import DataError, UnknownNameError
from fallline.core.task import Label, Target, Task

__all__ = ["Facts", "Source", "find", "find_all", "infer", "moments", "values"]

Source = Literal["text", "boolean", "integer", "number"]

_MANY_CLASSES = 20
_CLASSES_FOR_A_LOSS = 100
_TINY = 4 * float(np.finfo(np.float64).tiny)


def find(columns: Sequence[str], target: str | int, *, doing: str = "finding the target", kind: str = "target") -> str:
    """The name of a column, such as the target.

    Args:
        columns: Names of the columns, in order.
        target: A name, or a position counted from 1, or from the end if negative (-1 is the last). A name
            wins over a number: ``"3"`` is the column named 3 if there is one.
        doing: What an error says was being done.
        kind: What an error calls the column.

    Raises:
        UnknownNameError: There is no column of that name.
        DataError: There is no column at that position.

    Example:
        >>> find(["a", "b", "c"], -1)
        'c'
    """
    if isinstance(target, str):
        if target in columns:
            return target
        try:
            target = int(target)
        except ValueError:
            raise UnknownNameError.among(columns, str(target), doing=doing, kind="column") from None
    position = target - 1 if target > 0 else len(columns) + target
    if target == 0 or not 0 <= position < len(columns):
        raise DataError(
            doing,
            "there is no column at that position",
            expected=f"1 … {len(columns)}, or -1 … -{len(columns)} from the end",
            got=f"{kind} = {target}",
        )
    return columns[position]


def find_all(
    columns: Sequence[str], target: str | int | Sequence[str | int], *, doing: str = "finding the target"
) -> tuple[str, ...]:
    """The names of one or several target columns.

    Args:
        columns: Names of the columns, in order.
        target: What `find` takes, or several of them, as a sequence or as one text with commas between them.
            A column whose own name has a comma wins.
        doing: What an error says was being done.

    Raises:
        UnknownNameError: There is no column of such a name.
        DataError: There is no column at a position, a column is named twice, or none is named.

    Example:
        >>> find_all(["a", "b", "c"], "a, -1")
        ('a', 'c')
    """
    if isinstance(target, str):
        target = [target] if target in columns else [part.strip() for part in target.split(",")]
    if not isinstance(target, int) and len(target) > max(len(columns), 2):
        raise DataError(
            doing,
            "there are more of them than columns",
            expected="names or positions of columns",
            got=f"{len(target):,} of them",
            do="fl.train((X, y)), if they are the values to predict",
        )
    names = tuple(find(columns, part, doing=doing) for part in ([target] if isinstance(target, int) else target))
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice or not names:
        wrong = f"{twice[0]!r} is named twice" if twice else "no column is named"
        raise DataError(doing, wrong, expected="one or more different columns", got=f"target = {target}"[:120])
    return names


@dataclass(frozen=True)
class Facts:
    """What decides about the task of a column without missing values.

    Args:
        name: Of the column.
        source: What it holds.
        rows: How many values.
        distinct: How many different ones.
        negative: Whether one is below 0.
        label: Whether they are 0 and 1, or false and true.
    """

    name: str
    source: Source
    rows: int
    distinct: int
    negative: bool
    label: bool

    @classmethod
    def of(cls, column: pl.Series) -> Facts:
        """The facts of ``column``.

        Raises:
            DataError: It is constant, or of a type that cannot be predicted.
        """
        if column.dtype.is_nested() or column.dtype.is_temporal() or column.dtype == pl.Object:
            raise DataError(
                _doing(column),
                "it cannot be predicted",
                expected="numbers, booleans, or text",
                got=str(column.dtype),
            )
        distinct = column.n_unique()
        if distinct < 2:
            value = repr(column[0]) if len(column) else "no value"
            raise DataError(_doing(column), "it is constant", expected="two different values at least", got=value)
        source = _source(column)
        numeric = source in ("integer", "number")
        negative = numeric and bool((column < 0).any())
        label = source == "boolean" or (distinct == 2 and numeric and (column.min(), column.max()) == (0, 1))
        return cls(column.name, source, len(column), distinct, negative, label)

    @property
    def phrase(self) -> str:
        """What it holds, to be read out."""
        kind = {"text": "text", "boolean": "booleans", "integer": "integers", "number": "numbers"}[self.source]
        return f"{kind} with {self.distinct:,} distinct values on {self.rows:,} rows"

    @property
    def task(self) -> Task:
        """DESIGN §6: text, boolean, and integers with few distinct values are classes, else regression."""
        few = self.distinct == 2 or (self.distinct <= 10 and self.distinct <= 0.05 * self.rows)
        if self.source in ("text", "boolean") or (self.source == "integer" and few):
            return Task.binary if self.distinct == 2 else Task.multiclass
        return Task.regression

    def refusal(self, task: Task) -> str | None:
        """What the task would need that the column does not have, or None."""
        match task:
            case Task.regression if self.source == "text":
                return "numbers"
            case Task.counts if self.source != "integer" or self.negative:
                return "whole numbers of at least 0"
            case Task.binary if self.distinct != 2:
                return "exactly two distinct values"
            case Task.multiclass if self.distinct > max(_MANY_CLASSES, self.rows // 2):
                return "at most half as many classes as rows"
            case Task.multilabel:
                return "several target columns of 0 and 1"
        return None

    def admits(self, task: Task) -> bool:
        """Whether the column may be taken for the task without having been asked to."""
        if task is Task.multiclass and (self.source == "number" or self.distinct > _CLASSES_FOR_A_LOSS):
            return False
        return self.refusal(task) is None


def infer(column: pl.Series, *, task: Task | None = None, allowed: tuple[Task, ...] | None = None) -> Target:
    """The target that a column makes: its task, and its classes if it has any.

    Args:
        column: The values ``(row,)``; missing ones do not count.
        task: The task that was asked for; None infers it.
        allowed: The tasks that the chosen loss is for. If the inferred one is not among them, the first that
            the column admits is taken; if it admits none, the inferred one stays.

    Returns:
        The target, with mean 0 and scale 1 until the training rows are known (`moments`).

    Raises:
        DataError: The column is constant, or does not admit the task that was asked for.

    Example:
        >>> infer(pl.Series("answer", ["yes", "no", "yes"])).classes
        ('no', 'yes')
    """
    column = column.drop_nulls()
    facts = Facts.of(column)
    task, reason = _chosen(facts, task, allowed)
    classes = _classes(column, facts) if task.classifies else ()
    return Target(name=column.name, task=task, reason=reason, classes=classes, source=facts.source)


def values(column: pl.Series, target: Target, *, rows: np.ndarray | None = None) -> np.ndarray:
    """The target's values ``(row,)``: int64 class ids, or float64 numbers in their own unit.

    Args:
        column: The values, none missing.
        target: What they are values of.
        rows: Their positions in the source ``(row,)``, for errors; None where they are all of it.

    Raises:
        DataError: A value is of no class, or no number.
    """
    if not target.task.classifies:
        found, expected = column.cast(pl.Float64, strict=False), "a number"
    else:
        dtype = {"text": pl.String, "number": pl.Float64}.get(target.source, pl.Int64)
        labels = pl.Series(list(target.classes)).cast(dtype)
        places = pl.Series(range(len(labels)), dtype=pl.Int64)
        found = column.cast(dtype, strict=False).replace_strict(labels, places, default=None)
        expected = "of a known class"
    if found.null_count():
        at = int(found.is_null().arg_max() or 0)
        row = at if rows is None else int(rows[at])
        raise DataError(
            _doing(column),
            f"row {row + 1} is not {expected}",
            expected="one of " + ", ".join(map(str, target.classes[:20])) if target.classes else "numbers",
            got=repr(column[at]),
        )
    return np.array(found.to_numpy())


def moments(numbers: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, float]:
    """Mean and population standard deviation, weighted by Σw(x − mean)²/Σw.

    Args:
        numbers: Finite values ``(row,)``.
        weights: Their weights ``(row,)``; None for equal ones.

    *Numerics*: scaled by the largest magnitude, so that 1e300 does not overflow when squared. The deviation
    of a constant is 1, so that dividing by it is harmless; so is one too small to divide by.

    Example:
        >>> moments(np.array([1.0, 3.0]))
        (2.0, 1.0)
    """
    unit = float(np.abs(numbers).max(initial=0.0)) or 1.0
    unit = unit if unit > 1e100 or unit < 1e-100 else 1.0
    scaled = numbers / unit
    mean = float(np.average(scaled, weights=weights))
    deviation = float(np.sqrt(np.average((scaled - mean) ** 2, weights=weights)))
    # A constant column's mean may be off by rounding, which then looks like a deviation of a few ulps.
    spread = deviation > 10 * np.finfo(np.float64).eps * abs(mean)
    scale = deviation * unit
    return mean * unit, scale if spread and scale > _TINY else 1.0


def _source(column: pl.Series) -> Source:
    if column.dtype == pl.Boolean:
        return "boolean"
    if column.dtype.is_integer():
        return "integer"
    if column.dtype.is_float():
        # Beyond 2⁵³ every float is whole, which says nothing.
        whole = (column.floor() == column) & (column.abs() < 2.0**53)
        return "integer" if whole.all() else "number"
    return "text"


def _chosen(facts: Facts, task: Task | None, allowed: tuple[Task, ...] | None) -> tuple[Task, str]:
    if task is not None:
        needed = facts.refusal(task)
        if needed:
            raise DataError(
                f"taking {facts.name!r} for {task}",
                "the column does not admit this task",
                expected=needed,
                got=facts.phrase,
                do=None if facts.task is task or facts.refusal(facts.task) else f"task = {facts.task}",
            )
        return task, f"asked for; {facts.phrase}"
    inferred = facts.task
    if allowed and inferred not in allowed:
        for other in allowed:
            if facts.admits(other):
                return other, f"{facts.phrase}, taken for {other} because the loss is"
    elif (needed := facts.refusal(inferred)) is not None:
        raise DataError(
            f"taking {facts.name!r} for {inferred}",
            "it looks like an identifier",
            expected=needed,
            got=facts.phrase,
        )
    return inferred, facts.phrase


def _classes(column: pl.Series, facts: Facts) -> tuple[Label, ...]:
    found = column.unique().sort().to_list()
    return tuple(int(label) for label in found) if facts.source == "integer" else tuple(found)


def _doing(column: pl.Series) -> str:
    return f"taking {column.name!r} as the target"
