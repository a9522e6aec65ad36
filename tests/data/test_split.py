"""Splits: seeded, stratified, never a crash."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from sklearn.model_selection import train_test_split

from fallline.core.errors import DataError
from fallline.data.split import LEAST_ROWS, split


def whole(parts) -> np.ndarray:
    return np.sort(np.concatenate([parts.train, parts.validation, parts.test]))


def test_the_split_is_scikit_learns_done_twice():
    parts = split(101, seed=7)
    rest, test = train_test_split(np.arange(101), test_size=0.2, random_state=7)
    train, validation = train_test_split(rest, test_size=0.25, random_state=7)
    for part, expected in ((parts.train, train), (parts.validation, validation), (parts.test, test)):
        np.testing.assert_array_equal(part, np.sort(expected))


def test_the_seed_decides():
    one, same, other = split(200, seed=0), split(200, seed=0), split(200, seed=1)
    np.testing.assert_array_equal(one.test, same.test)
    assert not np.array_equal(one.test, other.test)


@given(counts=st.lists(st.integers(1, 40), min_size=1, max_size=12), seed=st.integers(0, 5))
def test_any_classes_are_split_60_20_20_without_loss(counts: list[int], seed: int):
    classes = np.repeat(np.arange(len(counts)), counts)
    if len(classes) < LEAST_ROWS:
        return
    parts = split(len(classes), seed=seed, classes=classes)
    np.testing.assert_array_equal(whole(parts), np.arange(len(classes)))
    # Each of the two draws rounds up to a whole row.
    assert abs(len(parts.test) - 0.2 * len(classes)) < 1
    assert abs(len(parts.validation) - 0.2 * len(classes)) <= 1.25


@given(counts=st.lists(st.integers(5, 60), min_size=2, max_size=4))
def test_each_class_has_its_share_of_every_part(counts: list[int]):
    classes = np.repeat(np.arange(len(counts)), counts)
    parts = split(len(classes), seed=0, classes=classes)
    assert parts.notes == ()
    for label, count in enumerate(counts):
        # Rounding may move a row of a class in each of the two draws.
        assert abs(np.sum(classes[parts.test] == label) - 0.2 * count) < 2
        assert np.sum(classes[parts.train] == label) >= 0.6 * count - 2


def test_small_classes_are_split_as_one_group_and_that_is_announced():
    classes = np.array([0] * 90 + [1] * 4 + [2] * 3 + [3] * 3)
    parts = split(100, seed=0, classes=classes)
    assert parts.notes == ("The 3 smallest classes were split as one group: not all have 5 rows.",)
    assert np.sum(classes[parts.test] > 0) == 2


def test_one_tiny_class_is_split_with_the_next_smallest():
    classes = np.array([0] * 60 + [1] * 39 + [2])
    parts = split(100, seed=0, classes=classes)
    assert parts.notes == ("The 2 smallest classes were split as one group: not all have 5 rows.",)
    assert np.sum(classes[parts.test] == 0) == 12


def test_classes_of_one_row_each_are_split_at_random():
    parts = split(20, seed=0, classes=np.arange(20))
    np.testing.assert_array_equal(parts.test, split(20, seed=0, classes=np.zeros(20)).test)


def test_too_few_rows_are_refused():
    split(LEAST_ROWS, seed=0)
    with pytest.raises(DataError, match="too few rows to split"):
        split(LEAST_ROWS - 1, seed=0)
