"""`fl.predict`: a study and rows, each in any of their forms."""

from pathlib import Path

import polars as pl
import pytest

import fallline as fl


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
