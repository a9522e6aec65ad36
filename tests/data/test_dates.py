"""Dates and times: taken apart into the parts that vary, in training and in new rows alike."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fallline.core.errors import DataError
from fallline.core.task import Target, Task
from fallline.data.dates import DateColumn
from fallline.data.encoding import announcements, fit
from fallline.data.schema import Schema, encode
from fallline.data.table import read

TARGET = Target(name="y", task=Task.regression, reason="a test")
DAYS = [datetime.date(2023, 12, 30) + datetime.timedelta(days=row) for row in range(40)]


def fitted(frame: pl.DataFrame) -> Schema:
    return fit(frame, target=TARGET, train_rows=np.arange(frame.height))


def standardized(values: list) -> np.ndarray:
    return (np.array(values) - np.mean(values)) / np.std(values)


def test_a_date_becomes_year_month_day_and_weekday_each_standardized():
    frame = pl.DataFrame({"when": DAYS})
    schema = fitted(frame)
    assert schema.features == ("when year", "when month", "when day", "when weekday")
    inputs = encode(schema, frame).inputs
    parts = [[day.year for day in DAYS], [day.month for day in DAYS], [day.day for day in DAYS]]
    parts.append([day.isoweekday() for day in DAYS])
    for position, part in enumerate(parts):
        np.testing.assert_allclose(inputs[:, position], standardized(part), rtol=1e-5, atol=1e-6)  # float32


def test_the_hour_is_a_part_of_times_and_parts_that_do_not_vary_are_none():
    times = [datetime.datetime(2024, 1, 1, row % 24, 30) for row in range(48)]
    frame = pl.DataFrame({"when": times})
    schema = fitted(frame)
    assert schema.features == ("when hour",)
    assert announcements(schema) == ("when: taken apart into hour.",)
    [row] = schema.treatment()
    assert row["treatment"] == "taken apart into hour, each standardized"
    assert row["kind"] == "date"


def test_times_of_day_have_hours_and_minutes():
    frame = pl.DataFrame({"at": [datetime.time(row, 2 * row) for row in range(20)]})
    assert fitted(frame).features == ("at hour", "at minute")


def test_a_date_that_never_changes_is_dropped():
    frame = pl.DataFrame({"when": [datetime.datetime(2024, 1, 1, 5, row) for row in range(30)], "x": [*range(29), 0]})
    assert fitted(frame).features == ("x",)
    assert fitted(frame.with_columns(when=pl.lit(DAYS[0]))).treatment()[0]["treatment"] == (
        "dropped: 2023-12-30 in every training row"
    )


def test_missing_dates_are_filled_with_the_medians_and_marked():
    frame = pl.DataFrame({"when": [None, *DAYS[1:]]})
    schema = fitted(frame)
    [column] = schema.columns
    assert isinstance(column, DateColumn)
    assert (column.missing, schema.features[-1]) == (1, "when missing")
    inputs = encode(schema, frame).inputs
    assert inputs[:, -1].tolist() == [1] + [0] * 39
    encoded = encode(schema, pl.DataFrame({"when": [None, None]}, schema={"when": pl.Date}))
    assert encoded.notes == ()
    np.testing.assert_array_equal(encoded.inputs, inputs[[0, 0]])


def test_a_missing_date_that_training_never_saw_is_announced():
    schema = fitted(pl.DataFrame({"when": DAYS}))
    encoded = encode(schema, pl.DataFrame({"when": ["", "2024-01-01"]}).with_columns(pl.col("when").replace("", None)))
    assert encoded.notes == (
        "when: 1 row without a value, which training never saw; filled with the medians of its parts.",
    )


@pytest.mark.parametrize("as_text", [str, lambda day: f"{day}T00:00:00Z"])
def test_new_dates_as_text_are_encoded_the_same(as_text):
    frame = pl.DataFrame({"when": DAYS})
    schema = Schema.from_json(fitted(frame).to_json())
    texts = pl.DataFrame({"when": [as_text(day) for day in DAYS]})
    np.testing.assert_array_equal(encode(schema, texts).inputs, encode(schema, frame).inputs)


def test_what_is_no_date_among_new_dates_is_refused_with_its_row():
    schema = fitted(pl.DataFrame({"when": DAYS}))
    with pytest.raises(DataError, match="encoding column 'when': row 2 does not hold a date"):
        encode(schema, pl.DataFrame({"when": ["2024-01-01", "soon"]}))
    with pytest.raises(DataError, match="row 1 does not hold a date"):
        encode(schema, pl.DataFrame({"when": [5, 6]}))


def test_dates_of_pandas_as_text_or_not_are_the_dates_of_a_file(write):
    path = write("when,y\n" + "".join(f"{day},{row}\n" for row, day in enumerate(DAYS)))
    from_file = read(path)
    assert from_file.notes == ("when: read as dates.",)
    for frame in (pd.read_csv(path), pd.read_csv(path, parse_dates=["when"])):
        table = read(frame)
        assert encode(fitted(from_file.frame), table.frame).inputs.tolist() == (
            encode(fitted(table.frame), from_file.frame).inputs.tolist()
        )


def test_durations_are_numbers_of_seconds():
    table = read(pl.DataFrame({"took": [datetime.timedelta(minutes=2), datetime.timedelta(seconds=1.5)]}))
    assert table.frame["took"].to_list() == [120.0, 1.5]
