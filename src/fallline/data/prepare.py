"""From a table to tensors: the target and its task, the splits, the encoding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch

from fallline.core.errors import DataError, UnknownNameError
from fallline.core.task import Target, Task
from fallline.data.columns import numbers
from fallline.data.dataset import Dataset, Split
from fallline.data.encoding import announcements, fit
from fallline.data.schema import Schema, encode
from fallline.data.split import LEAST_ROWS, split
from fallline.data.table import Table
from fallline.data.target import find, infer, moments, values

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table made ready.

    Args:
        dataset: What engines train on.
        schema: What turns new rows into the same features.
        notes: All that was assumed and done on the way, one sentence each.
    """

    dataset: Dataset
    schema: Schema
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Usable:
    """The rows that can be used ``(row,)``, their weights, and what there is to say about the others."""

    rows: np.ndarray
    weights: np.ndarray | None
    notes: tuple[str, ...]


def prepare(
    table: Table,
    *,
    target: str | int | None,
    task: Task | None = None,
    allowed: tuple[Task, ...] | None = None,
    weight: str | None = None,
    split_seed: int = 0,
) -> Prepared:
    """Find the target, infer its task, split the rows, and encode them with statistics of the training rows.

    Args:
        table: What was read.
        target: A column's name or position (`fallline.data.target.find`); None takes the table's own.
        task: The task that was asked for; None infers it.
        allowed: The tasks that the chosen loss is for (`fallline.data.target.infer`).
        weight: The column of row weights, numbers of at least 0; rows of weight 0 are left out.
        split_seed: Seeds the splits.

    Raises:
        DataError: The target is constant or does not admit the task, a weight is negative or infinite, rows
            are too few, or no column is left to predict from.
        UnknownNameError: There is no such column.
    """
    doing = f"preparing {table.source}"
    name = _target_name(table, target, doing)
    usable = _usable(table, name, weight, doing)
    column = table.frame[name][usable.rows]
    inferred = infer(column, task=task, allowed=allowed)
    truths = values(column, inferred)
    parts = split(len(truths), seed=split_seed, classes=truths if inferred.task.classifies else None, doing=doing)
    scaled = _scaled(inferred, truths, usable.weights, parts.train)
    schema = fit(table.frame, target=scaled, train_rows=usable.rows[parts.train], weight=weight)
    encoded = encode(schema, table.frame[usable.rows])
    splits = [
        _split(encoded.inputs, truths, usable, positions) for positions in (parts.train, parts.validation, parts.test)
    ]
    said = f"Task: {scaled.task} ({scaled.name}: {scaled.reason})."
    notes = (*table.notes, *usable.notes, said, *parts.notes, *_unseen_classes(scaled, truths[parts.train]))
    return Prepared(
        Dataset(*splits, target=scaled, features=schema.features),
        schema,
        (*notes, *announcements(schema), *encoded.notes),
    )


def _target_name(table: Table, target: str | int | None, doing: str) -> str:
    chosen = table.target if target is None else target
    if chosen is None:
        raise DataError(
            doing,
            "it is not said which column to predict",
            expected="a column's name or position: " + ", ".join(table.frame.columns[:20]),
            do=f"--target {table.frame.columns[-1]}, or target={table.frame.columns[-1]!r}",
        )
    return find(table.frame.columns, chosen, doing=doing)


def _usable(table: Table, target: str, weight: str | None, doing: str) -> _Usable:
    """Leave out the rows without a target or a weight."""
    column = table.frame[target]
    present = column.is_not_null()
    if column.dtype.is_float():
        present &= column.is_finite().fill_null(False)
    keep, notes, weights = present.to_numpy().copy(), [], None
    if without := int((~keep).sum()):
        notes.append(f"{_rows(without)} without a value of {target} left out.")
    if weight is not None:
        weights = _weights(table, weight, target, doing)
        light = keep & ~(weights > 0)
        if light.any():
            notes.append(f"{_rows(int(light.sum()))} with a weight of 0 or none in {weight} left out.")
        keep &= weights > 0
        weights = weights[keep]
    rows = np.flatnonzero(keep)
    if len(rows) < LEAST_ROWS:
        raise DataError(
            doing,
            "there are too few rows to split",
            expected=f"{LEAST_ROWS} rows with a value of {target!r} at least",
            got=f"{_rows(len(rows))}, of {len(keep):,} in the table",
        )
    return _Usable(rows, weights, tuple(notes))


def _weights(table: Table, weight: str, target: str, doing: str) -> np.ndarray:
    """The weights of all rows of the table ``(row,)``, NaN where missing."""
    if weight not in table.frame.columns:
        raise UnknownNameError.among(table.frame.columns, weight, doing=doing, kind="column")
    if weight == target:
        raise DataError(doing, f"{weight!r} is both the target and the weight", expected="two columns")
    column = table.frame[weight]
    weights, infinite = numbers(column)
    if infinite or (weights < 0).any():
        row = int(np.argmax((weights < 0) | column.cast(pl.Float64, strict=False).is_infinite().to_numpy()))
        raise DataError(
            doing,
            f"the weight of row {row + 1} cannot be used",
            expected="finite numbers of at least 0",
            got=f"{weight} = {column[row]}",
        )
    return weights


def _scaled(target: Target, truths: np.ndarray, weights: np.ndarray | None, train: np.ndarray) -> Target:
    if target.task.classifies:
        return target
    mean, scale = moments(truths[train], None if weights is None else weights[train])
    return target.model_copy(update={"mean": mean, "scale": scale})


def _split(inputs: np.ndarray, truths: np.ndarray, usable: _Usable, positions: np.ndarray) -> Split:
    return Split(
        inputs=torch.from_numpy(inputs[positions]),
        targets=torch.from_numpy(truths[positions]),
        weights=None if usable.weights is None else torch.from_numpy(usable.weights[positions].astype(np.float32)),
        rows=torch.from_numpy(usable.rows[positions]),
    )


def _unseen_classes(target: Target, ids: np.ndarray) -> tuple[str, ...]:
    absent = np.setdiff1d(np.arange(len(target.classes)), ids)
    if not len(absent):
        return ()
    listed = ", ".join(str(target.classes[label]) for label in absent[:10])
    return (f"No training row is of class {listed}; it cannot be learnt.",)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
