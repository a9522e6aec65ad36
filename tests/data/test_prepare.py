"""From a table to tensors."""

import numpy as np
import polars as pl
import pytest
import torch

from fallline.core.errors import DataError, UnknownNameError
from fallline.core.task import Task
from fallline.data.prepare import prepare
from fallline.data.schema import Schema, encode
from fallline.data.table import read

GENERATOR = np.random.default_rng(3)
FRAME = pl.DataFrame(
    {
        "x": GENERATOR.normal(size=100),
        "kind": GENERATOR.choice(["a", "b"], 100),
        "w": GENERATOR.uniform(0.5, 2, 100),
        "y": GENERATOR.normal(7, 3, 100),
    }
)


def parts(prepared):
    return prepared.dataset.train, prepared.dataset.validation, prepared.dataset.test


def test_the_parts_have_the_types_and_shapes_that_engines_expect():
    prepared = prepare(read(FRAME), target="y", weight="w")
    assert prepared.dataset.features == prepared.schema.features == ("x", "kind=a", "kind=b")
    for part, rows in zip(parts(prepared), (60, 20, 20), strict=True):
        assert len(part) == rows
        assert (part.inputs.dtype, part.inputs.shape) == (torch.float32, (rows, 3))
        assert (part.targets.dtype, part.targets.shape) == (torch.float64, (rows,))
        assert (part.weights.dtype, part.weights.shape) == (torch.float32, (rows,))
        assert (part.rows.dtype, part.rows.shape) == (torch.int64, (rows,))
        assert part.inputs.is_contiguous()


def test_each_row_is_where_its_number_says():
    prepared = prepare(read(FRAME), target="y", weight="w")
    inputs = encode(prepared.schema, FRAME).inputs
    for part in parts(prepared):
        np.testing.assert_array_equal(part.inputs.numpy(), inputs[part.rows])
        np.testing.assert_array_equal(part.targets.numpy(), FRAME["y"].to_numpy()[part.rows])
        np.testing.assert_array_equal(part.weights.numpy(), FRAME["w"].to_numpy().astype(np.float32)[part.rows])
    everything = torch.cat([part.rows for part in parts(prepared)])
    assert everything.sort().values.tolist() == list(range(100))


def test_training_inputs_are_standardized_and_the_target_keeps_its_unit():
    prepared = prepare(read(FRAME), target="y", weight="w")
    train, target = prepared.dataset.train, prepared.dataset.target
    x = train.inputs[:, 0].double()
    assert abs(x.mean().item()) < 1e-6  # rounding to float32
    assert x.std(correction=0).item() == pytest.approx(1, abs=1e-6)
    weights = FRAME["w"].to_numpy()[train.rows]
    truths = train.targets.numpy()
    mean = np.sum(weights * truths) / np.sum(weights)
    assert target.mean == pytest.approx((mean,), rel=1e-12)  # float64 sums in two orders
    assert target.scale == pytest.approx(
        (np.sqrt(np.sum(weights * (truths - mean) ** 2) / np.sum(weights)),), rel=1e-12
    )


def test_classes_are_ids_with_mean_0_and_scale_1_and_in_their_share_of_every_part():
    prepared = prepare(read("iris"), target=None)
    assert prepared.dataset.target.classes == ("setosa", "versicolor", "virginica")
    assert (prepared.dataset.target.mean, prepared.dataset.target.scale) == ((0,), (1,))
    for part, rows in zip(parts(prepared), (30, 10, 10), strict=True):
        assert part.targets.dtype == torch.int64
        assert torch.bincount(part.targets).tolist() == [rows] * 3
        assert part.weights is None


def test_the_split_seed_decides_the_rows_and_nothing_else_does():
    rows = [prepare(read(FRAME), target="y", split_seed=seed).dataset.test.rows for seed in (0, 0, 1)]
    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])
    assert torch.equal(rows[0], prepare(read(FRAME), target="x").dataset.test.rows)


def test_the_notes_are_in_the_order_of_the_work(write):
    lines = [f"{x:.3f};{'ab'[k]};5;{y:.3f}" for x, k, y in zip(FRAME["x"], [0, 1] * 50, FRAME["y"], strict=True)]
    lines[3] = ";a;5;1.0"
    lines[5] = "1.0;b;5;?"
    prepared = prepare(read(write("\n".join(lines))), target=-1)
    reading, header, left_out, task, *encoding = prepared.notes
    assert reading == "The values are separated by semicolons."
    assert header == "No header was found; the columns are named column_1 … column_4."
    assert left_out == "1 row without a value of column_4 left out."
    assert task == "Task: regression (column_4: numbers with 99 distinct values on 99 rows)."
    assert encoding[0] == "Dropped column_3: 5 in every training row."
    assert 5 not in torch.cat([part.rows for part in parts(prepared)])


def test_the_column_of_weights_may_be_named_by_its_position():
    position = FRAME.columns.index("w") + 1
    for weight in (position, str(position)):
        assert prepare(read(FRAME), target="y", weight=weight).schema.weight == "w"


def test_rows_of_weight_zero_or_none_are_left_out_and_counted():
    weights = FRAME["w"].to_list()
    weights[0], weights[1] = 0.0, None
    prepared = prepare(read(FRAME.with_columns(pl.Series("w", weights))), target="y", weight="w")
    assert sum(map(len, parts(prepared))) == 98
    assert "2 rows with a weight of 0 or none in w left out." in prepared.notes


def test_infinite_targets_are_left_out_as_missing():
    values = FRAME["y"].to_list()
    values[0], values[1] = float("inf"), None
    prepared = prepare(read(FRAME.with_columns(pl.Series("y", values))), target="y")
    assert "2 rows without a value of y left out." in prepared.notes
    assert all(part.targets.isfinite().all() for part in parts(prepared))


@pytest.mark.parametrize("weight", [-1.0, float("inf")])
def test_a_negative_or_infinite_weight_is_refused_with_its_row(weight: float):
    weights = FRAME["w"].to_list()
    weights[41] = weight
    with pytest.raises(DataError, match="the weight of row 42 cannot be used") as caught:
        prepare(read(FRAME.with_columns(pl.Series("w", weights))), target="y", weight="w")
    assert f"w = {weight}" in str(caught.value)


def test_a_weight_that_is_absent_the_target_or_text_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'kind'"):
        prepare(read(FRAME), target="y", weight="kinds")
    with pytest.raises(DataError, match="both the target and the weight"):
        prepare(read(FRAME), target="y", weight="y")
    with pytest.raises(DataError, match="row 1 does not hold a number"):
        prepare(read(FRAME), target="y", weight="kind")


def test_a_class_that_training_has_no_row_of_keeps_its_id_and_is_announced():
    labels = ["a"] * 99 + ["rare"]
    for seed in range(40):
        prepared = prepare(read(FRAME.with_columns(pl.Series("kind", labels))), target="kind", split_seed=seed)
        assert prepared.dataset.target.classes == ("a", "rare")
        absent = not prepared.dataset.train.targets.any()
        said = "No training row is of class rare; it cannot be learnt."
        assert (said in prepared.notes) == absent
        if absent:
            return
    pytest.fail("in 40 splits the only row of a class was always drawn for training")


def test_the_task_can_be_asked_for_or_follow_from_the_loss():
    table = read("digits")
    assert prepare(table, target=None).dataset.target.task is Task.multiclass
    assert prepare(table, target=None, task=Task.regression).dataset.target.task is Task.regression
    counted = prepare(table, target=None, allowed=(Task.counts,)).dataset
    assert counted.target.task is Task.counts
    assert counted.train.targets.dtype == torch.float64


def test_no_target_an_absent_one_and_a_constant_one_are_refused():
    with pytest.raises(DataError, match="not said which column to predict"):
        prepare(read(FRAME), target=None)
    with pytest.raises(UnknownNameError, match="did you mean 'kind'"):
        prepare(read(FRAME), target="knid")
    with pytest.raises(DataError, match="it is constant"):
        prepare(read(FRAME.with_columns(pl.lit(1.0).alias("y"))), target="y")


@pytest.mark.parametrize("rows", [1, 9])
def test_too_few_rows_are_refused(rows: int):
    with pytest.raises(DataError, match="too few rows to split"):
        prepare(read(FRAME[:rows]), target="y")


def test_a_target_that_is_always_missing_leaves_too_few_rows():
    with pytest.raises(DataError, match="0 rows, of 100 in the table"):
        prepare(read(FRAME.with_columns(pl.lit(None, dtype=pl.Float64).alias("y"))), target="y")


PUBLISHED = [
    ("titanic.csv", "survived", Task.binary, (891, 34)),
    ("housing.data", -1, Task.regression, (506, 13)),
    ("auto_imports.csv", "-1", Task.regression, (201, 76)),
    ("horse-colic.csv", "24", Task.binary, (300, 47)),
    ("abalone.csv", -1, Task.regression, (4_177, 10)),
    ("winequality-red.csv", -1, Task.multiclass, (1_599, 11)),
    ("iris-headerless.csv", -1, Task.multiclass, (150, 4)),
    ("heart.csv", "target", Task.binary, (303, 13)),
    ("mpg.csv", "mpg", Task.regression, (398, 10)),
    ("penguins.csv", "species", Task.multiclass, (344, 14)),
    ("diamonds.csv", "price", Task.regression, (53_940, 26)),
]


@pytest.mark.parametrize(("file", "target", "task", "shape"), PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_a_published_table_is_read_and_prepared(shared_data, file: str, target, task: Task, shape: tuple):
    table = read(shared_data / file)
    prepared = prepare(table, target=target)
    assert prepared.dataset.target.task is task
    inputs = torch.cat([part.inputs for part in parts(prepared)])
    assert inputs.shape == shape
    assert inputs.isfinite().all()
    assert Schema.from_json(prepared.schema.to_json()) == prepared.schema


def test_pandas_reads_the_same_values_from_a_published_table(shared_data):
    import pandas as pd  # only this test needs it

    ours = read(shared_data / "diamonds.csv").frame
    theirs = read(pd.read_csv(shared_data / "diamonds.csv")).frame
    assert ours.equals(theirs)
