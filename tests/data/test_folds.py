"""Folds: the test rows stay where they are, and each of the others is held out once."""

import numpy as np
import polars as pl
import pytest
import torch

from fallline.core.errors import ArgumentError, DataError
from fallline.data.prepare import Prepared, prepare
from fallline.data.table import read

GENERATOR = np.random.default_rng(5)
ROWS = 120
FRAME = pl.DataFrame(
    {
        "x": GENERATOR.normal(size=ROWS),
        "day": GENERATOR.permutation(ROWS),
        "patient": GENERATOR.integers(0, 20, ROWS),
        "w": GENERATOR.uniform(0.5, 2, ROWS),
        "kind": GENERATOR.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1]),
        "y": GENERATOR.normal(7, 3, ROWS),
    }
)
WAYS = {
    "at random": {"target": "y"},
    "with weights": {"target": "y", "weight": "w"},
    "in proportion": {"target": "kind"},
    "not in proportion": {"target": "kind", "split_by": "random"},
    "by groups": {"target": "y", "split_by": "group:patient"},
    "classes by groups": {"target": "kind", "split_by": "group:patient"},
}


def folded(folds: int | None = 4, **given) -> Prepared:
    return prepare(read(FRAME), folds=folds, **given)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_test_rows_are_those_without_folds_and_each_other_row_is_held_out_once(way: dict, seed: int):
    prepared, plain = folded(**way, split_seed=seed), folded(None, **way, split_seed=seed)
    assert torch.equal(prepared.dataset.test.rows, plain.dataset.test.rows)
    rest = sorted({*range(ROWS)} - {*prepared.dataset.test.rows.tolist()})
    assert prepared.dataset.train.rows.tolist() == rest
    assert len(prepared.dataset.validation) == 0
    assert len(prepared.folds) == 4
    assert sorted(row for fold in prepared.folds for row in fold.validation.rows.tolist()) == rest
    for fold in prepared.folds:
        assert sorted((*fold.train.rows.tolist(), *fold.validation.rows.tolist())) == rest
        assert fold.test is prepared.dataset.test
        assert (fold.target, fold.features) == (prepared.dataset.target, prepared.dataset.features)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_row_is_encoded_alike_in_every_fold(way: dict):
    prepared = folded(**way)
    where = {row: place for place, row in enumerate(prepared.dataset.train.rows.tolist())}
    for fold in prepared.folds:
        for part in (fold.train, fold.validation):
            places = [where[row] for row in part.rows.tolist()]
            assert torch.equal(part.inputs, prepared.dataset.train.inputs[places])
            assert torch.equal(part.targets, prepared.dataset.train.targets[places])
            if "weight" in way:
                assert torch.equal(part.weights, prepared.dataset.train.weights[places])
            else:
                assert part.weights is None


def test_the_encoding_is_that_of_all_rows_but_the_test_rows_and_this_is_said():
    prepared = folded(target="y")
    train = prepared.dataset.train
    assert prepared.dataset.target.mean[0] == pytest.approx(train.targets.mean().item())
    x = train.inputs[:, prepared.dataset.features.index("x")].double()
    assert abs(x.mean().item()) < 1e-6  # rounding to float32
    assert any("statistics of inputs and target are those of all these rows" in note for note in prepared.notes)
    assert any("4 folds of the 96 rows that are not for testing" in note for note in prepared.notes)


def test_folds_of_classes_are_in_proportion():
    counts = np.array([np.bincount(fold.validation.targets) for fold in folded(target="kind").folds])
    assert (np.ptp(counts, axis=0) <= 1).all()


@pytest.mark.parametrize("target", ["y", "kind"])
def test_no_group_is_in_two_folds_and_folds_are_about_as_large(target: str):
    prepared = folded(target=target, split_by="group:patient")
    patients = FRAME["patient"].to_numpy()
    found = [set(patients[fold.validation.rows]) for fold in prepared.folds]
    tested = set(patients[prepared.dataset.test.rows])
    assert sum(map(len, found)) == len(set().union(*found))
    assert not tested & set().union(*found)
    sizes = [len(fold.validation) for fold in prepared.folds]
    assert max(sizes) - min(sizes) <= np.bincount(patients).max()


def test_another_split_seed_cuts_other_folds():
    one, other = (folded(target="y", split_seed=seed, test=read(FRAME)) for seed in (0, 1))
    assert not torch.equal(one.folds[0].validation.rows, other.folds[0].validation.rows)
    again = folded(target="y", test=read(FRAME))
    assert torch.equal(one.folds[0].validation.rows, again.folds[0].validation.rows)


def test_with_test_rows_of_their_own_all_rows_are_in_folds():
    prepared = folded(target="y", test=read(FRAME[:30]))
    assert sorted(row for fold in prepared.folds for row in fold.validation.rows.tolist()) == list(range(ROWS))
    assert len(prepared.dataset.test) == 30


@pytest.mark.parametrize(
    ("given", "error", "wrong", "do"),
    [
        ({"target": "y", "split_by": "time:day"}, ArgumentError, "learn from the future", "leave --folds out"),
        ({"target": "y", "folds": 97}, DataError, "more folds than rows", "--folds 96"),
        ({"target": "y", "folds": 30, "split_by": "group:patient"}, DataError, "more folds than groups", "--folds 1"),
        ({"target": "kind", "folds": 50}, DataError, "more folds than rows of the rarest class", "--folds "),
    ],
)
def test_folds_that_cannot_be_cut_are_refused(given: dict, error: type[Exception], wrong: str, do: str):
    with pytest.raises(error, match=wrong) as caught:
        folded(**given)
    assert caught.value.hints["do"].startswith(do)
