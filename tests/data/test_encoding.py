"""The encoding: fitted on the training rows, equal to scikit-learn's, and told in plain words."""

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fallline.core.errors import DataError
from fallline.core.task import Target, Task
from fallline.data.encoding import announcements, fit
from fallline.data.schema import encode

TARGET = Target(name="y", task=Task.regression, reason="a test")


def fitted(frame: pl.DataFrame, *, train: int | None = None, weight: str | None = None):
    rows = np.arange(frame.height if train is None else train)
    return fit(frame, target=TARGET, train_rows=rows, weight=weight)


def messy(rows: int = 400) -> pl.DataFrame:
    generator = np.random.default_rng(1)

    def with_gaps(values: np.ndarray) -> list:
        gaps = generator.random(rows) < 0.1
        return [None if gap else value for value, gap in zip(values.tolist(), gaps, strict=True)]

    return pl.DataFrame(
        {
            "whole": generator.normal(50, 9, rows),
            "gappy": with_gaps(generator.exponential(3, rows)),
            "count": generator.poisson(4, rows),
            "colour": generator.choice(["red", "green", "blue"], rows),
            "letter": with_gaps(generator.choice(list("abcdef"), rows)),
        }
    )


def reference(frame: pl.DataFrame, *, train: int) -> np.ndarray:
    """The same encoding by scikit-learn, its columns in the order of ours."""
    pandas = frame.to_pandas()
    impute = SimpleImputer(strategy="median", add_indicator=True)
    scale = ColumnTransformer([("values", StandardScaler(), [0, 1, 2])], remainder="passthrough")
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoder = ColumnTransformer(
        [
            ("numbers", make_pipeline(impute, scale), ["whole", "gappy", "count"]),
            ("texts", one_hot, ["colour", "letter"]),
        ]
    )
    out = encoder.fit(pandas[:train]).transform(pandas)
    whole, gappy, count, gap = out[:, :4].T
    return np.column_stack([whole, gappy, gap, count, out[:, 4:]])


def test_the_encoding_is_scikit_learns():
    frame, train = messy(), 240
    inputs = encode(fitted(frame, train=train), frame).inputs
    assert (inputs.dtype, inputs.flags.c_contiguous) == (np.float32, True)
    # Both compute in float64; ours is rounded to float32 at the end.
    np.testing.assert_allclose(inputs, reference(frame, train=train), rtol=1e-6, atol=1e-6)


def test_levels_beyond_fifty_are_pooled_as_scikit_learn_pools_them():
    levels = [f"{level:02}" for level in range(60) for _ in range(level + 1)]  # no two equally frequent
    frame = pl.DataFrame({"many": levels})
    expected = OneHotEncoder(max_categories=50, sparse_output=False).fit_transform(frame.to_numpy())
    schema = fitted(frame)
    np.testing.assert_array_equal(encode(schema, frame).inputs, expected)
    assert schema.features[-1] == "many=other"
    assert announcements(schema) == ("many: the 11 rarest categories were pooled as other.",)


def test_a_level_called_other_joins_the_pool():
    levels = [f"{level:02}" for level in range(60) for _ in range(level + 1)] + ["other"] * 99
    schema = fitted(pl.DataFrame({"many": levels}))
    assert len(set(schema.features)) == len(schema.features) == 50
    assert "other" in schema.columns[0].pooled


def test_statistics_are_of_the_training_rows_only():
    frame = messy()
    changed = pl.concat([frame[:240], frame[240:].with_columns(pl.lit(1e6).alias("whole"))])
    assert fitted(frame, train=240).columns == fitted(changed, train=240).columns


def test_the_order_of_the_training_rows_does_not_matter():
    frame = messy()
    order = np.random.default_rng(0).permutation(240)
    shuffled = fit(frame, target=TARGET, train_rows=order)
    plain = fitted(frame, train=240)
    assert shuffled.features == plain.features
    # The sums are taken in another order.
    np.testing.assert_allclose(encode(shuffled, frame).inputs, encode(plain, frame).inputs, atol=1e-6)


def test_infinities_count_as_missing():
    values = [1.0, float("inf"), 3.0, -float("inf"), 5.0]
    schema = fitted(pl.DataFrame({"x": values}))
    [column] = schema.columns
    assert (column.median, column.missing, column.infinite) == (3.0, 2, 2)
    assert encode(schema, pl.DataFrame({"x": values})).inputs[:, 1].tolist() == [0, 1, 0, 1, 0]
    assert "x: 2 infinite values count as missing." in announcements(schema)


def test_booleans_are_0_and_1_and_missing_ones_are_filled_with_the_usual_and_marked():
    frame = pl.DataFrame({"whole": [True, False, True], "gappy": [True, None, True]})
    schema = fitted(pl.concat([frame, pl.DataFrame({"whole": [False], "gappy": [False]})]))
    assert schema.features == ("whole", "gappy", "gappy missing")
    assert encode(schema, frame).inputs.tolist() == [[1, 1, 0], [0, 1, 1], [1, 1, 0]]


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("x", [7] * 30, "7 in every training row"),
        ("x", ["a"] * 30, "'a' in every training row"),
        ("x", [None] * 30, "no value in the training rows"),
        ("x", [float("inf")] * 30, "no value in the training rows"),
        ("x", [f"name {row}" for row in range(30)], "text with 30 distinct values"),
        ("x", list(range(30)), "counts the rows"),
        ("x", list(range(1, 31)), "counts the rows"),
        ("PassengerId", list(range(900, 960, 2)), "an identifier, by its name"),
        ("patient_id", list(range(60, 0, -2)), "an identifier, by its name"),
        ("x", [[1, 2]] * 30, "not used"),
    ],
)
def test_a_column_that_says_nothing_is_dropped_and_said_to_be(name: str, values: list, reason: str):
    frame = pl.DataFrame({name: values, "kept": np.random.default_rng(0).normal(size=30)})
    schema = fitted(frame)
    assert schema.features == ("kept",)
    [note] = announcements(schema)
    assert note.startswith(f"Dropped {name}: ")
    assert reason in note


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x", [5, *range(1, 30)]),
        ("x", list(range(2, 32))),
        ("humid", list(range(60, 0, -2))),
        ("id", [1, 1, *range(5, 33)]),
        ("x", [f"name {row % 15}" for row in range(30)]),
        ("x", [f"name {row}" for row in range(20)] + ["name 0"] * 10),
        ("x", [7.0] * 29 + [None]),
    ],
)
def test_a_column_that_may_say_something_is_kept(name: str, values: list):
    assert fitted(pl.DataFrame({name: values})).features


def test_a_column_that_counts_all_rows_is_dropped_though_the_training_rows_are_some_of_them():
    frame = pl.DataFrame({"x": range(100), "kept": np.random.default_rng(0).normal(size=100)})
    assert fit(frame, target=TARGET, train_rows=np.arange(0, 100, 3)).features == ("kept",)


def test_target_and_weight_are_no_features():
    frame = pl.DataFrame({"x": [1.0, 2.5], "y": [3.0, 4.0], "w": [1.0, 2.0]})
    assert fitted(frame, weight="w").features == ("x",)


def test_no_column_left_is_an_error_that_says_why():
    with pytest.raises(DataError, match="no column is left to predict from") as caught:
        fitted(pl.DataFrame({"x": [1, 1, 1], "y": [1, 2, 3]}))
    assert "x dropped: 1 in every training row" in str(caught.value)
