"""`fl.studies`: the studies of a folder, newest first."""

from pathlib import Path

import fallline as fl


def test_studies_are_those_of_the_working_directory_newest_first(home: Path):
    assert [row["name"] for row in fl.studies()] == ["second", "first"]
    assert fl.studies().to_dict() == fl.studies("studies").to_dict()


def test_studies_of_any_folder_are_listed_and_can_be_opened(shelf: Path):
    for row in fl.studies(shelf / "studies"):
        assert fl.open(row["path"]).header.name == row["name"]


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path):
    assert len(fl.studies(tmp_path / "nothing")) == 0
