"""Columns brought to the few types that the rest of `data` knows.

Those are Int64, Float64 (missing, never NaN; durations count seconds), Boolean and String; dates, times and
nested values stay as they are.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

__all__ = ["POLARS_FAULTS", "content_hash", "normalised"]

POLARS_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What polars raises for content it cannot read; damaged files have made it panic."""

_CHUNK = 100_000


def normalised(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with every column as Int64, Float64, Boolean or String where it can be."""
    return frame.with_columns(_normalised(column) for column in frame)


def _normalised(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if dtype.is_integer():
        try:
            return column.cast(pl.Int64)
        except pl.exceptions.PolarsError:  # beyond 64 bits
            return column.cast(pl.Float64)
    if dtype.is_float() or dtype.is_decimal():
        return column.cast(pl.Float64).fill_nan(None)
    if dtype == pl.Duration:
        return column.cast(pl.Duration("us")).to_physical() / 1_000_000
    if dtype == pl.Object:
        return _of_objects(column)
    if dtype in (pl.Categorical, pl.Enum, pl.Null):
        return column.cast(pl.String)
    return column


def _of_objects(column: pl.Series) -> pl.Series:
    """Python's objects as what they are, where they are all of one kind that polars knows (dates, say)."""
    try:
        found = pl.Series(column.name, column.to_list())
    except (TypeError, ValueError, OverflowError, *POLARS_FAULTS):
        return column
    return column if found.dtype == pl.Object else _normalised(found)


def content_hash(frame: pl.DataFrame) -> str:
    """``sha256:…`` of the names, types and values of ``frame``, the same however it is held in memory."""
    digest = hashlib.sha256()
    for column in frame:
        digest.update(f"{column.name}\0{column.dtype}\0{len(column)}\0".encode())
        digest.update(column.is_null().to_numpy().tobytes())
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            digest.update(np.ascontiguousarray(column.fill_null(0).to_numpy()).tobytes())
        else:
            present = column.drop_nulls()
            for start in range(0, len(present), _CHUNK):
                texts = [str(value).encode() for value in present[start : start + _CHUNK].to_list()]
                digest.update(np.array([len(text) for text in texts], np.int64).tobytes() + b"".join(texts))
    return f"sha256:{digest.hexdigest()}"
