"""`fl.predict`: a study and rows, each in any of their forms."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import fallline as fl
from fallline.verbs.predict import predict_batches


def test_a_study_may_be_given_in_any_way_that_opens_it(home: Path, rows: pl.DataFrame):
    study = fl.open("second")
    expected = study.predict(rows).frame()
    for name in (study, study.path, str(study.path), "second", "latest"):
        assert fl.predict(name, rows).frame().equals(expected)


def test_rows_may_be_given_in_any_way_that_is_a_table(home: Path, rows: pl.DataFrame, tmp_path: Path):
    rows.write_csv(tmp_path / "rows.csv")
    expected = fl.predict("first", rows).frame()
    for held in (rows.to_pandas(), rows.to_dict(as_series=False), tmp_path / "rows.csv", str(tmp_path / "rows.csv")):
        assert fl.predict("first", held).frame().equals(expected)


def test_a_built_in_set_has_rows_too(home: Path):
    assert len(fl.predict("first", "line")) == 1_000


def test_predictions_are_values_a_table_and_data(home: Path, rows: pl.DataFrame):
    predictions = fl.predict("first", rows)
    assert isinstance(predictions, fl.Predictions)
    assert predictions.values.shape == (3,)
    assert predictions.frame()["prediction"].to_list() == list(predictions)
    assert predictions.to_dict()["rows"] == 3
    assert predictions.notes == ()


@pytest.mark.parametrize("name", ["thrid", "studies", ""])
def test_a_study_that_is_not_there_is_refused(home: Path, rows: pl.DataFrame, name: str):
    with pytest.raises(fl.FalllineError):
        fl.predict(name, rows)


@pytest.mark.parametrize("held", [None, "nothing.csv", {"z": [1.0]}, {"x": ["a"]}, pl.DataFrame({"x": []})])
def test_rows_that_cannot_be_encoded_are_refused(home: Path, held):
    with pytest.raises(fl.FalllineError):
        fl.predict("first", held)


# --- several targets, and batches ---


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> fl.Study:
    """A study of two numbers, learnt from arrays."""
    inputs = np.random.default_rng(2).normal(size=(80, 2))
    targets = np.stack((inputs[:, 0], 100 * inputs[:, 1]), axis=1)
    out = tmp_path_factory.mktemp("pair") / "pair"
    return fl.train((inputs, targets), epochs=40, learning_rate=0.02, out=out)


def test_arrays_of_several_targets_are_predicted_in_their_units(pair: fl.Study):
    assert pair.header.task == "regression"
    assert pair.schema.target.width == 2
    predictions = fl.predict(pair, np.array([[0.5, -0.5], [0.0, 0.5], [-0.5, 0.0]]))
    assert predictions.values.shape == (3, 2)
    errors = np.abs(predictions.values - [[0.5, -50], [0, 50], [-0.5, 0]]) / [1, 100]
    assert errors.max() < 0.15
    assert list(predictions) == predictions.values.tolist()
    names = [f"prediction of {name}" for name in pair.schema.target.columns]
    assert predictions.frame().columns == names


def test_scores_of_several_targets_are_the_mean_over_them(pair: fl.Study):
    frame = pair.predictions()
    each = []
    for name in pair.schema.target.columns:
        error = frame[f"prediction of {name}"] - frame[f"truth of {name}"]
        each.append((error**2).mean() ** 0.5)
    assert pair.header.test["rmse"] == pytest.approx(sum(each) / 2)


def test_batches_are_predictions_too(home: Path, rows: pl.DataFrame):
    (batch,) = predict_batches("first", rows)
    assert isinstance(batch, fl.Predictions)
    assert batch.frame().equals(fl.predict("first", rows).frame())
    assert batch.notes == ()


@pytest.mark.parametrize(("study", "held"), [("thrid", None), ("first", "nothing.csv"), ("first", 5)])
def test_batches_are_refused_as_the_whole_is(home: Path, study: str, held):
    with pytest.raises(fl.FalllineError):
        list(predict_batches(study, held))
