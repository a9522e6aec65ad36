"""Several target columns: found, inferred, split and encoded."""

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.datasets import load_linnerud

from fallline.core.errors import DataError, UnknownNameError
from fallline.core.task import Task
from fallline.data.prepare import prepare
from fallline.data.schema import Schema, encode
from fallline.data.table import read
from fallline.data.target import find_all
from fallline.data.targets import infer_all, values_all

GENERATOR = np.random.default_rng(5)
FRAME = pl.DataFrame(
    {
        "x": GENERATOR.normal(size=100),
        "price": GENERATOR.normal(7, 3, 100),
        "days": GENERATOR.integers(0, 40, 100),
        "rain": GENERATOR.integers(0, 2, 100),
        "wind": GENERATOR.integers(0, 2, 100) > 0,
        "colour": GENERATOR.choice(["red", "blue"], 100),
    }
)
COLUMNS = ["a", "b", "c,d", "3"]


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("a", ("a",)),
        ("a,b", ("a", "b")),
        (" b , a ", ("b", "a")),
        ("c,d", ("c,d",)),
        ("1,-1", ("a", "3")),
        (-2, ("c,d",)),
        (["c,d", 1], ("c,d", "a")),
        (("b",), ("b",)),
    ],
)
def test_several_targets_are_a_sequence_or_a_text_with_commas_and_a_name_wins(target, names: tuple):
    assert find_all(COLUMNS, target) == names


@pytest.mark.parametrize("target", ["a,a", ["a", 1], [], "a,"])
def test_a_target_named_twice_or_not_at_all_is_refused(target):
    with pytest.raises((DataError, UnknownNameError)):
        find_all(COLUMNS, target)


def test_one_of_several_that_is_misspelt_suggests_the_nearest_column():
    with pytest.raises(UnknownNameError, match="did you mean 'price'"):
        find_all(FRAME.columns, "days,prise")


def test_several_numbers_are_a_regression_in_their_own_units():
    target = infer_all(FRAME.select("price", "days"))
    assert (target.name, target.columns, target.width) == ("price, days", ("price", "days"), 2)
    assert (target.task, target.mean, target.scale, target.classes) == (Task.regression, (0, 0), (1, 1), ())
    assert target.reason == "2 columns of numbers on 100 rows"
    values = values_all(FRAME.select("price", "days"), target)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, FRAME.select("price", "days").to_numpy())


def test_several_columns_of_0_and_1_or_booleans_are_labels():
    target = infer_all(FRAME.select("rain", "wind"))
    assert (target.task, target.columns, target.classes) == (Task.multilabel, ("rain", "wind"), ())
    values = values_all(FRAME.select("rain", "wind"), target)
    assert values.dtype == np.int64
    np.testing.assert_array_equal(values, FRAME.select("rain", "wind").to_numpy())


def test_one_column_in_a_sequence_is_the_single_target():
    prepared = prepare(read(FRAME), target=["price"])
    assert (prepared.dataset.target.name, prepared.dataset.target.columns) == ("price", ())
    assert prepared.dataset.train.targets.ndim == 1


def test_labels_are_numbers_where_that_is_asked_for_or_the_loss_is_for_numbers():
    labels = FRAME.select("rain", "wind")
    assert infer_all(labels, task=Task.regression).task is Task.regression
    assert infer_all(labels, allowed=(Task.regression,)).task is Task.regression
    assert infer_all(labels, allowed=(Task.regression,)).reason.endswith("because the loss is")
    assert infer_all(labels, allowed=(Task.binary, Task.multilabel)).task is Task.multilabel
    assert infer_all(labels, allowed=(Task.binary,)).task is Task.multilabel
    assert infer_all(FRAME.select("price", "rain")).task is Task.regression


@pytest.mark.parametrize(
    ("columns", "task", "said"),
    [
        (["rain", "colour"], None, "taking 'colour' as one of several targets: it does not hold numbers"),
        (["colour", "rain"], Task.multilabel, "it does not hold 0 and 1"),
        (["price", "rain"], Task.multilabel, "it does not hold 0 and 1"),
        (["price", "days"], Task.multiclass, "this task has one target column, and there are 2"),
        (["rain", "wind"], Task.binary, "this task has one target column, and there are 2"),
        (["price", "days"], Task.counts, "this task has one target column, and there are 2"),
    ],
)
def test_columns_that_do_not_make_the_task_are_refused(columns: list[str], task: Task | None, said: str):
    with pytest.raises(DataError) as caught:
        infer_all(FRAME.select(columns), task=task)
    assert said in str(caught.value)


@pytest.mark.parametrize("task", [None, Task.multilabel, Task.regression])
def test_a_constant_label_is_refused(task: Task | None):
    with pytest.raises(DataError, match="taking 'flat' as the target: it is constant"):
        infer_all(FRAME.select("rain", pl.lit(1).alias("flat")), task=task)


def test_the_parts_hold_one_column_per_target_and_means_and_scales_of_the_training_rows():
    prepared = prepare(read(FRAME), target="price,days")
    train, target = prepared.dataset.train, prepared.dataset.target
    assert prepared.schema.features[0] == "x"
    assert (train.targets.dtype, train.targets.shape) == (torch.float64, (60, 2))
    assert not {"price", "days"} & {column.name for column in prepared.schema.columns}
    truths = FRAME.select("price", "days").to_numpy()[train.rows]
    np.testing.assert_array_equal(train.targets.numpy(), truths)
    assert target.mean == pytest.approx(truths.mean(axis=0), rel=1e-12)  # float64 sums in two orders
    assert target.scale == pytest.approx(truths.std(axis=0), rel=1e-12)
    assert Schema.from_json(prepared.schema.to_json()) == prepared.schema


def test_labels_are_split_at_random_and_keep_mean_0_and_scale_1():
    prepared = prepare(read(FRAME), target="rain,wind")
    one = prepare(read(FRAME), target="price")
    assert torch.equal(prepared.dataset.test.rows, one.dataset.test.rows)
    assert (prepared.dataset.train.targets.dtype, prepared.dataset.train.targets.shape) == (torch.int64, (60, 2))
    assert (prepared.dataset.target.mean, prepared.dataset.target.scale) == ((0, 0), (1, 1))


def test_a_row_that_lacks_any_target_is_left_out_and_counted():
    gaps = FRAME.with_columns(
        price=pl.when(pl.int_range(100) < 3).then(None).otherwise("price"),
        days=pl.when(pl.int_range(100).is_in([2, 50])).then(float("inf")).otherwise("days"),
    )
    prepared = prepare(read(gaps), target=("price", "days"))
    assert "4 rows without a value of price or days left out." in prepared.notes
    rows = torch.cat([part.rows for part in (prepared.dataset.train, prepared.dataset.validation)])
    assert not {0, 1, 2, 50} & set(rows.tolist())


def test_a_label_that_all_training_rows_agree_on_is_announced():
    frame = FRAME.with_columns(rare=pl.int_range(100) == 7)
    said = "All training rows agree on rare; it cannot be learnt."
    found = {said in prepare(read(frame), target="rain,rare", split_seed=seed).notes for seed in range(20)}
    assert found == {True, False}


def test_new_rows_need_no_targets():
    prepared = prepare(read(FRAME), target="price,days")
    expected = encode(prepared.schema, FRAME).inputs
    encoded = encode(prepared.schema, FRAME.drop("price", "days"))
    np.testing.assert_array_equal(encoded.inputs, expected)
    assert encode(prepared.schema, FRAME).notes == ()


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_a_y_of_several_columns_gives_several_default_targets(kind):
    table = read((kind(np.eye(30)), kind(GENERATOR.normal(size=(30, 3)))))
    assert table.target == ("y1", "y2", "y3")
    assert prepare(table, target=None).dataset.train.targets.shape == (18, 3)


def test_a_frame_of_targets_keeps_its_names():
    table = read((FRAME.select("x"), FRAME.select("rain", "wind")))
    assert table.target == ("rain", "wind")
    assert prepare(table, target=None).dataset.target.task is Task.multilabel


def test_a_bunch_of_several_targets_gives_their_names():
    table = read(load_linnerud())
    assert table.target == ("Weight", "Waist", "Pulse")
    assert prepare(table, target=None).dataset.target.width == 3
