"""Test rows that are training rows too, and say nothing of how a network does on new ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from fallline.data.dataset import Split

__all__ = ["repeated_rows"]

_CHUNK = 65_536
"""Rows looked at together, which bounds the memory that it takes."""


def repeated_rows(test: Split, others: Sequence[Split]) -> int:
    """How many rows of ``test`` have the features and the targets of a row in ``others``.

    They are compared by 64-bit hashes: of a million rows on each side, a pair that is not alike has the same one with
    a chance of 1 in 10⁷.
    """
    return int(np.isin(_hashes(test), np.concatenate([_hashes(part) for part in others])).sum())


def _hashes(part: Split) -> np.ndarray:
    """One number for each row ``(row,)``, the same for equal rows."""
    inputs, targets = part.inputs.numpy(), np.atleast_2d(part.targets.numpy().T).T
    names = [f"y{column}" for column in range(targets.shape[1])]
    chunks = [np.empty(0, dtype=np.uint64)]
    for start in range(0, len(inputs), _CHUNK):
        rows = slice(start, start + _CHUNK)
        frame = pl.from_numpy(inputs[rows]).hstack(pl.from_numpy(targets[rows], schema=names))
        chunks.append(frame.hash_rows().to_numpy())
    return np.concatenate(chunks)
