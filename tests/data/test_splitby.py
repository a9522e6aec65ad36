"""Splits by time and by group."""

import datetime

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from fallline.core.errors import ArgumentError, DataError, UnknownNameError
from fallline.data.prepare import prepare
from fallline.data.splitby import split_by_group, split_by_time
from fallline.data.table import read

GENERATOR = np.random.default_rng(9)
ROWS = 100
FRAME = pl.DataFrame(
    {
        "x": GENERATOR.normal(size=ROWS),
        "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(day)) for day in GENERATOR.permutation(ROWS)],
        "patient": GENERATOR.integers(0, 12, ROWS),
        "kind": GENERATOR.choice(["a", "b"], ROWS),
        "y": GENERATOR.normal(size=ROWS),
    }
)


def rows_of(prepared) -> list[list[int]]:
    dataset = prepared.dataset
    return [part.rows.tolist() for part in (dataset.train, dataset.validation, dataset.test)]


def test_the_last_fifth_in_time_is_for_testing_and_the_fifth_before_it_for_validation():
    prepared = prepare(read(FRAME), target="y", split_by="time:day")
    ranks = FRAME["day"].rank("dense").to_list()
    train, validation, test = ([ranks[row] for row in rows] for rows in rows_of(prepared))
    assert (sorted(train), sorted(validation), sorted(test)) == (
        list(range(1, 61)),
        list(range(61, 81)),
        list(range(81, 101)),
    )
    assert (
        "Split by time: validation from 2024-03-01, test from 2024-03-21 (day); no row of an earlier part is later."
        in prepared.notes
    )
    assert "Dropped day: the split is by it." in prepared.notes


@given(st.lists(st.integers(0, 8), min_size=10, max_size=60).filter(lambda times: len(set(times)) > 2))
def test_no_moment_is_in_two_parts_and_no_row_is_lost(times: list[int]):
    parts = split_by_time(pl.Series("t", times))
    moments = [{times[row] for row in part} for part in (parts.train, parts.validation, parts.test)]
    assert all(moments)
    assert max(moments[0]) < min(moments[1])
    assert max(moments[1]) < min(moments[2])
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == list(range(len(times)))


def test_too_few_times_and_what_is_no_time_are_refused():
    with pytest.raises(DataError, match="'t' has too few different times"):
        split_by_time(pl.Series("t", [1, 2] * 10))
    with pytest.raises(DataError, match="'kind' holds no times"):
        prepare(read(FRAME), target="y", split_by="time:kind")


def test_no_group_is_in_two_parts_and_the_parts_have_about_their_share():
    for seed in range(10):
        prepared = prepare(read(FRAME), target="y", split_by="group:patient", split_seed=seed)
        groups = [{FRAME["patient"][row] for row in rows} for rows in rows_of(prepared)]
        assert sorted(group for part in groups for group in part) == list(range(12))
        sizes = [len(rows) for rows in rows_of(prepared)]
        assert sum(sizes) == ROWS
        assert all(abs(size - 20) <= 8 for size in sizes[1:])
        assert "Dropped patient: the split is by it." in prepared.notes


@given(
    st.lists(st.integers(0, 9), min_size=10, max_size=80).filter(lambda groups: len(set(groups)) > 2), st.integers(0, 3)
)
def test_groups_of_any_sizes_fill_three_parts(groups: list[int], seed: int):
    parts = split_by_group(pl.Series("g", groups), seed=seed)
    found = [{groups[row] for row in part} for part in (parts.train, parts.validation, parts.test)]
    assert all(found)
    assert sum(map(len, found)) == len(set(groups))
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == list(range(len(groups)))


def test_a_large_group_is_for_training():
    groups = pl.Series("g", ["large"] * 60 + [f"small {row % 8}" for row in range(40)])
    for seed in range(10):
        assert set(range(60)) <= set(split_by_group(groups, seed=seed).train.tolist())


def test_the_split_seed_draws_the_groups():
    groups = pl.Series("g", np.arange(100) % 20)
    one, same, other = (split_by_group(groups, seed=seed).test for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_two_groups_are_too_few():
    with pytest.raises(DataError, match="'kind' has too few groups"):
        prepare(read(FRAME), target="y", split_by="group:kind")


def test_rows_without_a_time_or_a_group_are_left_out_and_counted():
    gaps = FRAME.with_columns(pl.when(pl.int_range(ROWS) % 20 == 0).then(None).otherwise("patient").alias("patient"))
    prepared = prepare(read(gaps), target="y", split_by="group:patient")
    assert "5 rows without a value of patient, which the split is by, left out." in prepared.notes
    assert sum(map(len, rows_of(prepared))) == 95


def test_the_column_that_the_split_is_by_is_a_feature_if_it_is_named():
    for wishes in ({"numeric": ["day"]}, {"only": ["x", "day"]}):
        prepared = prepare(read(FRAME), target="y", split_by="time:day", **wishes)
        assert any(feature.startswith("day") for feature in prepared.schema.features)


def test_classes_are_stratified_unless_the_split_is_random():
    table = read("iris")
    counts = {
        split_by: [
            np.bincount(part, minlength=3).tolist() for part in classes(prepare(table, target=None, split_by=split_by))
        ]
        for split_by in (None, "stratified", "random")
    }
    assert counts[None] == counts["stratified"] == [[30] * 3, [10] * 3, [10] * 3]
    assert counts["random"] != counts[None]


def classes(prepared) -> list[np.ndarray]:
    dataset = prepared.dataset
    return [part.targets.numpy() for part in (dataset.train, dataset.validation, dataset.test)]


@pytest.mark.parametrize("split_by", ["sorted", "time", "time:", "random:x", "Group:patient", ""])
def test_what_is_no_way_to_split_is_refused(split_by: str):
    with pytest.raises(ArgumentError, match="this is no way to split the rows"):
        prepare(read(FRAME), target="y", split_by=split_by)


def test_a_split_by_an_absent_column_the_target_or_absent_classes_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'patient'"):
        prepare(read(FRAME), target="y", split_by="group:pateint")
    with pytest.raises(DataError, match="'y' is the target; the rows cannot be split by it"):
        prepare(read(FRAME), target="y", split_by="time:y")
    with pytest.raises(ArgumentError, match="there are no classes to stratify by"):
        prepare(read(FRAME), target="y", split_by="stratified")
