"""Files of every kind, plain or compressed, and what is wrong with those that cannot be read."""

import gzip
import io

import polars as pl
import pyarrow
import pytest

from fallline.core.errors import ArgumentError, DataError
from fallline.data.containers import stem_of
from fallline.data.scan import scan
from fallline.data.table import read

FRAME = pl.DataFrame({"a": [1, 2, None], "b": [0.5, None, 2.5], "c": ["x", None, "é"], "d": [True, False, True]})


def content(kind: str) -> bytes:
    stream = io.BytesIO()
    match kind:
        case "csv":
            FRAME.write_csv(stream)
        case "tsv":
            FRAME.write_csv(stream, separator="\t")
        case "parquet":
            FRAME.write_parquet(stream)
        case "arrow" | "feather" | "ipc":
            FRAME.write_ipc(stream)
        case "arrows":
            FRAME.write_ipc_stream(stream)
        case "jsonl" | "ndjson":
            FRAME.write_ndjson(stream)
        case "json":
            FRAME.write_json(stream)
    return stream.getvalue()


KINDS = ["csv", "tsv", "parquet", "arrow", "feather", "ipc", "arrows", "jsonl", "ndjson", "json"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_table_is_read_from_every_kind_of_file(kind: str, write):
    table = read(write(content(kind), name=f"t.{kind}"))
    assert table.frame.equals(FRAME)
    assert table.name == "t"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_read_the_same_compressed(kind: str, write):
    table = read(write(gzip.compress(content(kind)), name=f"t.{kind}.gz"))
    assert table.frame.equals(FRAME)
    assert table.name == "t"


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_zstandard_is_read_too(kind: str, write):
    packed = pyarrow.compress(content(kind), codec="zstd", asbytes=True)
    assert read(write(packed, name=f"t.{kind}.zst")).frame.equals(FRAME)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_first_bytes_say_what_a_file_is_whatever_its_name(kind: str, write):
    assert read(write(content(kind), name="t.data")).frame.equals(FRAME)


def test_an_arrow_stream_may_have_the_name_of_an_arrow_file(write):
    assert read(write(content("arrows"), name="t.arrow")).frame.equals(FRAME)


def test_an_arrow_table_is_the_polars_frame_of_the_same_values():
    table = read(FRAME.to_arrow())
    assert table.frame.equals(FRAME)
    assert table.hash == read(FRAME).hash
    with pytest.raises(DataError, match="two columns have the same name: 'a'"):
        read(pyarrow.table([[1], [2]], names=["a", "a"]))


def test_a_json_line_without_a_key_lacks_the_value(write):
    table = read(write('{"a": 1, "b": "x"}\n\n{"b": "y"}\n{"a": 2.5, "b": null}\n', name="t.jsonl"))
    assert table.frame.rows() == [(1.0, "x"), (None, "y"), (2.5, None)]


@pytest.mark.parametrize(
    ("name", "damaged", "wrong"),
    [
        ("t.csv.gz", gzip.compress(content("csv") * 100, mtime=0)[:-20], "the compressed file is damaged or cut short"),
        (
            "t.csv.gz",
            gzip.compress(content("csv"), mtime=0)[:-8] + b"\0" * 8,
            "the compressed file is damaged or cut short",
        ),
        ("t.csv.zst", pyarrow.compress(content("csv"), codec="zstd", asbytes=True)[:-5], "damaged or cut short"),
        ("t.csv.gz", gzip.compress(b"", mtime=0), "it is empty"),
        ("t.parquet", b"", "it is empty"),
        ("t.parquet", content("parquet")[:100], "it is not a Parquet file that can be read"),
        ("t.arrow", content("arrow")[:100], "it is not an Arrow file that can be read"),
        ("t.arrows", content("arrows")[:100], "it is not an Arrow stream that can be read"),
        ("t.jsonl", b"\n", "it is empty"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is not a JSON object"),
        ("t.jsonl", b'{"a": 1}\n\n[1, 2]\n', "line 3 is not a JSON object"),
        ("t.jsonl", b"a,b\n1,2\n", "line 1 is not a JSON object"),
        ("t.xlsx", b"PK\3\4", "it is a zip archive or an Excel workbook"),
        ("t.csv", bytes(range(256)), "it is not a text file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(name: str, damaged: bytes, wrong: str, write):
    path = write(damaged, name=name)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"reading {path}: ")
    assert wrong in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "called"), [("latin-1", "Latin-1"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")]
)
def test_other_encodings_are_read_and_announced(encoding: str, called: str, write):
    sign = "€" if encoding == "cp1252" else "é"
    table = read(write(f"name,x\nMüller {sign},1\n".encode(encoding)))
    assert table.frame.rows() == [(f"Müller {sign}", 1)]
    assert table.notes == (f"The file is not UTF-8; it was read as {called}.",)


@pytest.mark.parametrize(
    ("delimiter", "given"),
    [(":", ":"), ("\t", "tab"), (" ", "space"), ("   ", "space"), ("/", "/"), ("§", "§"), (";", "semicolon")],
)
def test_any_single_character_delimits_if_asked_to(delimiter: str, given: str, write):
    text = "\n".join(delimiter.join(row) for row in (["a", "b"], ["1", "x"], ["3", "y"]))
    table = read(write(text), delimiter=given)
    assert table.frame.rows() == [(1, "x"), (3, "y")]
    assert table.notes == ()


@pytest.mark.parametrize("delimiter", ["^", "~", "\x1f"])
def test_unusual_delimiters_are_found_where_all_lines_agree(delimiter: str, write):
    text = "\n".join(delimiter.join(row) for row in (["a", "b"], ["1", "x"], ["3", "y"]))
    assert read(write(text)).frame.rows() == [(1, "x"), (3, "y")]


@pytest.mark.parametrize("delimiter", ["", "ab", "\n", '"'])
def test_what_cannot_delimit_is_refused(delimiter: str, write):
    with pytest.raises(ArgumentError, match="the delimiter is not one that can be used"):
        read(write("a,b\n1,2\n"), delimiter=delimiter)


def test_a_header_can_be_asked_for_and_denied(write):
    years = write("2019,2020\n1,2\n3,4\n")
    assert read(years, header=True).frame.columns == ["2019", "2020"]
    assert read(years).frame.height == 3
    names = write("a,b\nx,y\n", name="names.csv")
    denied = read(names, header=False)
    assert denied.frame.rows() == [("a", "b"), ("x", "y")]
    assert denied.notes == ("There is no header; the columns are named column_1 … column_2.",)


@pytest.mark.parametrize("source", ["iris", FRAME, "t.parquet"])
def test_a_header_or_delimiter_of_what_has_none_is_refused(source, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(content("parquet"), name="t.parquet")
    with pytest.raises(ArgumentError, match="it is not delimited text"):
        read(source, header=True)


@pytest.mark.parametrize(
    "text",
    ["name,x\n'a, b',1\n'c',2\n", "'name','x'\n'a, b','1'\n'c','2'\n", "'name',x\n'a, b', 1\n'c', 2\n"],
)
def test_single_quotes_enclose_values_where_all_of_a_column_have_them(text: str, write):
    table = read(write(text))
    assert table.frame.rows() == [("a, b", 1), ("c", 2)]
    assert table.notes == ("Values are enclosed in single quotes.",)


def test_apostrophes_are_no_quotes(write):
    frame = read(write("name,x\n'tis,1\ndon't,2\nthe dogs',3\n")).frame
    assert frame["name"].to_list() == ["'tis", "don't", "the dogs'"]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "\n\na,b\n1,2\n",
        'a,b\n"1,5",2\n"x\ny",4\n',
        '"a","b"\n1,"2"\n',
        "1;2;3\n4;5;6\n",
        'a, b\n1, "2, 3"\n',
        "a b\n1  2\n",
    ],
)
def test_a_table_without_fault_needs_its_delimiters_counted_only(text: str):
    assert not scan(text.encode(), doing="reading it").thorough


@pytest.mark.parametrize("text", ["a\n1\n2\n", "a,b\n\n1,2\n", "a,b\n1,2\n \n3,4\n"])
def test_blank_lines_and_single_columns_have_their_fields_counted(text: str):
    assert scan(text.encode(), doing="reading it").thorough


@pytest.mark.parametrize("rows", ["1,2\n3\n4,5,6\n", "1,2\n4,5,6\n3\n", "3\n1,2\n4,5,6\n"])
def test_a_short_row_beside_a_long_one_is_found_though_the_delimiters_add_up(rows: str, write):
    with pytest.raises(DataError, match=r"line \d has \d fields?, line 1 has 2"):
        read(write("a,b\n" + rows))


def test_a_short_row_far_down_is_found(write):
    with pytest.raises(DataError, match="line 30002 has 1 field, line 1 has 2"):
        read(write("a,b\n" + "1,2\n" * 30_000 + "3\n" + "4,5,6\n"))


@pytest.mark.parametrize(
    ("name", "stem"),
    [("heart.csv", "heart"), ("heart.csv.gz", "heart"), ("a.b.jsonl.zst", "a.b"), ("heart.gz", "heart")],
)
def test_a_table_is_named_after_its_file_alone(name: str, stem: str, tmp_path):
    assert stem_of(tmp_path / name) == stem
