"""Splits by a column: by time, so that the future is predicted from the past, or by whole groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from fallline.core.errors import ArgumentError, DataError
from fallline.data.split import SHARE, Parts
from fallline.data.target import find

__all__ = ["SplitBy", "split_by_group", "split_by_time"]


@dataclass(frozen=True)
class SplitBy:
    """How rows are to be split.

    Args:
        how: ``auto`` (by classes where there are any), ``random``, ``stratified``, ``time`` or ``group``.
        column: Of the times or the groups.
    """

    how: str = "auto"
    column: str | None = None

    def said(self, *, classes: bool) -> str:
        """How rows with or without ``classes`` are split, as `parse` takes it.

        Example:
            >>> SplitBy().said(classes=True), SplitBy("group", "patient").said(classes=True)
            ('stratified', 'group:patient')
        """
        if self.how == "auto":
            return "stratified" if classes else "random"
        return self.how if self.column is None else f"{self.how}:{self.column}"

    @classmethod
    def parse(cls, text: str | None, columns: list[str], *, doing: str) -> SplitBy:
        """What ``random``, ``stratified``, ``time:COLUMN`` or ``group:COLUMN`` says; None is ``auto``.

        Raises:
            ArgumentError: It says nothing of that kind.
            UnknownNameError: There is no such column.
        """
        if text is None:
            return cls()
        how, colon, name = text.partition(":")
        if how in ("random", "stratified") and not colon:
            return cls(how)
        if how in ("time", "group") and name.strip():
            return cls(how, find(columns, name.strip(), doing=doing, kind=f"split_by {how}"))
        raise ArgumentError(
            doing,
            "this is no way to split the rows",
            expected="random, stratified, time:COLUMN or group:COLUMN",
            got=f"split_by = {text!r}",
        )


def split_by_time(times: pl.Series, *, test: bool = True, doing: str = "splitting the rows") -> Parts:
    """The last 20 % in time are for testing, the 20 % before them for validation; no moment is in two parts.

    Args:
        times: When each row was ``(row,)``, none missing: dates, times or numbers.
        test: Whether to take test rows; if not, the last 20 % are for validation.
        doing: What an error says was being done.

    Raises:
        DataError: The column is no time, or there are fewer moments than parts.
    """
    if not (times.dtype.is_numeric() or times.dtype.is_temporal()):
        raise DataError(
            doing,
            f"{times.name!r} holds no times, so the rows cannot be put in order by it",
            expected="dates (2024-12-31, or 2024-12-31 23:59) or numbers",
            got=f"{times.name} = {str(times[0])[:80]!r}",
        )
    order = times.arg_sort().to_numpy()
    ranked = times.gather(pl.Series(order))
    # Where the moment changes, a part may begin.
    begins = np.flatnonzero(ranked.rank("dense").cast(pl.Int64).diff().fill_null(0).to_numpy())
    wanted = [len(times) * (1 - 2 * SHARE), len(times) * (1 - SHARE)] if test else [len(times) * (1 - SHARE)]
    if len(begins) < len(wanted):
        raise DataError(
            doing,
            f"{times.name!r} has too few different times",
            expected=f"{len(wanted) + 1} at least",
            got=f"{len(begins) + 1}",
        )
    cuts = _nearest_cuts(begins, wanted)
    train, validation, *tested = np.split(order, cuts)
    starts = zip(("validation", "test"), (ranked[cut] for cut in cuts), strict=False)
    named = ", ".join(f"{what} from {start}" for what, start in starts)
    note = f"Split by time: {named} ({times.name}); no row of an earlier part is later."
    return Parts(np.sort(train), np.sort(validation), np.sort(tested[0] if tested else np.arange(0)), (note,))


def _nearest_cuts(begins: np.ndarray, wanted: list[float]) -> list[int]:
    """For each wanted position the nearest of ``begins``, no two the same."""
    last = begins[np.argmin(np.abs(begins - wanted[-1]))]
    if len(wanted) == 1:
        return [int(last)]
    before = begins[begins < last]
    if not len(before):
        return [int(begins[0]), int(begins[1])]
    return [int(before[np.argmin(np.abs(before - wanted[0]))]), int(last)]


def split_by_group(groups: pl.Series, *, seed: int, test: bool = True, doing: str = "splitting the rows") -> Parts:
    """Draw whole groups: about 20 % of the rows each for testing and validation, no group in two parts.

    Args:
        groups: The group of each row ``(row,)``, none missing.
        seed: The study's ``split_seed``.
        test: Whether to draw test rows.
        doing: What an error says was being done.

    Raises:
        DataError: There are fewer groups than parts.
    """
    ids = groups.rank("dense").cast(pl.Int64).to_numpy() - 1
    sizes, goal = np.bincount(ids), SHARE * len(ids)
    parts = 3 if test else 2
    if len(sizes) < parts:
        raise DataError(
            doing, f"{groups.name!r} has too few groups", expected=f"{parts} groups at least", got=f"{len(sizes)}"
        )
    order = np.random.default_rng(seed).permutation(len(sizes))
    # Groups that would fill a part alone come last, so that they are for training.
    order = order[np.argsort(sizes[order] > goal, kind="stable")]
    tests = _first_groups(sizes[order], goal, leave=2) if test else 0
    validations = _first_groups(sizes[order[tests:]], goal, leave=1)
    chosen = np.split(order, [tests, tests + validations])
    tested, validation, train = (np.flatnonzero(np.isin(ids, part)) for part in chosen)
    counts = [
        f"{len(chosen[2]):,} for training",
        f"{len(chosen[1]):,} for validation",
        f"{len(chosen[0]):,} for testing",
    ]
    note = f"Split by {groups.name}, whose groups are each in one part only: {', '.join(counts[:parts])}."
    return Parts(train, validation, tested, (note,))


def _first_groups(sizes: np.ndarray, goal: float, *, leave: int) -> int:
    """How many groups from the first have about ``goal`` rows: one at least, and not the last ``leave``."""
    return 1 + int(np.argmin(np.abs(np.cumsum(sizes[: len(sizes) - leave]) - goal)))
