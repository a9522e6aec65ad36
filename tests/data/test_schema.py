"""New rows under an old schema, and the schema as data.json."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from fallline.core.errors import DataError, StudyError
from fallline.core.task import Target, Task
from fallline.data.encoding import fit
from fallline.data.schema import FORMAT, Schema, encode

TRAINING = pl.DataFrame(
    {
        "size": [1.0, 2.0, 3.0, 6.0],
        "gappy": [1.0, None, 3.0, 8.0],
        "colour": ["red", "blue", "red", "blue"],
        "grade": ["a", None, "b", "a"],
        "new": [True, False, True, True],
        "same": [7, 7, 7, 7],
        "weight": [1.0, 2.0, 1.0, 1.0],
        "price": [10.0, 20.0, 30.0, 40.0],
    }
)
TARGET = Target(name="price", task=Task.regression, reason="a test", mean=(25.0,), scale=(11.0,))
SCHEMA = fit(TRAINING, target=TARGET, train_rows=np.arange(4), weight="weight")
ROWS = TRAINING.drop("price", "weight", "same")


def test_the_features_are_named_after_their_columns():
    assert SCHEMA.features == (
        *("size", "gappy", "gappy missing", "colour=blue", "colour=red"),
        *("grade=a", "grade=b", "grade missing", "new"),
    )


def test_new_rows_need_neither_target_nor_weight_nor_dropped_columns_and_any_order_will_do():
    expected = encode(SCHEMA, TRAINING).inputs
    encoded = encode(SCHEMA, ROWS.select(reversed(ROWS.columns)))
    np.testing.assert_array_equal(encoded.inputs, expected)
    assert encoded.notes == ()


def test_a_row_is_encoded_the_same_alone():
    together = encode(SCHEMA, ROWS).inputs
    for row in range(4):
        np.testing.assert_array_equal(encode(SCHEMA, ROWS[row]).inputs[0], together[row])


def test_the_same_values_as_text_are_encoded_the_same():
    texts = ROWS.with_columns(pl.all().cast(pl.String))
    np.testing.assert_array_equal(encode(SCHEMA, texts).inputs, encode(SCHEMA, ROWS).inputs)


def test_a_missing_column_is_refused_by_name():
    with pytest.raises(DataError, match="a column is missing: 'size'") as caught:
        encode(SCHEMA, ROWS.rename({"size": "sise"}))
    assert "rename 'sise' to 'size'" in str(caught.value)


def test_extra_columns_are_ignored_and_announced():
    encoded = encode(SCHEMA, ROWS.with_columns(pl.lit(1).alias("moon"), pl.lit(2).alias("tide")))
    np.testing.assert_array_equal(encoded.inputs, encode(SCHEMA, ROWS).inputs)
    assert encoded.notes == ("Ignored, because training had no such column: moon, tide.",)


def test_an_unseen_category_sets_none_of_the_features_and_is_announced_with_examples():
    encoded = encode(SCHEMA, ROWS.with_columns(pl.Series("colour", ["red", "pink", "pink", "grey"])))
    assert encoded.inputs[:, 3:5].tolist() == [[0, 1], [0, 0], [0, 0], [0, 0]]
    assert encoded.notes == (
        "colour: 3 rows with a category that training never saw ('pink', 'grey'); none of its features is set.",
    )


def test_a_missing_value_that_training_never_saw_is_filled_and_announced():
    gaps = ROWS.with_columns(
        pl.Series("size", [None, 2.0, float("inf"), 1.0]),
        pl.Series("colour", [None, "red", "red", "red"]),
        pl.Series("new", [None, True, True, True]),
    )
    encoded = encode(SCHEMA, gaps)
    size = SCHEMA.columns[0]
    median = np.float32((size.median - size.mean) / size.scale)
    assert encoded.inputs[[0, 2], 0].tolist() == [median, median]
    assert encoded.inputs[0, 3:5].tolist() == [0, 0]
    assert encoded.inputs[0, -1] == 1
    assert encoded.notes == (
        "size: 2 rows without a value (1 infinite), which training never saw; filled with the median 2.5.",
        "colour: 1 row without a value, which training never saw; none of its features is set.",
        "new: 1 row without a value, which training never saw; filled with true.",
    )


def test_a_missing_value_that_training_saw_is_nothing_to_announce():
    gaps = ROWS.with_columns(pl.Series("gappy", [None] * 4), pl.Series("grade", [None] * 4))
    encoded = encode(SCHEMA, gaps)
    assert encoded.inputs[:, 2].tolist() == [1] * 4
    assert encoded.inputs[:, 5:8].tolist() == [[0, 0, 1]] * 4
    assert encoded.notes == ()


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("size", ["1", "2", "big", "huge"], ["row 3 does not hold a number, nor do 1 others", "size = 'big'"]),
        ("new", ["true", "perhaps", "1", "0"], ["row 2 does not hold true or false", "new = 'perhaps'"]),
        ("new", [0, 1, 2, 1], ["row 3 does not hold true or false", "new = '2'"]),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_row_column_and_value(name: str, values: list, said: list):
    with pytest.raises(DataError) as caught:
        encode(SCHEMA, ROWS.with_columns(pl.Series(name, values)))
    assert f"encoding column {name!r}: {said[0]}" in str(caught.value)
    assert said[1] in str(caught.value)


def test_huge_new_values_stay_finite():
    inputs = encode(SCHEMA, ROWS.with_columns(pl.Series("size", [1e308, -1e308, 0.0, 1.0]))).inputs
    assert np.isfinite(inputs).all()


def test_no_rows_give_no_rows():
    assert encode(SCHEMA, ROWS[:0]).inputs.shape == (0, len(SCHEMA.features))


def test_the_treatment_says_for_each_column_what_was_done():
    rows = {row["column"]: row for row in SCHEMA.treatment()}
    assert list(rows) == ["size", "gappy", "colour", "grade", "new", "same"]
    assert rows["gappy"] == {
        "column": "gappy",
        "kind": "numeric",
        "treatment": "standardized (mean 3.75, deviation 2.586); 1 missing filled with the median 3 and marked",
        "features": 2,
    }
    assert rows["grade"]["treatment"] == "one-hot, 2 levels; 1 missing as a level of their own"
    assert rows["same"]["treatment"] == "dropped: 7 in every training row"
    assert sum(row["features"] for row in rows.values()) == len(SCHEMA.features)


def test_a_schema_survives_data_json_to_the_last_bit():
    again = Schema.from_json(SCHEMA.to_json())
    assert again == SCHEMA
    np.testing.assert_array_equal(encode(again, ROWS).inputs, encode(SCHEMA, ROWS).inputs)


def test_a_data_json_of_the_first_format_is_read():
    content = json.loads(SCHEMA.to_json()) | {"format": 1}
    content["target"] |= {"mean": 25.0, "scale": 11.0}
    del content["target"]["columns"]
    for column in content["columns"]:
        for newer in ("written", "numeric"):
            column.pop(newer, None)
    assert Schema.from_json(json.dumps(content)) == SCHEMA


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "it is damaged"),
        ("[]", "it is damaged"),
        ("{}", "it is damaged"),
        (SCHEMA.to_json()[:-20], "it is damaged"),
        (SCHEMA.to_json().replace('"numeric"', '"numerical"', 1), "it is damaged"),
        ('{"format": 1}', "it is damaged"),
        ('{"format": 1, "target": 3}', "it is damaged"),
        (json.dumps({"format": FORMAT + 1, "tables": []}), "it was written by a newer version of Fallline"),
    ],
)
def test_a_damaged_or_newer_data_json_is_refused(text: str, wrong: str):
    with pytest.raises(StudyError) as caught:
        Schema.from_json(text)
    assert f"reading data.json: {wrong}" in str(caught.value)


def test_schemas_need_no_torch():
    code = "import sys, fallline.data.schema\nassert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
