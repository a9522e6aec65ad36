"""What is asked for of single columns: to drop, to use only, to take as categories, numbers or an order."""

import datetime

import numpy as np
import polars as pl
import pytest

from fallline.core.errors import DataError, UnknownNameError
from fallline.data.numeric import OrderedColumn
from fallline.data.prepare import prepare
from fallline.data.schema import Schema, encode
from fallline.data.table import read

GENERATOR = np.random.default_rng(3)
ROWS = 200
FRAME = pl.DataFrame(
    {
        "size": GENERATOR.normal(size=ROWS),
        "cylinders": GENERATOR.choice([4, 6, 8], ROWS),
        "cut": GENERATOR.choice(["Fair", "Good", "Ideal"], ROWS),
        "code": [f"name {row}" for row in range(ROWS)],
        "row": range(ROWS),
        "digits": GENERATOR.choice(["1", "2", "3"], ROWS),
        "sure": GENERATOR.random(ROWS) < 0.5,
        "when": [datetime.date(2024, 1, 1) + datetime.timedelta(days=row) for row in range(ROWS)],
        "w": GENERATOR.uniform(0.5, 2, ROWS),
        "y": GENERATOR.normal(size=ROWS),
    }
)


def prepared(**wishes):
    return prepare(read(FRAME), target="y", weight="w", **wishes)


def kinds(**wishes) -> dict[str, str]:
    return {column.name: column.kind for column in prepared(**wishes).schema.columns}


def test_columns_are_dropped_or_kept_as_asked_for_and_that_is_said():
    found = prepared(drop=["size", "cut"])
    assert {column.name for column in found.schema.columns if column.kind != "dropped"} == {
        *("cylinders", "digits", "sure", "when")
    }
    assert "Dropped size, cut: asked for." in found.notes
    only = prepared(only=["size", 3])
    assert only.schema.features == ("size", "cut=Fair", "cut=Good", "cut=Ideal")
    assert any(note.endswith(": not among the columns asked for.") for note in only.notes)


def test_new_rows_need_none_of_the_columns_that_were_left_out():
    schema = prepared(only=["size"]).schema
    assert encode(schema, FRAME.select("size")).notes == ()


def test_numbers_are_categories_if_asked_to_be_however_they_are_written():
    schema = Schema.from_json(prepared(categorical=["cylinders"], only=["cylinders"]).schema.to_json())
    assert schema.features == ("cylinders=4", "cylinders=6", "cylinders=8")
    expected = np.eye(3)
    for values in ([4, 6, 8], [4.0, 6.0, 8.0], ["4", "6", "8"], ["4.0", " 6", "8.00"]):
        encoded = encode(schema, pl.DataFrame({"cylinders": values}))
        np.testing.assert_array_equal(encoded.inputs, expected)
        assert encoded.notes == ()
    assert "cylinders" not in schema.text_columns


def test_what_would_be_dropped_is_kept_if_asked_for_as_something():
    assert {name: kind for name, kind in kinds().items() if kind == "dropped"} == {"code": "dropped", "row": "dropped"}
    assert kinds(categorical=["code"], numeric=["row"])["code"] == "categorical"
    assert kinds(categorical=["code"], numeric=["row"])["row"] == "numeric"


def test_texts_booleans_and_dates_are_numbers_if_asked_to_be():
    schema = prepared(numeric=["digits", "sure", "when"]).schema
    columns = {column.name: column for column in schema.columns}
    assert [columns[name].kind for name in ("digits", "sure", "when")] == ["numeric"] * 3
    days = pl.DataFrame({"when": ["2024-01-01"]}).with_columns(pl.col("when").str.to_date())["when"]
    assert columns["when"].mean == pytest.approx(days.cast(pl.Int32)[0] + ROWS / 2, abs=ROWS / 4)


def test_text_that_is_to_be_numbers_is_refused_with_its_row():
    with pytest.raises(DataError, match="taking column 'cut' for numbers: row 1 does not hold a number"):
        prepared(numeric=["cut"])


def test_ordered_categories_become_standardized_ranks():
    levels = ("Fair", "Good", "Ideal")
    found = prepared(ordered={"cut": levels}, only=["cut"])
    assert found.schema.features == ("cut",)
    [column] = [column for column in found.schema.columns if column.name == "cut"]
    assert isinstance(column, OrderedColumn)
    ranks = np.array([levels.index(cut) for cut in FRAME["cut"].gather(found.dataset.train.rows.tolist())])
    expected = (ranks - ranks.mean()) / ranks.std()
    np.testing.assert_allclose(found.dataset.train.inputs[:, 0], expected, rtol=1e-5, atol=1e-6)  # float32
    assert column.treatment == "ranked Fair < Good < Ideal, then standardized"
    schema = Schema.from_json(found.schema.to_json())
    assert schema == found.schema
    assert "cut" in schema.text_columns


def test_new_levels_of_an_order_count_as_missing_and_are_announced():
    schema = prepared(ordered={"cut": ["Fair", "Good", "Ideal"]}, only=["cut"]).schema
    encoded = encode(schema, pl.DataFrame({"cut": ["Good", "Superb", None]}))
    median = encode(schema, pl.DataFrame({"cut": ["Good"]})).inputs[0, 0]
    assert encoded.inputs[:, 0].tolist() == [median] * 3
    assert encoded.notes == (
        "cut: 1 row with a category that training never saw ('Superb'); "
        "taken as missing, filled with the rank of Good.",
        "cut: 1 row without a value, which training never saw; filled with the middle rank.",
    )


def test_missing_ranks_are_filled_and_marked_where_training_has_some():
    gaps = FRAME.with_columns(pl.when(pl.int_range(ROWS) % 7 == 0).then(None).otherwise("cut").alias("cut"))
    found = prepare(read(gaps), target="y", ordered={"cut": ["Fair", "Good", "Ideal"]}, only=["cut"])
    assert found.schema.features == ("cut", "cut missing")
    assert "missing filled with the middle rank, " in found.schema.treatment()[2]["treatment"]


def test_an_order_names_every_category_each_once():
    with pytest.raises(DataError, match="some of them are not in the order that was given") as caught:
        prepared(ordered={"cut": ["Fair", "Good"]})
    assert "Ideal" in str(caught.value)
    for levels in (["Fair"], ["Fair", "Good", "Fair"]):
        with pytest.raises(DataError, match="the levels of 'cut' cannot be ordered"):
            prepared(ordered={"cut": levels})


def test_numbers_may_have_an_order_too():
    schema = prepared(ordered={"cylinders": [8, 4, 6]}, only=["cylinders"]).schema
    inputs = encode(schema, pl.DataFrame({"cylinders": [8, 4, 6]})).inputs[:, 0]
    assert inputs[0] < inputs[1] < inputs[2]


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"drop": ["cut"], "only": ["cut"]}, "'cut' is in drop, but it is in only as well"),
        ({"drop": ["cut"], "categorical": ["cut"]}, "'cut' is in drop, but it is in categorical as well"),
        ({"numeric": ["size"], "categorical": ["size"]}, "'size' is in categorical, but it is in numeric as well"),
        ({"numeric": ["cut"], "ordered": {"cut": ["a", "b"]}}, "'cut' is in numeric, but it is in ordered as well"),
        ({"only": ["size"], "numeric": ["row"]}, "'row' is in numeric, but it is not in only"),
        ({"drop": ["y"]}, "'y' is in drop, but it is the target"),
        ({"only": ["size", "y"]}, "'y' is in only, but it is the target"),
        ({"categorical": ["y"]}, "'y' is in categorical, but it is the target"),
        ({"numeric": ["w"]}, "'w' is in numeric, but it is the weight"),
        ({"drop": "cut"}, "columns are to be given as a list"),
    ],
)
def test_wishes_that_contradict_each_other_are_refused(wishes: dict, said: str):
    with pytest.raises(DataError, match="preparing a DataFrame: ") as caught:
        prepared(**wishes)
    assert said in str(caught.value)


def test_the_weight_may_be_dropped_for_it_is_no_feature_anyway():
    assert "w" not in kinds(drop=["w"])


@pytest.mark.parametrize("wish", ["drop", "only", "categorical", "numeric"])
def test_a_column_that_is_not_there_suggests_the_nearest(wish: str):
    with pytest.raises(UnknownNameError, match="did you mean 'cylinders'"):
        prepared(**{wish: ["cylinder"]})
    with pytest.raises(UnknownNameError, match="did you mean 'cut'"):
        prepared(ordered={"cuts": ["a", "b"]})
