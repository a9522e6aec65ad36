"""Columns that alone tell the target are announced; columns that say much but not all are not."""

import numpy as np
import polars as pl
import pytest

from fallline.data.prepare import prepare
from fallline.data.table import read

GENERATOR = np.random.default_rng(11)
ROWS = 300
LABEL = GENERATOR.choice(["no", "yes"], ROWS)
KIND = GENERATOR.choice(["a", "b", "c"], ROWS)
NUMBER = GENERATOR.normal(50, 10, ROWS)
NOISE = GENERATOR.normal(size=ROWS)


def suspected(target, column, *, noise: bool = True, **options) -> list[str]:
    frame = pl.DataFrame({"y": target, "x": column} | ({"z": NOISE} if noise else {}))
    notes = prepare(read(frame), target="y", **options).notes
    return [note for note in notes if note.startswith("Suspected leak: ")]


@pytest.mark.parametrize(
    ("target", "column"),
    [
        (LABEL, np.where(LABEL == "yes", "alive", "dead")),
        (LABEL, LABEL == "yes"),
        (LABEL, np.where(LABEL == "yes", 7, 3)),
        (LABEL, np.where(LABEL == "yes", GENERATOR.choice(["u", "v"], ROWS), "w")),
        (LABEL, [None if label == "yes" else "since" for label in LABEL]),
        (LABEL, np.where(LABEL == "yes", 1, -1) * (1 + GENERATOR.random(ROWS))),
        (KIND, np.where(KIND == "a", 5.0, np.where(KIND == "b", 9.0, 1.0)) + GENERATOR.random(ROWS)),
        (KIND, [{"a": "p", "b": "q", "c": "r"}[kind] for kind in KIND]),
        (NUMBER, NUMBER * 2.54 + 1),
        (NUMBER, -np.exp(NUMBER / 20)),
        (NUMBER, np.round(NUMBER * 1000, 1)),
        (GENERATOR.integers(0, 40, ROWS), "same"),
    ],
    ids=[
        *("text", "boolean", "integers", "several texts", "gaps", "threshold", "pieces", "renamed"),
        *("affine", "monotone", "rounded", "copy"),
    ],
)
def test_a_column_that_alone_tells_the_target_is_announced(target, column):
    column = target if isinstance(column, str) else column
    assert suspected(target, column) == ["Suspected leak: x alone tells y; leave it out with --drop x."]


@pytest.mark.parametrize(
    ("target", "column"),
    [
        (LABEL, NUMBER),
        (LABEL, np.where(np.arange(ROWS) % 9 == 0, "other", LABEL)),
        (LABEL, [f"{label} {row // 2}" for row, label in enumerate(LABEL)]),
        (KIND, np.where(KIND == "a", 0, GENERATOR.integers(1, 4, ROWS))),
        (NUMBER, NUMBER + NOISE / 10),
        (NUMBER, GENERATOR.permutation(NUMBER)),
        (LABEL, GENERATOR.permutation(ROWS) * 3 + 7),
    ],
    ids=["unrelated", "most", "pairs", "one class only", "nearly", "permuted", "unique"],
)
def test_a_column_that_leaves_a_doubt_is_not(target, column):
    assert suspected(target, column) == []


def test_few_rows_prove_nothing():
    assert suspected(LABEL[:20], LABEL[:20], noise=False) == []


def test_rows_beyond_the_first_looked_at_can_clear_a_column():
    rows = 20_000
    label = GENERATOR.choice(["no", "yes"], rows)
    told = np.where(np.arange(rows) == 7_777, "x", label)
    told[7_777] = "no" if label[7_777] == "yes" else "yes"
    table = read(pl.DataFrame({"y": label, "x": told}))
    said = ["".join(prepare(table, target="y", split_seed=seed).notes) for seed in range(6)]
    found = {"Suspected leak" in notes for notes in said}
    assert found == {True, False}  # whether the one row that clears it is for training


def test_each_of_several_targets_is_looked_at():
    frame = pl.DataFrame({"y1": NUMBER, "y2": NOISE, "x": NUMBER * 3, "z": GENERATOR.normal(size=ROWS)})
    notes = prepare(read(frame), target="y1,y2").notes
    assert "Suspected leak: x alone tells y1; leave it out with --drop x." in notes


def test_a_dropped_column_is_not_suspected_and_a_name_with_spaces_is_quoted():
    frame = pl.DataFrame({"y": LABEL, "is it": LABEL == "yes", "z": NOISE})
    assert (
        'Suspected leak: is it alone tells y; leave it out with --drop "is it".'
        in prepare(read(frame), target="y").notes
    )
    assert not any("leak" in note for note in prepare(read(frame), target="y", drop=["is it"]).notes)


@pytest.mark.parametrize(
    "name", ["iris", "wine", "breast_cancer", "digits", "diabetes", "moons", "blobs", "line", "sine"]
)
def test_no_column_of_a_built_in_set_is_suspected(name: str):
    assert not any("leak" in note for note in prepare(read(name), target=None).notes)


def test_alive_tells_who_survived_the_titanic(shared_data):
    notes = prepare(read(shared_data / "titanic.csv"), target="survived").notes
    assert [note for note in notes if "leak" in note] == [
        "Suspected leak: alive alone tells survived; leave it out with --drop alive."
    ]


def test_the_columns_that_tell_a_target_are_named_once():
    frame = pl.DataFrame({"x": NUMBER * 2, "z": NOISE, "y": NUMBER, "v": -NUMBER})
    assert prepare(read(frame), target=["y", "v"]).leaks == ("x",)
    assert prepare(read(frame), target="y").leaks == ("x", "v")
    assert prepare(read(frame), target="y", drop=["x", "v"]).leaks == ()
