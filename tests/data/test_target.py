"""The target: found by name or position, its task inferred, its values as ids or numbers."""

import numpy as np
import polars as pl
import pytest

from fallline.core.errors import DataError, UnknownNameError
from fallline.core.task import Task
from fallline.data.target import find, infer, moments, values

COLUMNS = ["age", "sex", "3", "price"]


@pytest.mark.parametrize(
    ("target", "name"),
    [("age", "age"), (1, "age"), (4, "price"), (-1, "price"), ("-2", "3"), ("4", "price"), ("3", "3"), (3, "3")],
)
def test_a_target_is_a_name_or_a_position_and_a_name_wins(target, name: str):
    assert find(COLUMNS, target) == name


@pytest.mark.parametrize("target", [0, 5, -5, "0"])
def test_a_position_that_is_not_there_is_refused(target):
    with pytest.raises(DataError, match=r"1 … 4, or -1 … -4"):
        find(COLUMNS, target)


def test_a_misspelt_target_suggests_the_nearest_column():
    with pytest.raises(UnknownNameError, match="did you mean 'price'"):
        find(COLUMNS, "pirce")


def column(*distinct, rows: int) -> pl.Series:
    return pl.Series("y", [distinct[position % len(distinct)] for position in range(rows)], strict=False)


@pytest.mark.parametrize(
    ("column", "task"),
    [
        (column("a", "b", rows=10), Task.binary),
        (column("a", "b", "c", rows=10), Task.multiclass),
        (column(True, False, rows=10), Task.binary),
        (column(0, 1, rows=10), Task.binary),
        (column(5, 7, rows=10), Task.binary),
        (column(0.0, 1.0, rows=10), Task.binary),
        (column(0, 1, 2, rows=60), Task.multiclass),
        (column(0.0, 1.0, 2.0, rows=60), Task.multiclass),
        (column(0, 1, 2, rows=59), Task.regression),
        (column(*range(10), rows=200), Task.multiclass),
        (column(*range(11), rows=1_000), Task.regression),
        (column(0.5, 1.5, rows=100), Task.regression),
        (column(1e300, 1.0, rows=100), Task.regression),
    ],
)
def test_text_booleans_and_few_integers_are_classes_and_all_else_numbers(column: pl.Series, task: Task):
    assert infer(column).task is task


def test_the_reason_says_what_the_column_holds():
    assert infer(column("a", "b", "c", rows=1_200)).reason == "text with 3 distinct values on 1,200 rows"
    asked = infer(column(0, 1, 2, rows=90), task=Task.regression)
    assert asked.reason == "asked for; integers with 3 distinct values on 90 rows"


@pytest.mark.parametrize(
    ("column", "classes", "source"),
    [
        (column(10, 9, rows=10), (9, 10), "integer"),
        (column(1.0, 0.0, rows=10), (0, 1), "integer"),
        (column(True, False, rows=10), (False, True), "boolean"),
        (column("b", "B", "a", rows=10), ("B", "a", "b"), "text"),
    ],
)
def test_classes_are_sorted_and_keep_their_type(column: pl.Series, classes: tuple, source: str):
    target = infer(column)
    assert target.classes == classes
    assert [type(label) for label in target.classes] == [type(label) for label in classes]
    assert target.source == source
    ids = values(column, target)
    assert ids.dtype == np.int64
    assert [target.classes[label] for label in ids] == column.to_list()


def test_numbers_stay_in_their_own_unit():
    prices = pl.Series("y", [100, 250, 401, 999])
    target = infer(prices)
    assert target.task is Task.regression
    assert (target.mean, target.scale, target.classes) == ((0,), (1,), ())
    assert values(prices, target).tolist() == [100.0, 250.0, 401.0, 999.0]


def test_a_value_of_no_class_is_refused_with_its_row():
    target = infer(column("a", "b", rows=10))
    with pytest.raises(DataError, match="row 2 is not of a known class"):
        values(pl.Series("y", ["a", "c"]), target)


NUMBERS = (Task.regression,)
CLASSES = (Task.binary, Task.multiclass)


@pytest.mark.parametrize(
    ("column", "allowed", "task"),
    [
        (column(0, 1, 2, rows=90), NUMBERS, Task.regression),
        (column(0, 1, 2, rows=90), (Task.counts,), Task.counts),
        (column(*range(20), rows=50), (Task.counts,), Task.counts),
        (column(*range(20), rows=50), CLASSES, Task.multiclass),
        (column(0, 1, rows=90), (Task.multiclass,), Task.multiclass),
        (column(0.5, 1.5, rows=90), (Task.binary,), Task.binary),
    ],
)
def test_a_loss_that_wants_another_task_gets_it_where_the_column_admits_it(column, allowed, task: Task):
    target = infer(column, allowed=allowed)
    assert target.task is task
    assert target.reason.endswith(f"taken for {task} because the loss is")


@pytest.mark.parametrize(
    ("column", "allowed", "task"),
    [
        (column("a", "b", "c", rows=90), NUMBERS, Task.multiclass),
        (column(0, 1, 2, rows=90), (Task.binary,), Task.multiclass),
        (column(-1, 0, 1, rows=90), (Task.counts,), Task.multiclass),
        (column(*range(150), rows=900), CLASSES, Task.regression),
        (column(0.5, 1.5, 2.5, rows=90), CLASSES, Task.regression),
    ],
)
def test_where_no_task_of_the_loss_fits_the_inferred_one_stays(column, allowed, task: Task):
    assert infer(column, allowed=allowed).task is task


@pytest.mark.parametrize(
    ("column", "task", "needed"),
    [
        (column("a", "b", "c", rows=90), Task.regression, "numbers"),
        (column(-1, 0, 1, rows=90), Task.counts, "whole numbers of at least 0"),
        (column(0.5, 1.0, rows=90), Task.counts, "whole numbers of at least 0"),
        (column(0, 1, 2, rows=90), Task.binary, "exactly two distinct values"),
        (column(*range(60), rows=90), Task.multiclass, "at most half as many classes as rows"),
        (column(0, 1, rows=90), Task.multilabel, "several target columns"),
    ],
)
def test_a_task_that_the_column_does_not_admit_is_refused(column, task: Task, needed: str):
    with pytest.raises(DataError, match="does not admit this task") as caught:
        infer(column, task=task)
    assert needed in str(caught.value)


def test_a_constant_target_and_one_that_names_every_row_are_refused():
    with pytest.raises(DataError, match="it is constant"):
        infer(pl.Series("y", [3, 3, None, 3]))
    with pytest.raises(DataError, match="it looks like an identifier"):
        infer(pl.Series("y", [f"name {row}" for row in range(50)]))


def test_moments_are_weighted_means_over_the_weights_sum():
    numbers, weights = np.array([1.0, 2.0, 6.0]), np.array([1.0, 2.0, 1.0])
    mean, deviation = moments(numbers, weights)
    assert mean == 11 / 4
    assert deviation == pytest.approx((((1 - mean) ** 2 + 2 * (2 - mean) ** 2 + (6 - mean) ** 2) / 4) ** 0.5)
    repeated = moments(np.array([1.0, 2.0, 2.0, 6.0]))
    assert (mean, deviation) == pytest.approx(repeated, rel=1e-15)  # a few roundings apart


def test_moments_of_huge_and_of_constant_numbers_are_finite():
    assert moments(np.array([1e300, -1e300])) == (0.0, 1e300)
    assert moments(np.full(7, 0.1)) == (pytest.approx(0.1), 1.0)
