"""A test set that is given: the rest is split into training and validation rows, and it is encoded like them."""

import numpy as np
import polars as pl
import pytest
import torch

from fallline.core.errors import DataError
from fallline.data import repeats
from fallline.data.prepare import prepare
from fallline.data.schema import encode
from fallline.data.table import read

GENERATOR = np.random.default_rng(2)


def frame(rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "x": GENERATOR.normal(size=rows),
            "colour": GENERATOR.choice(["red", "blue"], rows),
            "day": GENERATOR.permutation(rows),
            "w": GENERATOR.uniform(1, 2, rows),
            "kind": GENERATOR.choice(["a", "b"], rows),
            "y": GENERATOR.normal(size=rows),
        }
    )


TRAINING, TEST = frame(100), frame(30)


def prepared(test: pl.DataFrame = TEST, **options):
    return prepare(read(TRAINING), **{"target": "y", "test": read(test)} | options)


def test_the_given_rows_are_the_test_rows_and_the_others_are_split_80_to_20():
    found = prepared(weight="w")
    train, validation, test = found.dataset.train, found.dataset.validation, found.dataset.test
    assert (len(train), len(validation), len(test)) == (80, 20, 30)
    assert test.rows.tolist() == list(range(30))
    assert test.targets.tolist() == TEST["y"].to_list()
    np.testing.assert_array_equal(test.inputs, encode(found.schema, TEST).inputs)
    np.testing.assert_array_equal(test.weights, TEST["w"].to_numpy().astype(np.float32))
    assert sorted(torch.cat([train.rows, validation.rows]).tolist()) == list(range(100))
    assert "The test rows are the 30 rows of a DataFrame." in found.notes


def test_statistics_are_of_the_training_rows_whatever_the_test_rows_hold():
    assert prepared().schema == prepared(TEST.with_columns(x=pl.col("x") * 1e6)).schema


def test_columns_of_the_test_rows_may_come_in_another_order_and_be_more():
    shuffled = TEST.select(reversed(TEST.columns)).with_columns(moon=pl.lit(1))
    found = prepared(shuffled)
    assert torch.equal(found.dataset.test.inputs, prepared().dataset.test.inputs)
    assert "Ignored, because training had no such column: moon." in found.notes


def test_unseen_categories_and_missing_targets_of_the_test_rows_are_announced():
    odd = TEST.with_columns(
        colour=pl.when(pl.int_range(30) < 2).then(pl.lit("pink")).otherwise("colour"),
        y=pl.when(pl.int_range(30) > 26).then(None).otherwise("y"),
    )
    found = prepared(odd)
    assert "Test set: 3 rows without a value of y left out." in found.notes
    assert (
        "colour: 2 rows with a category that training never saw ('pink'); none of its features is set." in found.notes
    )
    assert found.dataset.test.rows.tolist() == list(range(27))


def test_classes_of_the_test_rows_have_the_ids_of_training():
    only_b = TEST.with_columns(kind=pl.lit("b"))
    found = prepared(only_b, target="kind")
    assert found.dataset.test.targets.tolist() == [1] * 30
    assert torch.bincount(found.dataset.validation.targets).sum() == 20


@pytest.mark.parametrize(
    ("change", "target", "said"),
    [
        (lambda test: test.drop("y"), "y", "it has no column 'y'"),
        (lambda test: test.drop("x"), "y", "a column is missing: 'x'"),
        (lambda test: test.with_columns(kind=pl.Series(["a"] * 29 + ["c"])), "kind", "row 30 is not of a known class"),
        (lambda test: test.with_columns(y=pl.lit("much")), "y", "row 1 is not a number"),
        (lambda test: test.with_columns(x=pl.lit("much")), "y", "row 1 does not hold a number"),
        (lambda test: test.with_columns(y=pl.lit(None, dtype=pl.Float64)), "y", "there are too few rows"),
    ],
)
def test_a_test_set_that_is_not_like_the_training_rows_is_refused(change, target: str, said: str):
    with pytest.raises(DataError) as caught:
        prepared(change(TEST), target=target)
    assert said in str(caught.value)


def test_a_weight_must_be_there_too():
    with pytest.raises(DataError, match="it has no column 'w'"):
        prepared(TEST.drop("w"), weight="w")


def test_several_targets_are_read_from_the_test_set_too():
    found = prepared(target="y,x")
    np.testing.assert_array_equal(found.dataset.test.targets, TEST.select("y", "x").to_numpy())


def test_validation_rows_can_be_split_off_by_time_or_group():
    found = prepared(split_by="time:day")
    days = TRAINING["day"].gather(found.dataset.validation.rows.tolist())
    assert sorted(days) == list(range(80, 100))
    grouped = prepare(
        read(TRAINING.with_columns(group=pl.int_range(100) % 10)), target="y", split_by="group:group", test=read(TEST)
    )
    assert len({row % 10 for row in grouped.dataset.validation.rows.tolist()}) == 2


def test_a_test_file_is_read_as_the_training_file_was(write):
    rows = "".join(f"{'007' if row % 2 else 'x1'};{row},5;{row},25\n" for row in range(100))
    table = read(write("code;size;y\n" + rows))
    assert table.text_columns == {"code", "size", "y"}
    path = write("code;size;y\n007;1,500;2,250\n007;2,500;3,250\n", name="test.csv")
    found = prepare(table, target="y", test=read(path, text=table.text_columns))
    assert found.dataset.test.targets.tolist() == [2.25, 3.25]
    assert found.dataset.test.inputs[:, :2].tolist() == [[1, 0], [1, 0]]
    size = found.schema.columns[1]
    assert found.dataset.test.inputs[0, 2].item() == pytest.approx((1.5 - size.mean) / size.scale, rel=1e-6)  # float32


def flattered(test: pl.DataFrame, **options) -> list[str]:
    return [note for note in prepared(test, **options).notes if "flatters" in note]


@pytest.mark.parametrize(("count", "said"), [(1, "1 row"), (7, "7 rows"), (100, "100 rows")])
def test_rows_that_are_also_trained_on_are_announced_with_their_count(count: int, said: str):
    note = f"Test set: the table that is trained on holds {said} of it too, which flatters the scores."
    assert flattered(pl.concat([TEST, TRAINING[:count]])) == [note]
    assert flattered(pl.concat([TEST, TRAINING[:count]]), target=["y", "w"]) == [note]


def test_rows_that_differ_in_the_target_or_in_a_feature_are_others():
    assert flattered(TEST) == []
    for column in ("x", "y"):
        assert flattered(TRAINING[:9].with_columns(pl.col(column) + 1)) == []
    assert len(flattered(TRAINING[:9].with_columns(pl.col("w") + 1), weight="w")) == 1


def test_rows_are_the_same_whatever_the_order_of_their_columns_and_how_many_are_looked_at_together(monkeypatch):
    monkeypatch.setattr(repeats, "_CHUNK", 7)
    known = TRAINING[40:53].select(reversed(TRAINING.columns))
    assert "holds 13 rows" in flattered(known)[0]
