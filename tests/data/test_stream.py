"""Batches: the rows of any source piece by piece, each value read as it would be in the whole."""

import gzip
import io
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from fallline.core.errors import ArgumentError, DataError, SourceError
from fallline.data import stream
from fallline.data.prepare import prepare
from fallline.data.remarks import sentences
from fallline.data.schema import Schema, encode
from fallline.data.stream import batches
from fallline.data.table import read

GENERATOR = np.random.default_rng(4)
ROWS = 1_000
FRAME = pl.DataFrame(
    {
        "size": GENERATOR.normal(size=ROWS),
        "count": GENERATOR.integers(0, 9, ROWS),
        "text": GENERATOR.choice(["a", "b, c", 'd "e"', "f\ng"], ROWS),
        "sure": GENERATOR.random(ROWS) < 0.5,
        "zip": GENERATOR.choice(["007", "010", "100"], ROWS),
        "y": GENERATOR.normal(size=ROWS),
    }
).with_columns(pl.when(pl.int_range(ROWS) % 7 == 0).then(None).otherwise("size").alias("size"))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(stream, "_PIECE", 4_000)


def written(kind: str) -> bytes:
    stream = io.BytesIO()
    match kind:
        case "csv":
            FRAME.write_csv(stream)
        case "parquet":
            FRAME.write_parquet(stream)
        case "arrow":
            FRAME.write_ipc(stream)
        case "jsonl":
            FRAME.write_ndjson(stream)
    return stream.getvalue()


def trained() -> Schema:
    return prepare(read(FRAME), target="y").schema


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow", "jsonl"])
def test_rows_in_batches_are_encoded_as_they_are_in_one(kind: str, packed: bool, write):
    content = written(kind)
    path = write(gzip.compress(content) if packed else content, name=f"t.{kind}" + ".gz" * packed)
    schema = trained()
    found = list(batches(path, rows=300))
    assert [batch.height for batch in found] == [300, 300, 300, 100]
    encoded = np.concatenate([encode(schema, batch).inputs for batch in found])
    np.testing.assert_array_equal(encoded, encode(schema, FRAME).inputs)


def test_a_text_file_comes_as_text_and_where_it_is_read_whole_parsed_but_for_what_stays_text(write):
    content = written("csv")
    assert {str(dtype) for dtype in next(iter(batches(write(content)))).dtypes} == {"String"}
    [frame] = batches(write(content.decode().encode("utf-16"), name="wide.csv"), text=("zip",), rows=ROWS)
    assert frame.equals(read(write(content), text=("zip",)).frame)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv"])
def test_first_bytes_say_what_a_file_is_though_they_are_compressed(kind: str, write):
    path = write(gzip.compress(written(kind)), name="rows.gz")
    assert sum(batch.height for batch in batches(path, rows=300)) == ROWS


@pytest.mark.parametrize("source", [FRAME, "iris", (np.eye(5), np.arange(5))])
def test_what_is_in_memory_comes_in_batches_too(source):
    found = pl.concat(batches(source, rows=2))
    assert found.equals(read(source).frame)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a;b\n" + "1,5;x\n" * 3_000, ["a", "b"]),
        ("1 2\n" * 3_000, ["column_1", "column_2"]),
        ("\ufeffa\tb\r\n" + "1\tx\r\n" * 3_000, ["a", "b"]),
        ("a,b\n" + '5" disk,2\n' * 3_000, ["a", "b"]),
        ("a\n" + "1\n\n" * 3_000, ["a"]),
    ],
)
def test_layouts_are_found_from_the_first_piece_and_hold_for_all(text: str, columns: list[str], write):
    path = write(text)
    found = pl.concat(batches(path, rows=999))
    whole = read(path, text=columns).frame
    assert found.equals(whole)
    assert found.columns == columns


def test_numbers_with_decimal_commas_are_read_as_in_training_whatever_the_batch_holds(write):
    rows = "".join(f"{row % 100},5;{row}\n" for row in range(200))
    schema = Schema.from_json(prepare(read(write("a;y\n" + rows)), target="y").schema.to_json())
    assert schema.text_columns == {"a"}
    new = write("a\n1,500\n2,250\n3\n", name="new.csv")
    [batch] = batches(new, delimiter=";")
    expected = encode(schema, pl.DataFrame({"a": [1.5, 2.25, 3.0]})).inputs
    np.testing.assert_array_equal(encode(schema, batch).inputs, expected)
    whole = read(new, delimiter=";", text=schema.text_columns)
    np.testing.assert_array_equal(encode(schema, whole.frame).inputs, expected)


def test_a_fault_is_named_with_its_line_and_row_in_the_whole_file(write):
    body = "a,b\n" + "1,2\n" * 5_000
    with pytest.raises(DataError, match="line 5002 has 1 field, the first row has 2"):
        list(batches(write(body + "3\n")))
    with pytest.raises(DataError, match="line 2003 is not a JSON object"):
        list(batches(write('{"a": 1}\n' * 2_002 + "oh\n", name="t.jsonl")))
    schema = trained()
    path = write("size,count,text,sure,zip\n" + "1,2,a,true,007\n" * 900 + "much,2,a,true,007\n", name="rows.csv")
    with pytest.raises(DataError, match="row 901 does not hold a number"):
        encode(schema, list(batches(path, rows=100))[-1], first_row=900)


def test_remarks_of_batches_are_told_once_with_their_sum():
    schema = trained()
    rows = FRAME.drop("y").with_columns(text=pl.lit("new"))
    remarks = [remark for batch in batches(rows, rows=300) for remark in encode(schema, batch).remarks]
    assert sentences(remarks) == (
        "text: 1,000 rows with a category that training never saw ('new'); none of its features is set.",
    )


@pytest.mark.parametrize(
    ("content", "name", "wrong"),
    [
        (b"", "t.csv", "it is empty"),
        (b"\n\n", "t.csv", "it is empty"),
        (b"a,b\n", "t.csv", "it has a header but no rows"),
        (bytes(256), "t.csv", "it is not a text file"),
        (gzip.compress(b"a,b\n" * 50_000, mtime=0)[:-9], "t.csv.gz", "the compressed file is damaged or cut short"),
        (b"PAR1", "t.parquet", "it is not a Parquet file that can be read"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, name: str, wrong: str, write):
    path = write(content, name=name)
    with pytest.raises(DataError) as caught:
        list(batches(path))
    assert str(caught.value).startswith(f"reading {path}: ")
    assert wrong in str(caught.value)


def test_no_file_and_no_rows_in_a_batch_are_refused(write):
    with pytest.raises(SourceError, match="there is no such file"):
        batches("nowhere.csv")
    with pytest.raises(ArgumentError, match="a batch needs rows"):
        batches("iris", rows=0)


PEAK = """
import resource, sys
from fallline.data.stream import batches
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = sum(batch.height for batch in batches(sys.argv[1], rows=10_000))
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
def test_a_large_file_takes_no_more_memory_than_a_few_pieces(write):
    path = write("a,b,c\n" + "1.2345,some text,2024-01-01\n" * 3_000_000)
    done = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, encoding="utf-8", check=True)
    rows, megabytes = done.stdout.split()
    assert int(rows) == 3_000_000
    assert float(megabytes) < 400  # the file has 87 MB, and would take more than that as a frame of text


def test_a_first_line_that_says_what_the_delimiter_is_is_followed(tmp_path):
    path = tmp_path / "declared.csv"
    path.write_text("sep=;\na;b\n" + "1,5;x\n" * 3_000)
    frames = list(batches(path, rows=1_000))
    assert [frame.columns for frame in frames] == [["a", "b"]] * 3
    assert pl.concat(frames).equals(read(path, text=("a",)).frame)
    path.write_text("sep=;\na;b\n1\n")
    with pytest.raises(DataError, match="line 3"):
        list(batches(path))
