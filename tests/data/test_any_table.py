"""Whatever the table and whatever the bytes: read and prepared, or refused in the house form. Never a traceback."""

import datetime
import gzip
import io
import string
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from fallline.core.errors import FalllineError
from fallline.data.prepare import prepare
from fallline.data.schema import Schema, encode
from fallline.data.stream import batches
from fallline.data.table import read

NAMES = st.text(string.ascii_letters + " =,\"'é_", min_size=1, max_size=8).map(str.strip).filter(bool)
TEXTS = st.sampled_from(
    ["a", "b c", "x,y", "12 kg", "1,234", "1,5", "1.5", "-3", "2024-01-01", "2024-02-30", "?", "", "é", "true", "inf"]
)
CELLS = [
    st.integers(-5, 5),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 1e300, -1e300, 1e-300, float("inf"), 5e-324]),
    st.booleans(),
    TEXTS,
    st.text(max_size=6),
    st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2100, 1, 1)),
    st.none(),
    st.just(7),
]


@st.composite
def tables(draw) -> pl.DataFrame:
    rows = draw(st.integers(0, 40))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    columns = []
    for name in names:
        cell = draw(st.sampled_from(CELLS))
        values = draw(st.lists(cell, min_size=min(rows, 3), max_size=min(rows, 3) or 1)) if rows else []
        gaps = draw(st.booleans())
        columns.append(
            pl.Series(name, [None if gaps and row % 5 == 4 else values[row % len(values)] for row in range(rows)])
        )
    return pl.DataFrame(columns)


def outcome(work: Callable[[], Any]) -> tuple[Any, str]:
    """What came of it, or what the house error said. Any other error is a failure."""
    try:
        return work(), ""
    except FalllineError as error:
        return None, str(error)


def prepared_or_refused(table, frame: pl.DataFrame) -> None:
    prepared, said = outcome(lambda: prepare(table, target=-1))
    if prepared is None:
        assert said.count("\n") <= 5
        return
    inputs = encode(Schema.from_json(prepared.schema.to_json()), frame).inputs
    for part in (prepared.dataset.train, prepared.dataset.validation, prepared.dataset.test):
        assert part.inputs.isfinite().all()
        assert part.inputs.numpy().tolist() == inputs[part.rows].tolist()
    assert len(set(prepared.schema.features)) == len(prepared.schema.features) == inputs.shape[1]
    assert sum(row["features"] for row in prepared.schema.treatment()) == inputs.shape[1]


@settings(max_examples=150)
@given(tables())
def test_any_frame_is_prepared_or_refused(frame: pl.DataFrame):
    table, _ = outcome(lambda: read(frame))
    if table is None:
        assert not frame.height
    else:
        prepared_or_refused(table, table.frame)


@settings(max_examples=100)
@given(tables(), st.sampled_from(["csv", "tsv", "jsonl", "parquet", "arrow"]), st.booleans())
def test_any_frame_written_to_a_file_is_read_and_prepared_or_refused(tmp_path_factory, frame, kind, packed):
    stream = io.BytesIO()
    match kind:
        case "csv":
            frame.write_csv(stream)
        case "tsv":
            frame.write_csv(stream, separator="\t", quote_style="always")
        case "jsonl":
            frame.write_ndjson(stream)
        case "parquet":
            frame.write_parquet(stream)
        case "arrow":
            frame.write_ipc(stream)
    path = tmp_path_factory.mktemp("written") / (f"t.{kind}" + ".gz" * packed)
    path.write_bytes(gzip.compress(stream.getvalue()) if packed else stream.getvalue())
    table, said = outcome(lambda: read(path))
    if table is None:
        assert said.startswith(f"reading {path}: ")
    else:
        prepared_or_refused(table, table.frame)


STARTS = [
    b"",
    b"PAR1",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff",
    b"\x1f\x8b\x08\0",
    b"\x28\xb5\x2f\xfd",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
]
SUFFIXES = ["csv", "parquet", "arrow", "arrows", "jsonl", "json", "csv.gz", "csv.zst"]


@settings(max_examples=300)
@given(
    start=st.sampled_from(STARTS),
    content=st.binary(max_size=300) | st.text("1a,;\n\t\" |.?{}[]:'é", max_size=200).map(str.encode),
    end=st.sampled_from([b"", b"PAR1", b"ARROW1"]),
    suffix=st.sampled_from(SUFFIXES),
)
def test_any_bytes_are_read_or_refused_in_the_house_form(tmp_path_factory, start, content, end, suffix):
    path = tmp_path_factory.mktemp("bytes") / f"t.{suffix}"
    path.write_bytes(start + content + end)
    for reading in (lambda: read(path).frame.height, lambda: sum(batch.height for batch in batches(path, rows=7))):
        height, said = outcome(reading)
        assert height or said.startswith(f"reading {path}: ")


@pytest.mark.parametrize("name", ["age missing", "kind=a", "when year"])
def test_features_of_two_columns_never_have_the_same_name(name: str):
    days = [datetime.date(2020 + row % 3, 1, 1) for row in range(40)]
    frame = pl.DataFrame(
        {
            "age": [None if row % 3 == 0 else float(row) for row in range(40)],
            "kind": [["a", "b", None][row % 3] for row in range(40)],
            "when": days,
            name: [row * row % 11 + 0.5 for row in range(40)],
            "kind ": ["a", "b"] * 20,
            "y": [row % 7 for row in range(40)],
        }
    )
    prepared = prepare(read(frame), target="y", task=None)
    features = prepared.schema.features
    assert len(set(features)) == len(features)
    assert name in features
    assert sum(feature.startswith(f"{name} [") for feature in features) == 1
    assert encode(prepared.schema, frame).inputs.shape[1] == len(features)
