"""From a table to tensors: the target and its task, the splits, the encoding."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from fallline.core.errors import DataError
from fallline.core.task import Target, Task
from fallline.data.choices import Choices, checked
from fallline.data.dataset import Dataset, Split
from fallline.data.encoding import announcements, fit
from fallline.data.leaks import suspected_leaks
from fallline.data.remarks import Remark, count_rows, sentences
from fallline.data.repeats import repeated_rows
from fallline.data.rows import Rows, given_rows, own_rows, parted
from fallline.data.schema import Schema, encode
from fallline.data.split import Parts
from fallline.data.splitby import SplitBy
from fallline.data.table import Table
from fallline.data.target import find, find_all, moments

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table made ready.

    Args:
        dataset: What engines train on; with folds, all rows but the test rows as its training rows.
        schema: What turns new rows into the same features.
        notes: All that was assumed and done on the way, one sentence each.
        split_by: How the rows were split: ``random``, ``stratified``, ``time:COLUMN`` or ``group:COLUMN``.
        leaks: Columns of which each alone tells a target.
        folds: What engines train on, fold by fold, where there are folds: each holds out other validation rows.
    """

    dataset: Dataset
    schema: Schema
    notes: tuple[str, ...]
    split_by: str
    leaks: tuple[str, ...]
    folds: tuple[Dataset, ...] = ()


def prepare(
    table: Table,
    *,
    target: str | int | Sequence[str | int] | None,
    task: Task | None = None,
    allowed: tuple[Task, ...] | None = None,
    weight: str | int | None = None,
    split_seed: int = 0,
    split_by: str | None = None,
    folds: int | None = None,
    test: Table | None = None,
    drop: Collection[str | int] = (),
    only: Collection[str | int] = (),
    categorical: Collection[str | int] = (),
    numeric: Collection[str | int] = (),
    ordered: Mapping[str, Sequence[object]] | None = None,
) -> Prepared:
    """Find the target, infer its task, split the rows, and encode them with statistics of the training rows.

    Args:
        table: What was read.
        target: A column's name or position, or several (`fallline.data.target.find_all`); None takes the
            table's own.
        task: The task that was asked for; None infers it.
        allowed: The tasks that the chosen loss is for (`fallline.data.target.infer`).
        weight: Name or position of the column of row weights, at least 0; rows of weight 0 are left out.
        split_seed: Seeds the splits.
        split_by: ``random``; ``stratified`` by the classes; ``time:COLUMN``, the last rows for testing and
            those before them for validation; ``group:COLUMN``, no group in two parts; None stratifies where
            there are classes. A column that the split is by is no feature, unless ``only``, ``categorical``,
            ``numeric`` or ``ordered`` names it.
        folds: Cut all rows but the test rows into so many folds, 2 or more, each of which is held out once; None:
            20 % of all rows are the validation rows. The encoding is then fitted on all rows but the test rows.
        test: The test rows; None draws 20 % of the table. Validation rows are drawn from the table always. A
            file is read best with the ``text_columns`` of the table as its ``text``.
        drop: Columns to leave out.
        only: The columns to use; empty for all.
        categorical: Columns whose values are categories, whatever they look like.
        numeric: Columns whose values are numbers, whatever they look like.
        ordered: Columns whose categories have an order, each with its levels from the lowest to the highest.

    Raises:
        DataError: The target is constant or does not admit the task, a weight is negative or infinite, rows
            are too few, no column is left to predict from, wishes contradict each other, or the test rows are
            not like the others.
        UnknownNameError: There is no such column.
        ArgumentError: ``split_by`` is no way to split, or none to cut folds by.
    """
    doing = f"preparing {table.source}"
    names = _target_names(table, target, doing)
    weight = None if weight is None else find(table.frame.columns, weight, doing=doing, kind="weight")
    by = SplitBy.parse(split_by, table.frame.columns, doing=doing)
    choices = checked(
        table.frame.columns,
        targets=names,
        weight=weight,
        aside=by.column,
        drop=drop,
        only=only,
        categorical=categorical,
        numeric=numeric,
        ordered=ordered,
        doing=doing,
    )
    own = own_rows(table, names, weight=weight, by=by.column, task=task, allowed=allowed, doing=doing)
    given = None if test is None else given_rows(test, own, weight=weight)
    parts = parted(own, by, seed=split_seed, test=given is None, folds=folds, doing=doing)
    split_by = by.said(classes=own.target.task.classifies)
    return _encoded(own, given, parts, weight=weight, choices=choices, split_by=split_by)


def _encoded(
    own: Rows, given: Rows | None, parts: Parts, *, weight: str | None, choices: Choices, split_by: str
) -> Prepared:
    """Fit the encoding on the training rows, and encode all parts."""
    table, train_rows, truths = own.table, own.usable.rows[parts.train], own.truths[parts.train]
    target = _scaled(own, parts.train)
    schema = fit(
        table.frame, target=target, train_rows=train_rows, weight=weight, choices=choices, written=table.written
    )
    cut = [_split(schema, own, positions) for positions in (parts.train, parts.validation)]
    cut.append(_split(schema, own, parts.test) if given is None else _split(schema, given, None))
    data = Dataset(*(part for part, _ in cut), target=target, features=schema.features)
    leaks = suspected_leaks(table.frame, schema.columns, target=target, truths=truths, rows=train_rows)
    notes = (
        *table.notes,
        *own.usable.notes,
        *(() if given is None else _test_notes(given, data)),
        f"Task: {target.task} ({target.name}: {target.reason}).",
        *parts.notes,
        *_unseen_classes(target, truths),
        *announcements(schema),
        *(leak.sentence for leak in leaks),
        *sentences(remark for _, remarks in cut for remark in remarks),
    )
    telling = tuple(dict.fromkeys(leak.column for leak in leaks))
    folds = tuple(_fold(data, parts, held_out) for held_out in parts.folds)
    return Prepared(dataset=data, schema=schema, notes=notes, split_by=split_by, leaks=telling, folds=folds)


def _fold(data: Dataset, parts: Parts, held_out: np.ndarray) -> Dataset:
    """The training rows without those that are held out, which are the validation rows."""
    held = torch.from_numpy(np.isin(parts.train, held_out))
    return replace(data, train=data.train.only(~held), validation=data.train.only(held))


def _target_names(table: Table, target: str | int | Sequence[str | int] | None, doing: str) -> tuple[str, ...]:
    chosen = table.target if target is None else target
    if chosen is None:
        raise DataError(
            doing,
            "it is not said which column to predict",
            expected="a column's name or position: " + ", ".join(table.frame.columns[:20]),
            do=f"--target {table.frame.columns[-1]}, or target={table.frame.columns[-1]!r}",
        )
    return find_all(table.frame.columns, chosen, doing=doing)


def _test_notes(given: Rows, data: Dataset) -> list[str]:
    rows, known = count_rows(len(given.usable.rows)), repeated_rows(data.test, (data.train, data.validation))
    return [
        f"The test rows are the {rows} of {given.table.source}.",
        *[f"Test set: the table that is trained on holds {count_rows(known)} of it too, which flatters the scores."]
        * bool(known),
        *(f"Test set: {note}" for note in (*given.table.notes, *given.usable.notes)),
    ]


def _split(schema: Schema, source: Rows, positions: np.ndarray | None) -> tuple[Split, tuple[Remark, ...]]:
    """A part, and what encoding it met; ``positions`` are among the usable rows, None for all."""
    chosen = slice(None) if positions is None else positions
    rows, weights = source.usable.rows[chosen], source.usable.weights
    encoded = encode(schema, source.table.frame, rows=rows, doing=f"encoding {source.table.source}")
    part = Split(
        inputs=torch.from_numpy(encoded.inputs),
        targets=torch.from_numpy(source.truths[chosen]),
        weights=None if weights is None else torch.from_numpy(weights[chosen].astype(np.float32)),
        rows=torch.from_numpy(rows),
    )
    return part, encoded.remarks


def _scaled(own: Rows, train: np.ndarray) -> Target:
    """The target with the mean and the scale of its training rows."""
    if own.target.task.classifies or own.target.task is Task.multilabel:
        return own.target
    weights = None if own.usable.weights is None else own.usable.weights[train]
    columns = np.atleast_2d(own.truths[train].T)
    mean, scale = zip(*(moments(column, weights) for column in columns), strict=True)
    return own.target.model_copy(update={"mean": mean, "scale": scale})


def _unseen_classes(target: Target, ids: np.ndarray) -> tuple[str, ...]:
    if target.task is Task.multilabel:
        same = [name for name, column in zip(target.columns, ids.T, strict=True) if np.ptp(column) == 0]
        return (f"All training rows agree on {', '.join(same)}; it cannot be learnt.",) if same else ()
    absent = np.setdiff1d(np.arange(len(target.classes)), ids)
    if not len(absent):
        return ()
    listed = ", ".join(str(target.classes[label]) for label in absent[:10])
    return (f"No training row is of class {listed}; it cannot be learnt.",)
