"""Columns brought to the few types that the rest of `data` knows.

Those are Int64, Float64 (missing, never NaN), Boolean and String; dates, times and nested values stay as they
are and are left out by the encoding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import numpy as np
import polars as pl

from fallline.data.scan import MISSING

__all__ = ["content_hash", "normalised", "parsed"]


def parsed(frame: pl.DataFrame, *, text: Collection[str] = ()) -> pl.DataFrame:
    """Read the text columns of ``frame`` as whole numbers, numbers or booleans where every value is one.

    Args:
        frame: Columns as a text file gave them.
        text: Names of columns that stay text whatever they hold.
    """
    return normalised(
        frame.with_columns(
            _parsed_text(column, keep=column.name in text) if column.dtype == pl.String else column for column in frame
        )
    )


def _parsed_text(column: pl.Series, *, keep: bool) -> pl.Series:
    stripped = column.str.strip_chars()
    stripped = stripped.set(stripped.is_in(MISSING), None)
    if keep or stripped.null_count() == len(stripped):
        return stripped
    for dtype in (pl.Int64, pl.Float64):
        numbers = stripped.cast(dtype, strict=False)
        if numbers.null_count() == stripped.null_count():
            return numbers
    lowered = stripped.str.to_lowercase()
    if lowered.drop_nulls().is_in(["true", "false"]).all():
        return lowered == "true"
    return stripped


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
    if dtype in (pl.Categorical, pl.Enum, pl.Null):
        return column.cast(pl.String)
    return column


def content_hash(frame: pl.DataFrame) -> str:
    """``sha256:…`` of the names, types and values of ``frame``, the same however it is held in memory."""
    digest = hashlib.sha256()
    for column in frame:
        digest.update(f"{column.name}\0{column.dtype}\0{len(column)}\0".encode())
        digest.update(column.is_null().to_numpy().tobytes())
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            digest.update(np.ascontiguousarray(column.fill_null(0).to_numpy()).tobytes())
        else:
            for value in column.drop_nulls().to_list():
                encoded = str(value).encode()
                digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return f"sha256:{digest.hexdigest()}"
