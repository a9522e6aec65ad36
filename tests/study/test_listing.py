"""The studies on a disk: found by path, by name and as the latest; damaged ones are named, not hidden."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fallline.core.errors import StudyError
from fallline.study.header import Header
from fallline.study.listing import find_study, list_studies
from fallline.study.record import Study


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch, study_of: Callable[[str], Study], hopeless: Study) -> Path:
    """A working directory whose ./studies holds four studies: in the order of their making b, a, d and c."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies").mkdir()
    made = {"b": "regression", "a": "multiclass", "d": None, "c": "counts"}
    for minute, (name, kind) in enumerate(made.items()):
        copied(hopeless if kind is None else study_of(kind), tmp_path / "studies" / name, minute)
    return tmp_path / "studies"


def copied(study: Study, folder: Path, minute: int) -> None:
    folder.mkdir()
    for path in study.path.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    header = study.header.model_copy(update={"created": f"2026-01-01T12:{minute:02}:00+00:00"})
    (folder / "study.toml").write_text(header.to_toml(), encoding="utf-8")


def test_studies_are_listed_newest_first(shelf: Path):
    assert [row["name"] for row in list_studies(shelf)] == ["c", "d", "a", "b"]


def test_a_study_is_listed_with_its_score_beside_the_best_baselines(shelf: Path, study_of):
    row = next(row for row in list_studies(shelf) if row["name"] == "b")
    header = study_of("regression").header
    baselines = {name: scores["rmse"] for name, scores in header.baselines.items()}
    assert row["path"] == str(shelf / "b")
    assert (row["task"], row["target"], row["rows"], row["loss"]) == ("regression", "price", 150, "mse")
    assert (row["optimizer"], row["learning_rate"]) == ("adamw", 0.02)
    assert (row["metric"], row["score"]) == ("rmse", header.test["rmse"])
    assert row["baseline_score"] == min(baselines.values()) == baselines[row["baseline"]]


def test_a_higher_score_is_the_better_baseline_where_it_is(shelf: Path, study_of):
    row = next(row for row in list_studies(shelf) if row["name"] == "a")
    scores = [scores["balanced_accuracy"] for scores in study_of("multiclass").header.baselines.values()]
    assert (row["metric"], row["baseline_score"]) == ("balanced_accuracy", max(scores))


def test_a_study_without_a_best_run_is_listed_without_a_score(shelf: Path):
    row = next(row for row in list_studies(shelf) if row["name"] == "d")
    assert (row["score"], row["optimizer"], row["learning_rate"]) == (None, None, None)


def test_a_list_is_a_table_and_plain_data_too(shelf: Path):
    studies = list_studies(shelf)
    assert len(studies) == studies.frame().height == 4
    assert studies.to_dict() == {"studies": list(studies), "unreadable": []}
    assert "balanced_accuracy" in studies._repr_html_()


@pytest.mark.parametrize("file", ["study.toml", "data.json"])
def test_a_damaged_study_is_named_and_hides_no_other(shelf: Path, file: str):
    (shelf / "a" / file).write_text("damaged")
    studies = list_studies(shelf)
    assert [row["name"] for row in studies] == ["c", "d", "b"]
    ((path, reason),) = studies.unreadable
    assert path == str(shelf / "a")
    assert file in reason
    assert studies.to_dict()["unreadable"] == [{"path": path, "reason": reason}]


def test_a_study_from_a_newer_version_is_named_too(shelf: Path):
    (shelf / "c/study.toml").write_text("format = 99")
    assert [reason for _, reason in list_studies(shelf).unreadable] == ["it was written by a newer version of Fallline"]


def test_folders_that_are_no_studies_are_passed_over(shelf: Path):
    (shelf / "notes").mkdir()
    (shelf / ".x.partial").mkdir()
    (shelf / "readme.txt").write_text("mine")
    studies = list_studies(shelf)
    assert (len(studies), studies.unreadable) == (4, ())


def test_a_folder_that_is_not_there_holds_no_studies(tmp_path: Path):
    studies = list_studies(tmp_path / "nothing")
    assert (len(studies), studies.to_dict()) == (0, {"studies": [], "unreadable": []})
    assert studies.frame().is_empty()
    assert studies._repr_html_()


def test_a_study_is_found_by_its_path_and_by_its_name(shelf: Path):
    for name in ("studies/a", shelf / "a", "a"):
        assert find_study(name).resolve() == shelf / "a"


def test_the_latest_study_is_the_last_that_was_made(shelf: Path):
    assert find_study("latest").resolve() == shelf / "c"
    (shelf / "c/study.toml").write_text("damaged")
    assert find_study("latest").resolve() == shelf / "d"


def test_there_is_no_latest_study_where_there_is_none(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError, match="no study yet"):
        find_study("latest")


def test_a_study_that_is_not_there_is_refused_and_the_nearest_suggested(shelf: Path):
    (shelf / "b").rename(shelf / "heart-20260101-120000")
    with pytest.raises(StudyError, match="no such folder") as caught:
        find_study("heart-20260101-12000")
    assert "heart-20260101-120000" in caught.value.hints["do"]
    with pytest.raises(StudyError):
        find_study("x" * 300)


def test_the_header_alone_tells_a_studys_name(shelf: Path):
    header = Header.from_toml((shelf / "a/study.toml").read_text(encoding="utf-8"), path="a")
    assert header.name == "study"  # it was copied: the list goes by the folder
