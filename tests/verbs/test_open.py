"""`fl.open`: a study by its path, its name, or as the latest."""

from pathlib import Path

import pytest

import fallline as fl


@pytest.mark.parametrize("name", ["studies/first", Path("studies/first"), "first"])
def test_a_study_is_opened_by_its_path_or_its_name(home: Path, name):
    assert fl.open(name).path.resolve() == home / "studies/first"


def test_an_absolute_path_is_opened_from_anywhere(shelf: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fl.open(shelf / "studies/second").header.name == "second"


def test_the_latest_study_is_the_last_that_was_made(home: Path):
    assert fl.open("latest").header.name == "second"


def test_what_is_opened_is_what_was_trained(home: Path):
    study = fl.open("first")
    assert isinstance(study, fl.Study)
    assert study.header.task == "regression"
    assert study.frame().height == 1


@pytest.mark.parametrize("name", ["thrid", "studies", "", "x" * 300, __file__])
def test_what_is_no_study_is_refused(home: Path, name: str):
    with pytest.raises(fl.FalllineError) as caught:
        fl.open(name)
    assert caught.value.hints["do"]


def test_the_nearest_name_is_suggested(home: Path):
    with pytest.raises(fl.FalllineError, match="did you mean first"):
        fl.open("frist")


def test_there_is_no_latest_where_there_is_none(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(fl.FalllineError, match="no study yet"):
        fl.open("latest")
