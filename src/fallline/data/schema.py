"""Schema: all that is needed to turn new rows into the features a network was trained on (data.json)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from fallline.core.errors import DataError, StudyError, nearest
from fallline.core.task import Target
from fallline.data.categorical import CategoricalColumn
from fallline.data.columns import Column
from fallline.data.numeric import NumericColumn, OrderedColumn
from fallline.data.remarks import Remark, sentences
from fallline.data.written import PLAIN

__all__ = ["FORMAT", "Encoded", "Schema", "encode"]

_BLOCK = 1 << 14

FORMAT = 2
"""The version of data.json that this version writes."""


class Schema(BaseModel):
    """The content of data.json: the target, and each other column with what training learnt about it.

    Example:
        >>> from fallline.data.numeric import NumericColumn
        >>> age = NumericColumn(name="age", median=28.0, mean=29.5, scale=13.0, indicator=True, missing=3)
        >>> schema = Schema(target=Target(name="y", task="regression", reason="numbers"), columns=(age,))
        >>> schema.features
        ('age', 'age missing')
        >>> Schema.from_json(schema.to_json()) == schema
        True
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: int = FORMAT
    target: Target
    columns: tuple[Column, ...]
    """In the order of the source; without target and weight."""
    weight: str | None = None
    """The column of row weights."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the order of the encoded inputs.

        Where one would have the name of another column ("age missing"), or of another's feature, the name of its
        column is added to it ("age missing [age]").
        """
        plain = {column.name for column in self.columns if column.name in column.features}
        names: list[str] = []
        taken: set[str] = set()
        for column in self.columns:
            for feature in column.features:
                name = feature
                while name in taken or (name in plain and name != column.name):
                    name += f" [{column.name}]"
                taken.add(name)
                names.append(name)
        return tuple(names)

    @property
    def text_columns(self) -> frozenset[str]:
        """The columns to be read as text, whatever new rows hold (`fallline.data.table.read`)."""
        return frozenset(column.name for column in self.columns if _is_text(column))

    def treatment(self) -> list[dict[str, str | int]]:
        """What was done to each column: its ``column``, ``kind``, ``treatment``, number of ``features``."""
        return [
            {
                "column": column.name,
                "kind": column.kind,
                "treatment": column.treatment,
                "features": len(column.features),
            }
            for column in self.columns
        ]

    def to_json(self) -> str:
        """The schema as the text of data.json."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, *, doing: str = "reading data.json") -> Self:
        """The schema that `to_json` gave.

        Raises:
            StudyError: The text is damaged, or from a newer version of Fallline.
        """
        try:
            content = json.loads(text)
            version = content["format"]
            if isinstance(version, int) and version > FORMAT:
                raise StudyError(
                    doing,
                    "it was written by a newer version of Fallline",
                    expected=f"format {FORMAT} or lower",
                    got=f"format {version}",
                    do="upgrade Fallline",
                )
            return cls.model_validate(_upgraded(content)) if version == 1 else cls.model_validate_json(text)
        except (KeyError, TypeError, AttributeError):
            raise StudyError(doing, "it is damaged", expected="an object with a format") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise StudyError(doing, "it is damaged", got=f"{place}: {first['msg']}".removeprefix(": ")) from None
        except ValueError as error:
            raise StudyError(doing, "it is damaged", got=str(error)) from None


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Format 1, in which there was one target column and so one mean and one scale, as format 2."""
    target = {name: [value] if name in ("mean", "scale") else value for name, value in content["target"].items()}
    return {**content, "format": FORMAT, "target": target}


def _is_text(column: Column) -> bool:
    if isinstance(column, NumericColumn):
        return column.written != PLAIN
    return isinstance(column, OrderedColumn) or (isinstance(column, CategoricalColumn) and not column.numeric)


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows as a network takes them.

    Args:
        inputs: ``(row, feature)``, float32, C-contiguous.
        remarks: What was met that training had not seen (`fallline.data.remarks.sentences` merges those of
            several batches).
    """

    inputs: np.ndarray
    remarks: tuple[Remark, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The remarks, one sentence each."""
        return sentences(self.remarks)


def encode(
    schema: Schema,
    frame: pl.DataFrame,
    *,
    rows: np.ndarray | None = None,
    first_row: int = 0,
    doing: str = "encoding the rows",
) -> Encoded:
    """Turn rows into features with what training learnt about the columns.

    Args:
        schema: Of the training.
        frame: New rows; columns are found by name, in any order.
        rows: Positions in ``frame`` of the rows to encode ``(row,)``; None for all.
        first_row: How many rows came before ``frame``, where it is one of several batches; for the row numbers
            that errors name.
        doing: What an error says was being done.

    Raises:
        DataError: A column is missing, or holds a value that cannot be what it held in training.
    """
    used = [column for column in schema.columns if column.kind != "dropped"]
    _refuse_absent([column.name for column in used], frame.columns, doing)
    count = frame.height if rows is None else len(rows)
    inputs = np.zeros((count, sum(len(column.features) for column in used)), dtype=np.float32)
    remarks = _extra(schema, frame.columns)
    # In blocks, so that the features of a row are written while they are still in the cache.
    for start in range(0, count, _BLOCK):
        block = inputs[start : start + _BLOCK]
        chosen = None if rows is None else pl.Series(rows[start : start + _BLOCK])
        at = 0
        for column in used:
            values = frame[column.name]
            values = values[start : start + _BLOCK] if chosen is None else values.gather(chosen)
            upto = at + len(column.features)
            remarks += column.fill(values, block[:, at:upto], first_row=first_row + start)
            at = upto
    return Encoded(inputs, tuple(remarks))


def _refuse_absent(needed: list[str], columns: list[str], doing: str) -> None:
    absent = [name for name in needed if name not in columns]
    if absent:
        close = nearest(absent[0], [name for name in columns if name not in needed])
        raise DataError(
            doing,
            "a column is missing: " + ", ".join(map(repr, absent[:10])) + (" …" if len(absent) > 10 else ""),
            expected="the columns of the training",
            got=", ".join(columns[:20]) + (" …" if len(columns) > 20 else ""),
            do=f"rename {close!r} to {absent[0]!r}" if close else None,
        )


def _extra(schema: Schema, columns: list[str]) -> list[Remark]:
    known = {column.name for column in schema.columns} | {schema.target.name, *schema.target.columns, schema.weight}
    extra = [name for name in columns if name not in known]
    if not extra:
        return []
    listed = ", ".join(extra[:10]) + (" …" if len(extra) > 10 else "")
    return [Remark("", met="Ignored, because training had no such column", done=f": {listed}")]
