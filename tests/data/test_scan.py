"""Delimiters, headers, rows: what a text file is before polars reads it."""

import csv
import io

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fallline.core.errors import DataError, FalllineError
from fallline.data.scan import scan
from fallline.data.table import read


def scanned(text: str | bytes):
    return scan(text.encode() if isinstance(text, str) else text, doing="reading it")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", " ", "    ", " \t "])
def test_the_delimiter_is_found(delimiter: str):
    text = "\n".join(delimiter.join(row) for row in (["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"]))
    found = scanned(text)
    assert (found.names, found.rows) == (("a", "b", "c"), 2)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_comma_inside_a_number_does_not_delimit_where_something_else_does(delimiter: str):
    assert scanned(f"1,5{delimiter}2,5\n3,5{delimiter}4,5\n").layout.delimiter == delimiter


def test_words_of_prose_are_one_column():
    assert scanned("remark\nit went well\nno\nnot at all well\n").names == ("remark",)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "\ufeffa,b\n1,2\n",
        "a,b\r\n1,2\r\n",
        "a,b\r1,2",
        "\n\na,b\n\n1,2\n  \n",
        "a , b\n1,2",
        '"a","b"\n"1","2"\n',
    ],
)
def test_byte_order_marks_line_ends_blank_lines_and_quotes_change_nothing(text: str, write):
    frame = read(write(text)).frame
    assert frame.to_dict(as_series=False) == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("text", "headed"),
    [
        ("a,b\n1,2\n", True),
        ("5.1,setosa\n4.9,setosa\n", False),
        ("colour,shape\nred,round\nblue,square\n", True),
        ("p,x\np,y\ne,x\n", False),
        (",x\n0,1.5\n1,2.5\n", True),
        ("Na,NA\n1,2\n", True),
        ("0,1,2,3\n7.5,1,0,3\n8.5,0,1,4\n", True),
        ("1,2,3,4\n4,5,6,7\n", False),
        ("0,1,2\n1,0,2\n", False),
    ],
)
def test_a_row_is_a_header_if_it_holds_no_number_and_differs_from_the_rows_below(text: str, headed: bool):
    found = scanned(text)
    assert found.rows == text.count("\n") - headed
    assert any("No header" in note for note in found.notes) != headed


def test_made_up_names_count_from_one_and_are_announced():
    found = scanned("1,2\n3,4\n")
    assert found.names == ("column_1", "column_2")
    assert found.notes == ("No header was found; the columns are named column_1 … column_2.",)
    assert scanned(",b\n1,2\n").notes == ("Columns without a name are called column_1.",)


def test_inch_marks_are_no_quotes(write):
    frame = read(write('size,n\n5" disk,1\n3" disk,2\n8" disk,3\n')).frame
    assert frame["size"].to_list() == ['5" disk', '3" disk', '8" disk']


def test_spaces_after_commas_and_inside_quotes_are_told_apart(write):
    frame = read(write('a, b, c\n1, "x, y", 2.5\n3, z, 4\n')).frame
    assert frame.rows() == [(1, "x, y", 2.5), (3, "z", 4.0)]


def test_a_ragged_row_is_refused_with_its_line_even_after_a_quoted_line_end():
    with pytest.raises(DataError) as caught:
        scanned('a,b\n"one\ntwo",2\n\n3\n')
    assert "line 5 has 1 field, line 1 has 2" in str(caught.value)
    assert "got       3" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "it is empty"),
        (b" \n\n", "it is empty"),
        (b"a,b\n", "it has a header but no rows"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "it is not a text file"),
        (b"a,b\n1,2\n\x01\x02\xff\xfe,3\n", "it is not a text file"),
        (b"PK\3\4\x14\0\x06\0", "it is a zip archive or an Excel workbook"),
        (b"\xff\xfea\0,", "it is not a text file"),
        (b"a,b,a\n1,2,3\n", "two columns have the same name in the header: 'a'"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, wrong: str):
    with pytest.raises(DataError, match="reading it: ") as caught:
        scanned(content)
    assert wrong in str(caught.value)


CELLS = st.sampled_from(["x", "a b", "x,y", 'q"q', '"', "é", "l\nm", "; ", "|", "t\tt", '5" disk', '""'])


@given(
    rows=st.integers(2, 5).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=20)
    ),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows, delimiter, quoting):
    header = [f"c{position}" for position in range(len(rows[0]))]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=quoting).writerows([header, *rows])
    path = tmp_path_factory.mktemp("written") / "table.csv"
    path.write_bytes(stream.getvalue().encode())
    frame = read(path).frame
    assert frame.columns == header
    assert frame.rows() == [tuple(cell.strip() for cell in row) for row in rows]


@given(content=st.binary(max_size=200) | st.text('1a,;\n\t" |.?', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_in_the_house_form(tmp_path_factory, content: bytes):
    path = tmp_path_factory.mktemp("bytes") / "table.csv"
    path.write_bytes(content)
    try:
        height, said = read(path).frame.height, ""
    except FalllineError as error:
        height, said = 0, str(error)
    assert height > 0 or said.startswith(f"reading {path}: ")


DECLARED = ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\n"]


@pytest.mark.parametrize("line", DECLARED)
def test_a_first_line_that_says_what_the_delimiter_is_is_followed_and_announced(line: str, write):
    found = read(write(f"{line}a;b\n1,5;x\n2,5;y\n"))
    assert found.frame.to_dict(as_series=False) == {"a": [1.5, 2.5], "b": ["x", "y"]}
    assert found.notes[0] == "The first line says that the values are separated by semicolons."


@pytest.mark.parametrize("mark", ["\t", "|", ",", ":", "#"])
def test_any_sign_can_be_declared(mark: str, write):
    frame = read(write(f"sep={mark}\na{mark}b c\n1{mark}u v\n")).frame
    assert frame.to_dict(as_series=False) == {"a": [1], "b c": ["u v"]}


def test_a_delimiter_that_is_given_counts_for_more_than_one_that_is_declared(write):
    assert read(write("sep=;\na,b\n1,2\n"), delimiter=",").frame.columns == ["a", "b"]


@pytest.mark.parametrize("text", ["sep=x\n1\n", "sep=\n1\n", "sep=;a\n1;2\n", "sep;b\n1;2\n"])
def test_a_first_line_that_declares_nothing_is_a_row(text: str):
    assert scanned(text).names[0].startswith(("sep", "column_1"))


@pytest.mark.parametrize("rows", ["1;2\n3\n", '1;"2\n2"\n3\n'])
def test_below_such_a_line_rows_are_counted_as_in_the_file(rows: str):
    with pytest.raises(DataError) as caught:
        scanned(f"sep=;\na;b\n{rows}")
    assert f"line {3 + rows.count(chr(10)) - 1}" in str(caught.value)
