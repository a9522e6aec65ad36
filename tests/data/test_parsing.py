"""Numbers as people write them, dates, and what stays text: read so only where nothing else can be meant."""

import datetime

import polars as pl
import pytest

from fallline.data.parsing import parsed
from fallline.data.table import read
from fallline.data.written import NumberFormat


def column(*values: str, delimiter: str = ";") -> pl.Series:
    frame = pl.DataFrame({"a": values, "b": ["x"] * len(values)})
    return parsed(frame).frame["a"]


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["1,5", "20,25"], [1.5, 20.25]),
        (["-1,5", "+2", "3"], [-1.5, 2, 3]),
        (["0,123", "0,5"], [0.123, 0.5]),
        (["1,5e3", "2"], [1500, 2]),
        (["1,234", "999"], [1234, 999]),
        (["1,234,567", "12"], [1234567, 12]),
        (["1,234.5", "12"], [1234.5, 12]),
        (["1.234,5", "12"], [1234.5, 12]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["1'234", "12"], [1234, 12]),
        (["1 234 567", "12"], [1234567, 12]),
        (["1\u00a0234,5", "12"], [1234.5, 12]),
    ],
)
def test_numbers_are_read_as_they_are_written(values: list[str], numbers: list[float]):
    assert column(*values).to_list() == numbers


@pytest.mark.parametrize(
    "values",
    [
        ["1,234", "1234"],
        ["12,34", "1,234.5"],
        ["1,23,456", "1"],
        ["01,234", "1,234,567"],
        ["1,5", "1.5"],
        ["12 kg", "7 kg"],
        ["1-2", "3-4"],
        ["10.0.0.1", "10.0.0.2"],
        ["1,5", "many"],
    ],
)
def test_a_column_of_which_one_value_does_not_fit_stays_text(values: list[str]):
    assert column(*values).to_list() == values


def test_thousands_and_decimal_commas_are_announced_with_an_example(write):
    notes = read(write("a;b\n1,5;1.234,5\n2,25;12\n")).notes
    assert "a: numbers with decimal commas; '1,5' is read as 1.5." in notes
    assert "b: numbers with points between thousands and decimal commas; '1.234,5' is read as 1234.5." in notes


@pytest.mark.parametrize(
    ("others", "number"),
    [(["x", "y"], 1234), (["1.5", "2.5"], 1234), (["1,5", "2,5"], 1.234), (["1,234,567", "1,5"], 1234)],
)
def test_a_riddle_is_decided_by_the_other_columns_and_else_a_thousand(write, others: list[str], number: float):
    table = read(write(f"a;b\n1,234;{others[0]}\n999;{others[1]}\n"))
    assert table.frame["a"].to_list() == [number, 999]
    doubtful = any("they could be decimal commas as well" in note for note in table.notes)
    assert doubtful == (number == 1234)


def test_points_are_between_thousands_where_other_columns_have_decimal_commas(write):
    frame = read(write("a;b;c\n1.234;1,5;1.25\n999;2,5;3.5\n")).frame
    assert frame.rows() == [(1234.0, 1.5, 1.25), (999.0, 2.5, 3.5)]


def test_the_way_numbers_are_written_is_kept_for_new_rows(write):
    table = read(write("a;b;c\n1,5;2;x\n2,25;3;y\n"))
    assert table.written == {"a": NumberFormat(decimal=",")}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["12 kg", "7 kg"], "a: numbers with units, such as '12 kg', stay text; without the units they are numbers."),
        (["$5", "$7.50"], "a: numbers with units, such as '$5', stay text"),
        (["5%", "70%"], "a: numbers with units"),
        ([*map(str, range(30)), "unknown"], "a: text, as not all its values are numbers ('unknown')"),
    ],
)
def test_what_looks_like_numbers_but_is_text_is_announced(values: list[str], said: str):
    [note] = parsed(pl.DataFrame({"a": values})).notes
    assert note.startswith(said)


@pytest.mark.parametrize("values", [["red", "blue"], ["flat 3", "flat 4"], ["A1", "B2"], ["1st of May", "2nd of May"]])
def test_plain_text_is_nothing_to_announce(values: list[str]):
    assert parsed(pl.DataFrame({"a": values})).notes == ()


@pytest.mark.parametrize(
    ("values", "dates"),
    [
        (["2024-02-29", "2023-01-01"], [datetime.date(2024, 2, 29), datetime.date(2023, 1, 1)]),
        (["2024-02-29", None], [datetime.date(2024, 2, 29), None]),
        (["2024-02-29 23:59", "2023-01-01"], [datetime.datetime(2024, 2, 29, 23, 59), datetime.datetime(2023, 1, 1)]),
        (["2024-02-29T23:59:01"], [datetime.datetime(2024, 2, 29, 23, 59, 1)]),
        (["2024-02-29T23:59:01.5Z"], [datetime.datetime(2024, 2, 29, 23, 59, 1, 500_000)]),
        (["2024-02-29T23:30:00-01:00"], [datetime.datetime(2024, 3, 1, 0, 30)]),
        (["2024-02-29 23:30+0130"], [datetime.datetime(2024, 2, 29, 22, 0)]),
    ],
)
def test_iso_dates_are_read_as_dates_and_announced(values: list, dates: list):
    read_as = parsed(pl.DataFrame({"when": values}, schema={"when": pl.String}))
    assert read_as.frame["when"].to_list() == dates
    assert read_as.notes == ("when: read as dates.",)


@pytest.mark.parametrize("values", [["2024-02-30"], ["31/12/2024"], ["2024-1-1"], ["2024-01-01", "soon"], ["2024"]])
def test_dates_that_are_not_iso_stay_what_they_were(values: list[str]):
    assert not parsed(pl.DataFrame({"when": values})).frame["when"].dtype.is_temporal()


def test_columns_that_are_to_stay_text_do():
    texts = ["1,5", "2,5"], ["2024-01-01", "2024-01-02"], ["1", "2"]
    frame = pl.DataFrame(texts, schema=["a", "b", "c"])
    assert parsed(frame, text=("a", "b", "c")).frame.equals(frame)
