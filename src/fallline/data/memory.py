"""Tables that are already in memory: DataFrames, arrays, tensors, lists, scikit-learn bunches."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fallline.core.errors import DataError, SourceError

__all__ = ["Held", "bunch_frame", "frame_of"]

_ACCEPTED = (
    "a path, the name of a built-in set, a DataFrame, an Arrow table, a dictionary of columns, (X, y), or a "
    "scikit-learn Bunch"
)


@dataclass(frozen=True)
class Held:
    """A table from memory: its columns, what to call it, and the target or targets it came with."""

    frame: pl.DataFrame
    name: str
    source: str
    target: str | tuple[str, ...] | None = None


def frame_of(source: object) -> Held:
    """The columns of a DataFrame, a dictionary, ``(X, y)``, X alone (new rows), or a scikit-learn Bunch.

    Raises:
        SourceError: It is none of them.
        DataError: Its parts do not make a table.
    """
    if _is(source, "sklearn.utils", "Bunch"):
        frame, target = bunch_frame(source)
        held = Held(frame, "bunch", "a scikit-learn Bunch", target)
    elif isinstance(source, tuple) and len(source) == 2:
        held = _pair(source[0], source[1])
    elif isinstance(source, np.ndarray) or _is(source, "torch", "Tensor"):
        held = Held(_columns(source, "reading X"), "arrays", "arrays")
    elif isinstance(source, dict):
        held = Held(_columns_of(source), "frame", "a dictionary of columns")
    elif (frame := _data_frame(source)) is not None:
        held = Held(frame, "frame", "a DataFrame")
    else:
        raise SourceError("reading a table", "it is of no kind that can be read", expected=_ACCEPTED, got=_kind(source))
    if not held.frame.height:
        raise DataError(f"reading {held.source}", "it has no rows")
    return held


def bunch_frame(bunch: Any) -> tuple[pl.DataFrame, str | tuple[str, ...]]:
    """The features and the targets of a scikit-learn Bunch as one table, and the name of its target or targets.

    Whole-number targets with one name for each class become those names.
    """
    doing = "reading a scikit-learn Bunch"
    features = _columns(bunch["data"], doing, names=bunch.get("feature_names"))
    target, names = _array(bunch["target"]), bunch.get("target_names")
    if target.ndim == 2 and target.shape[1] > 1:
        names = list(map(str, names)) if names is not None and len(names) == target.shape[1] else None
        targets = _several(target, doing, names=names)
        return _joined(features, targets, doing), tuple(targets.columns)
    target, name = target.reshape(-1), "target"
    if names is not None and len(names) == 1:
        name = str(names[0])
    elif names is not None and np.asarray(names).dtype.kind in "UO" and target.dtype.kind in "iu":
        target = np.asarray([str(label) for label in names], dtype=object)[target]
    return _joined(features, pl.DataFrame([_series(name, target, doing)]), doing), name


def _pair(inputs: Any, targets: Any) -> Held:
    doing = "reading (X, y)"
    columns = _targets(targets, doing)
    names = tuple(columns.columns)
    return Held(
        _joined(_columns(inputs, doing), columns, doing), "arrays", "arrays", names[0] if len(names) == 1 else names
    )


def _targets(targets: Any, doing: str) -> pl.DataFrame:
    """One or several columns, called y, or y1, y2, … unless they have names."""
    frame = _data_frame(targets)
    if frame is not None and frame.width:
        return frame
    if isinstance(targets, pl.Series):
        return pl.DataFrame([targets.alias(targets.name or "y")])
    if _is(targets, "pandas", "Series"):
        name = str(targets.name if targets.name is not None else "y")
        return pl.DataFrame([_pandas_column(name, targets, doing)])
    array = _array(targets)
    if array.ndim == 2 and array.shape[1] > 1:
        return _several(array, doing)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            doing, "y is no column", expected="shape (row,), or (row, target) for several", got=f"shape {array.shape}"
        )
    return pl.DataFrame([_series("y", array, doing)])


def _several(array: np.ndarray, doing: str, *, names: list[str] | None = None) -> pl.DataFrame:
    names = names or [f"y{position + 1}" for position in range(array.shape[1])]
    return pl.DataFrame([_series(name, array[:, position], doing) for position, name in enumerate(names)])


def _joined(features: pl.DataFrame, targets: pl.DataFrame, doing: str) -> pl.DataFrame:
    if features.height != targets.height:
        raise DataError(
            doing,
            "X and y differ in their number of rows",
            got=f"{features.height:,} rows of X and {targets.height:,} of y",
        )
    for name in targets.columns:
        if name in features.columns:
            raise DataError(doing, f"X has a column named {name!r} too", expected="a name of its own for the target")
    return features.with_columns(targets)


def _columns(inputs: Any, doing: str, *, names: Any = None) -> pl.DataFrame:
    """X as a table, whose columns are x1, x2, … unless it names them."""
    frame = _data_frame(inputs)
    if frame is not None:
        return frame
    array = _array(inputs)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise DataError(
            doing,
            "X is not a table",
            expected="shape (row, feature)",
            got=f"shape {array.shape}",
            do="X.reshape(len(X), -1) makes one row of each example",
        )
    names = [f"x{position + 1}" for position in range(array.shape[1])] if names is None else map(str, names)
    return pl.DataFrame([_series(name, array[:, position], doing) for position, name in enumerate(names)])


def _columns_of(columns: dict[Any, Any]) -> pl.DataFrame:
    doing = "reading a dictionary of columns"
    series = [_series(str(name), _array(values), doing) for name, values in columns.items()]
    lengths = {column.name: len(column) for column in series}
    if len(set(lengths.values())) > 1:
        raise DataError(doing, "its columns differ in length", got=", ".join(f"{k}: {n}" for k, n in lengths.items()))
    return pl.DataFrame(series)


def _data_frame(source: Any) -> pl.DataFrame | None:
    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    if _is(source, "pyarrow", "Table") or _is(source, "pyarrow", "RecordBatch"):
        return _arrow_frame(source)
    if not _is(source, "pandas", "DataFrame"):
        return None
    doing = "reading a DataFrame"
    names = [str(name) for name in source.columns]
    _refuse_twice(names, doing)
    return pl.DataFrame([_pandas_column(name, source.iloc[:, position], doing) for position, name in enumerate(names)])


def _arrow_frame(table: Any) -> pl.DataFrame:
    doing = "reading an Arrow table"
    _refuse_twice(table.schema.names, doing)
    try:
        return pl.DataFrame(pl.from_arrow(table))
    except (pl.exceptions.PolarsError, ValueError, TypeError) as error:
        raise DataError(doing, "it cannot be read", got=str(error).splitlines()[0]) from None


def _refuse_twice(names: list[str], doing: str) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise DataError(doing, f"two columns have the same name: {', '.join(map(repr, twice))}")


def _pandas_column(name: str, column: Any, doing: str) -> pl.Series:
    """By way of numpy or a list, so that pyarrow need not be there."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufbmM":
        return _series(name, column.to_numpy(), doing)
    values = column.astype(object)
    return _series(name, values.where(values.notna(), None).to_numpy(), doing)


def _series(name: str, values: np.ndarray, doing: str) -> pl.Series:
    if values.dtype.kind in "iufbmM":
        return pl.Series(name, np.ascontiguousarray(values))
    try:
        # A NaN among texts is how numpy and pandas say missing; it alone differs from itself.
        return pl.Series(name, [None if value != value else value for value in values.tolist()])
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        kinds = sorted({type(value).__name__ for value in values if value is not None})
        raise DataError(
            doing,
            f"column {name!r} holds values of several kinds",
            expected="numbers, booleans, or text",
            got=", ".join(kinds),
        ) from None


def _array(values: Any) -> np.ndarray:
    """A tensor, list or array-like as a numpy array."""
    if _is(values, "torch", "Tensor"):
        tensor = values.detach().cpu()
        return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    try:
        array = np.asarray(values)
        if array.dtype.kind in "US" and not isinstance(values, np.ndarray):
            array = np.asarray(values, dtype=object)  # numpy makes texts of the numbers beside a text
    except ValueError:
        raise DataError("reading (X, y)", "its rows differ in length", expected="shape (row, feature)") from None
    if array.dtype == object and array.ndim == 0:
        raise SourceError("reading a table", "it is of no kind that can be read", expected=_ACCEPTED, got=_kind(values))
    return array


def _is(value: object, module: str, name: str) -> bool:
    """Whether ``value`` is of a class of a library that need not be imported: its caller did."""
    library = sys.modules.get(module)
    return library is not None and isinstance(value, getattr(library, name))


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
