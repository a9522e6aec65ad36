"""Schema: all that is needed to turn new rows into the features a network was trained on (data.json)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from fallline.core.errors import DataError, StudyError, nearest
from fallline.core.task import Target
from fallline.data.columns import CategoricalColumn, Column

__all__ = ["FORMAT", "Encoded", "Schema", "encode"]

FORMAT = 1
"""The version of data.json that this version writes."""


class Schema(BaseModel):
    """The content of data.json: the target, and each other column with what training learnt about it.

    Example:
        >>> from fallline.data.columns import NumericColumn
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
        """Names of the features, in the order of the encoded inputs."""
        return tuple(feature for column in self.columns for feature in column.features)

    @property
    def text_columns(self) -> frozenset[str]:
        """The columns to be read as text, whatever new rows hold (`fallline.data.table.read`)."""
        return frozenset(column.name for column in self.columns if isinstance(column, CategoricalColumn))

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
            return cls.model_validate_json(text)
        except (KeyError, TypeError):
            raise StudyError(doing, "it is damaged", expected="an object with a format") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise StudyError(doing, "it is damaged", got=f"{place}: {first['msg']}".removeprefix(": ")) from None
        except ValueError as error:
            raise StudyError(doing, "it is damaged", got=str(error)) from None


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows as a network takes them.

    Args:
        inputs: ``(row, feature)``, float32, C-contiguous.
        notes: What was met that training had not seen, one sentence each.
    """

    inputs: np.ndarray
    notes: tuple[str, ...]


def encode(schema: Schema, frame: pl.DataFrame) -> Encoded:
    """Turn rows into features with what training learnt about the columns.

    Args:
        schema: Of the training.
        frame: New rows; columns are found by name, in any order.

    Raises:
        DataError: A column is missing, or holds a value that cannot be what it held in training.
    """
    used = [column for column in schema.columns if column.kind != "dropped"]
    _refuse_absent([column.name for column in used], frame.columns)
    inputs = np.zeros((frame.height, len(schema.features)), dtype=np.float32)
    notes = _extra(schema, frame.columns)
    start = 0
    for column in used:
        stop = start + len(column.features)
        notes += column.fill(frame[column.name], inputs[:, start:stop])
        start = stop
    return Encoded(inputs, tuple(notes))


def _refuse_absent(needed: list[str], columns: list[str]) -> None:
    absent = [name for name in needed if name not in columns]
    if absent:
        close = nearest(absent[0], [name for name in columns if name not in needed])
        raise DataError(
            "encoding the rows",
            "a column is missing: " + ", ".join(map(repr, absent[:10])) + (" …" if len(absent) > 10 else ""),
            expected="the columns of the training",
            got=", ".join(columns[:20]) + (" …" if len(columns) > 20 else ""),
            do=f"rename {close!r} to {absent[0]!r}" if close else None,
        )


def _extra(schema: Schema, columns: list[str]) -> list[str]:
    known = {column.name for column in schema.columns} | {schema.target.name, schema.weight}
    extra = [name for name in columns if name not in known]
    if not extra:
        return []
    listed = ", ".join(extra[:10]) + (" …" if len(extra) > 10 else "")
    return [f"Ignored, because training had no such column: {listed}."]
