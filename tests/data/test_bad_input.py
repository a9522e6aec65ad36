"""What cannot be trained on is refused in the house form: what was being done, what is wrong, what to do."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from fallline.core.errors import DataError, FalllineError, SourceError, UnknownNameError
from fallline.core.task import Task
from fallline.data.prepare import prepare
from fallline.data.table import read

ROWS = "".join(f"{row},{row % 3},c{row % 2}\n" for row in range(40))
GOOD = "a,b,y\n" + ROWS


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("", "it is empty"),
        ("a,b,y\n", "it has a header but no rows"),
        (bytes(range(256)) * 9, "it is not a text file"),
        (GOOD + "1,2\n", "line 42 has 2 fields, line 1 has 3"),
        (GOOD + "1,2,3,4\n", "line 42 has 4 fields, line 1 has 3"),
        ("a,a,y\n" + ROWS, "two columns have the same name in the header: 'a'"),
        (GOOD + '"never closed,1\n', "line 42 has 1 field, line 1 has 3"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_name(content: str | bytes, wrong: str, write):
    path = write(content)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"reading {path}: {wrong}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(write):
    path: Path = write(GOOD)
    path.chmod(0)
    with pytest.raises(SourceError, match="it cannot be opened: Permission denied"):
        read(path)


@pytest.mark.parametrize(
    ("change", "options", "wrong"),
    [
        ({"y": pl.lit("c0")}, {}, "it is constant"),
        ({"y": pl.lit(None, dtype=pl.String)}, {}, "there are too few rows to split"),
        ({"y": pl.format("c{}", pl.col("a"))}, {}, "it looks like an identifier"),
        ({}, {"task": Task.regression}, "the column does not admit this task"),
        ({}, {"task": Task.counts}, "the column does not admit this task"),
        ({"y": pl.Series(["2024-01-01"] * 20 + ["2024-01-02"] * 20).str.to_date()}, {}, "it cannot be predicted"),
        ({"a": pl.lit(1), "b": pl.lit(None)}, {}, "no column is left to predict from"),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_refused(change: dict, options: dict, wrong: str, write):
    frame = read(write(GOOD)).frame.with_columns(**change)
    with pytest.raises(DataError) as caught:
        prepare(read(frame), target="y", **options)
    assert wrong in str(caught.value)
    assert "\n  expected  " in str(caught.value)


def test_fewer_training_rows_than_classes_are_refused():
    frame = pl.DataFrame({"x": np.arange(15) ** 2, "y": [f"c{row}" for row in range(15)]})
    with pytest.raises(DataError, match="there are fewer training rows than classes of 'y'") as caught:
        prepare(read(frame), target="y")
    assert "got       9 training rows, 15 classes" in str(caught.value)


def test_tiny_classes_are_trained_on_without_a_crash():
    for tiny in (1, 2, 3, 4):
        frame = pl.DataFrame({"x": np.arange(50) ** 2, "y": ["a"] * (50 - 2 * tiny) + ["b"] * tiny + ["c"] * tiny})
        prepared = prepare(read(frame), target="y")
        assert prepared.dataset.target.classes == ("a", "b", "c")
        assert any("smallest classes were split as one group" in note for note in prepared.notes)


@pytest.mark.parametrize("huge", [1e300, -1e300, float("inf"), 1.7e308])
def test_huge_values_are_trained_on_without_an_overflow(huge: float):
    values = np.linspace(0, 1, 60)
    values[::7] = huge
    for column, other in (("x", "y"), ("y", "x")):
        frame = pl.DataFrame({column: values, other: np.cos(np.arange(60))})
        prepared = prepare(read(frame), target="y")
        for part in (prepared.dataset.train, prepared.dataset.validation, prepared.dataset.test):
            assert part.inputs.isfinite().all()
            assert part.targets.isfinite().all()
        target = prepared.dataset.target
        standardized = (prepared.dataset.train.targets - target.mean[0]) / target.scale[0]
        assert torch.isfinite(standardized.float()).all()


def test_a_misspelt_target_is_refused_with_the_nearest_name(write):
    with pytest.raises(UnknownNameError) as caught:
        prepare(read(write("alpha,beta,y\n" + ROWS)), target="alhpa")
    assert str(caught.value) == (
        f"{caught.value.doing}: there is no column named 'alhpa'.\n"
        "  expected  one of alpha, beta, y\n"
        "  do        did you mean 'alpha'?"
    )


def test_every_house_error_says_what_was_being_done():
    with pytest.raises(FalllineError, match=r"^preparing a DataFrame: "):
        prepare(read(pl.DataFrame({"x": [1, 2], "y": [1, 2]})), target="y")
