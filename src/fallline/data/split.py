"""Seeded splits into training, validation and test rows: 60, 20 and 20 percent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from fallline.core.errors import DataError

__all__ = ["LEAST_ROWS", "SHARE", "Parts", "split"]

LEAST_ROWS = 10
"""Fewer rows cannot be split."""

# Where every stratum has five rows, each part has at least as many rows as there are strata, and each stratum a
# row for each part: what train_test_split asks for. Where fewer rows are all there are, one stratum is left.
_SMALL_CLASS = 5
SHARE = 0.2
"""Of the rows, for testing; and for validation."""

_SHARE_OF_REST = 0.25


@dataclass(frozen=True, eq=False)
class Parts:
    """Positions of the rows of each part ``(row,)``, int64, ascending; and what there is to announce.

    Where the test rows are given from elsewhere, ``test`` is empty. Where there are folds, ``train`` are all others,
    ``validation`` is empty, and each of ``folds`` holds those of ``train`` that are validation rows in its turn.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    notes: tuple[str, ...] = ()
    folds: tuple[np.ndarray, ...] = ()


def split(
    rows: int,
    *,
    seed: int,
    classes: np.ndarray | None = None,
    test: bool = True,
    doing: str = "splitting the rows",
) -> Parts:
    """Draw the parts, each with the same share of every class where there are classes.

    Args:
        rows: Number of rows.
        seed: The study's ``split_seed``.
        classes: Class ids ``(row,)`` to stratify by; where some have fewer than five rows, the smallest are
            drawn as one, which is announced.
        test: Whether to draw test rows; if not, validation rows are 20 % of all.
        doing: What an error says was being done.

    Raises:
        DataError: There are too few rows.
    """
    if rows < LEAST_ROWS:
        raise DataError(
            doing,
            "there are too few rows to split",
            expected=f"{LEAST_ROWS} rows at least",
            got=f"{rows} rows",
        )
    if classes is None:
        return _drawn(rows, seed, None, test, ())
    strata, pooled = _strata(classes)
    note = f"The {pooled} smallest classes were split as one group: not all have {_SMALL_CLASS} rows."
    return _drawn(rows, seed, strata, test, (note,) if pooled else ())


def _strata(classes: np.ndarray) -> tuple[np.ndarray, int]:
    """The strata ``(row,)``, and how many classes share one: as many as give it enough rows."""
    found, ids, counts = np.unique(classes, return_inverse=True, return_counts=True)
    pooled = int((counts < _SMALL_CLASS).sum())
    if not pooled:
        return ids, 0
    order = np.argsort(counts, kind="stable")
    while pooled < len(found) and counts[order[:pooled]].sum() < _SMALL_CLASS:
        pooled += 1
    return np.where(np.isin(ids, order[:pooled]), len(found), ids), pooled


def _drawn(rows: int, seed: int, strata: np.ndarray | None, test: bool, notes: tuple[str, ...]) -> Parts:
    rest, tested = np.arange(rows), np.arange(0)
    if test:
        rest, tested = train_test_split(rest, test_size=SHARE, random_state=seed, stratify=strata)
    train, validation = train_test_split(
        rest,
        test_size=_SHARE_OF_REST if test else SHARE,
        random_state=seed,
        stratify=None if strata is None else strata[rest],
    )
    return Parts(np.sort(train), np.sort(validation), np.sort(tested), notes)
