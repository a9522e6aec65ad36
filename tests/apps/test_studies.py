"""`fallline studies`: a table, or one JSON object; damaged studies are named."""

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from fallline.study.record import Study
from tests.apps.command import Command, is_house_form

KEYS = [
    "name",
    "path",
    "created",
    "source",
    "task",
    "target",
    "rows",
    "loss",
    "optimizer",
    "learning_rate",
    "metric",
    "score",
    "baseline",
    "baseline_score",
]


def test_json_is_one_object_with_every_study_newest_first(fallline: Command, shelf: Path):
    ended = fallline("studies", shelf, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert list(ended.json) == ["studies", "unreadable"]
    assert [row["name"] for row in ended.json["studies"]] == ["hopeless", "price", "kind"]
    assert all(list(row) == KEYS for row in ended.json["studies"])
    assert ended.json["unreadable"] == []
    price = ended.json["studies"][1]
    header = Study(shelf / "price").header
    assert (price["path"], price["metric"], price["score"]) == (str(shelf / "price"), "rmse", header.test["rmse"])


def test_studies_are_a_table_for_people(fallline: Command, shelf: Path):
    ended = fallline("studies", shelf)
    assert (ended.code, ended.err) == (0, "")
    for word in ("hopeless", "price", "kind", "RMSE", "balanced accuracy"):
        assert word in ended.out


def test_people_read_the_time_of_their_own_clock(fallline: Command, shelf: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "XXX-05:30")
    time.tzset()
    try:
        said = fallline("studies", shelf).out
        created = datetime.fromisoformat(Study(shelf / "price").header.created)
        here = created.astimezone(timezone(timedelta(hours=5, minutes=30)))
        assert here.strftime("%Y-%m-%d %H:%M") in " ".join(said.split())
    finally:
        monkeypatch.undo()
        time.tzset()


def test_without_a_folder_it_is_studies(fallline: Command, home: Path, shelf: Path):
    (home / "studies").symlink_to(shelf)
    newest, *_ = fallline("studies", "--json").json["studies"]
    assert newest["path"] == "studies/hopeless"


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["."]])
def test_where_there_are_none_it_says_how_to_make_one(fallline: Command, arguments: list[str]):
    ended = fallline("studies", *arguments)
    assert (ended.code, ended.out) == (0, "")
    assert "fallline train wine" in ended.err
    assert fallline("studies", *arguments, "--json").json == {"studies": [], "unreadable": []}


def test_a_damaged_study_is_named_beside_the_others(fallline: Command, home: Path, shelf: Path):
    for name in ("kind", "price"):
        (home / name).mkdir()
        for path in (shelf / name).iterdir():
            (home / name / path.name).write_bytes(path.read_bytes())
    (home / "price/study.toml").write_text("[damaged")
    ended = fallline("studies", ".")
    assert ended.code == 0
    assert ended.err == "price: its study.toml is damaged\n"
    assert "kind" in ended.out
    assert "price" not in ended.out
    found = fallline("studies", ".", "--json").json
    assert [row["name"] for row in found["studies"]] == ["kind"]
    assert found["unreadable"] == [{"path": "price", "reason": "its study.toml is damaged"}]


def test_an_option_that_does_not_exist_is_refused(fallline: Command):
    ended = fallline("studies", "--quite")
    assert (ended.code, ended.out) == (2, "")
    assert is_house_form(ended.err)
