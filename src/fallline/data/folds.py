"""Folds: the rows that are not for testing, cut so that each of them is held out once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from sklearn.model_selection import KFold, StratifiedKFold

from fallline.core.errors import ArgumentError, DataError
from fallline.data.split import Parts
from fallline.data.splitby import SplitBy

__all__ = ["folded", "require_foldable"]


def require_foldable(by: SplitBy, *, doing: str) -> None:
    """Refuse folds of rows that are in order.

    Raises:
        ArgumentError: They are split by time.
    """
    if by.how == "time":
        raise ArgumentError(
            doing,
            "folds of rows that are split by time would learn from the future of the rows that they are scored on",
            got=f"folds, with split_by = 'time:{by.column}'",
            do="leave --folds out, or --split-by out",
        )


def folded(
    parts: Parts,
    folds: int,
    *,
    seed: int,
    classes: np.ndarray | None = None,
    groups: pl.Series | None = None,
    doing: str = "splitting the rows",
) -> Parts:
    """All rows but the test rows for training, cut into folds: seeded, in proportion, or by whole groups.

    Args:
        parts: The split without folds, whose test rows stay as they are.
        folds: How many, 2 or more.
        seed: The study's ``split_seed``.
        classes: Class ids of all rows ``(row,)``, of which each fold gets its share.
        groups: The group of each row ``(row,)``, none of which is in two folds.
        doing: What an error says was being done.

    Raises:
        DataError: There are more folds than rows, rows of a class, or groups.
    """
    rest = np.sort(np.concatenate([parts.train, parts.validation]))
    drawn = f"{folds} folds of the {len(rest):,} rows that are not for testing"
    if groups is not None:
        held_out = _by_groups(groups.gather(pl.Series(rest)), folds, seed, doing)
        notes = (f"Drawn by {groups.name}, whose groups are each in one part only: {drawn}.",)
    elif classes is not None:
        held_out = _in_proportion(classes[rest], folds, seed, doing)
        notes = (*parts.notes, f"Drawn, classes in proportion: {drawn}.")
    else:
        _require(folds, len(rest), "rows that are not for testing", doing)
        held_out = [part for _, part in KFold(folds, shuffle=True, random_state=seed).split(rest)]
        notes = (*parts.notes, f"Drawn at random: {drawn}.")
    encoding = "One encoding serves them all: its statistics of inputs and target are those of all these rows."
    return replace(
        parts,
        train=rest,
        validation=np.arange(0),
        folds=tuple(rest[np.sort(part)] for part in held_out),
        notes=(*notes, encoding),
    )


def _in_proportion(classes: np.ndarray, folds: int, seed: int, doing: str) -> list[np.ndarray]:
    _require(folds, int(np.unique(classes, return_counts=True)[1].min()), "rows of the rarest class", doing)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [part for _, part in splitter.split(classes, classes)]


def _by_groups(groups: pl.Series, folds: int, seed: int, doing: str) -> list[np.ndarray]:
    """Whole groups, the largest first, each to the fold that has the fewest rows yet."""
    ids = groups.rank("dense").cast(pl.Int64).to_numpy() - 1
    sizes = np.bincount(ids)
    _require(folds, len(sizes), f"groups of {groups.name!r} that are not for testing", doing)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold, rows = np.empty(len(sizes), dtype=int), np.zeros(folds, dtype=int)
    for group in order:
        fold[group] = np.argmin(rows)
        rows[fold[group]] += sizes[group]
    return [np.flatnonzero(fold[ids] == number) for number in range(folds)]


def _require(folds: int, there: int, what: str, doing: str) -> None:
    if folds > there:
        raise DataError(
            doing,
            f"there are more folds than {what}",
            expected=f"at most {there:,} folds" if there > 1 else "no folds",
            got=f"folds = {folds:,}",
            do=f"--folds {there}" if there > 1 else "leave --folds out",
        )
