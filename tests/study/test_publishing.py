"""A study is there whole or not at all: what fails leaves nothing, and nothing that was trained is lost."""

import os
from pathlib import Path

import pytest

from fallline.core.errors import ArgumentError, DataError, FalllineError, OutputError, UnknownNameError
from fallline.study.events import Event, Stage
from fallline.study.folder import reserved
from fallline.study.record import Study
from tests.study.jobs import FILES, snapshot, table, train

SHORT = {"epochs": 2, "learning_rate": 0.02, "widths": (4,)}


def parent(folder: Path) -> dict:
    """Make a folder with something in it, and remember that."""
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    (folder / "empty").mkdir()
    return snapshot(folder)


def begin_and_raise(out: Path, error: BaseException) -> None:
    """Begin a study folder, and meet an error half way."""
    with reserved(out, name="x") as draft:
        draft.write("data.json", b"{}")
        raise error


@pytest.mark.parametrize("out", ["study", "empty", "new/deeper/study"])
@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), OutputError("writing", "the disk is full")])
def test_an_error_leaves_the_parent_folder_as_it_was(tmp_path: Path, out: str, error: BaseException):
    before = parent(tmp_path / "home")
    with pytest.raises(type(error)):
        begin_and_raise(tmp_path / "home" / out, error)
    assert snapshot(tmp_path / "home") == before


def test_a_draft_that_is_not_published_is_gone(tmp_path: Path):
    before = parent(tmp_path / "home")
    with reserved(tmp_path / "home/study", name="x") as draft:
        draft.write("data.json", b"{}")
    assert snapshot(tmp_path / "home") == before


@pytest.mark.parametrize("empty", [False, True])
def test_a_study_is_not_seen_before_it_is_whole(tmp_path: Path, empty: bool):
    if empty:
        (tmp_path / "study").mkdir()
    with reserved(tmp_path / "study", name="x") as draft:
        draft.write("data.json", b"{}")
        assert not list(tmp_path.glob("study/*.*[!l]"))
        draft.publish("format = 1")
    assert snapshot(tmp_path / "study") == {"data.json": b"{}", "study.toml": b"format = 1"}
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


def test_jobs_of_the_same_second_each_get_a_name(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with reserved(None, name="x") as one, reserved(None, name="x") as other, reserved(None, name="x") as third:
        names = {draft.name for draft in (one, other, third)}
        assert len(names) == 3
        for draft in (other, third, one):
            draft.publish("format = 1")
    assert {path.name for path in Path("studies").iterdir()} == names


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"source": "no-such-file.csv", "target": "y"}, FalllineError),
        ({"target": "prise"}, UnknownNameError),
        ({"weight": "wait"}, UnknownNameError),
        ({"optimizer": "adma"}, UnknownNameError),
        ({"loss": "cross_entropy", "task": None}, FalllineError),
        ({"learning_rate": 0.0}, ValueError),
        ({"metric": "accuracy"}, UnknownNameError),
        ({"engine": "steam"}, UnknownNameError),
        ({"split_seed": -1}, ArgumentError),
        ({"threads": 0}, ArgumentError),
        ({"keep": 0}, ArgumentError),
        ({"source": table("price")[:9]}, DataError),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_a_mistake_writes_nothing(tmp_path: Path, given: dict, error: type[Exception]):
    before = parent(tmp_path / "home")
    given = {"source": table("price"), "target": "price", **SHORT, **given}
    with pytest.raises(error) as caught:
        train(**given, out=tmp_path / "home/new/study")
    assert isinstance(caught.value, FalllineError)
    assert snapshot(tmp_path / "home") == before


@pytest.mark.parametrize("out", ["full", "file", "file/study"])
def test_what_is_in_the_way_is_left_as_it_is(tmp_path: Path, out: str):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine too")
    before = snapshot(tmp_path)
    with pytest.raises(OutputError) as caught:
        train("line", **SHORT, out=tmp_path / out)
    assert caught.value.hints["do"]
    assert snapshot(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused_before_anything_is_trained(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o555)
    stages = []
    with pytest.raises(OutputError, match="permission"):
        train("line", **SHORT, out=home / "study", observer=stages.append)
    assert [stage.name for stage in stages] == ["reading"]
    home.chmod(0o755)
    assert not list(home.iterdir())


def test_an_observers_error_is_raised_and_nothing_stays(tmp_path: Path):
    def observer(event):
        raise RuntimeError("the observer is broken")

    with pytest.raises(RuntimeError, match="observer"):
        train("line", **SHORT, out=tmp_path / "study", observer=observer)
    assert not list(tmp_path.iterdir())


# --- a place that was taken meanwhile ---


class Taker:
    """An observer that takes a place while the training goes on."""

    def __init__(self, *places: Path, folder: bool = True) -> None:
        self.places, self.folder = places, folder

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Stage) or event.name != "training":
            return
        for place in self.places:
            if self.folder:
                place.mkdir(exist_ok=True)
                (place / "mine.txt").write_text("mine")
            else:
                place.write_text("mine")


@pytest.mark.parametrize("folder", [True, False])
@pytest.mark.parametrize(("taken", "goes_to"), [(["study"], "study-2"), (["study", "study-2"], "study-3")])
def test_a_study_goes_beside_what_took_its_place(tmp_path: Path, taken: list[str], goes_to: str, folder: bool):
    places = [tmp_path / name for name in taken]
    study = train("line", **SHORT, out=tmp_path / "study", observer=Taker(*places, folder=folder))
    assert study.path == tmp_path / goes_to
    assert {path.name for path in study.path.iterdir()} == FILES
    assert len(study.predict("line")) == 1_000
    for place in places:
        assert (place / "mine.txt" if folder else place).read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {*taken, goes_to}


def test_an_empty_folder_that_was_filled_meanwhile_is_left_alone(tmp_path: Path):
    (tmp_path / "study").mkdir()
    study = train("line", **SHORT, out=tmp_path / "study", observer=Taker(tmp_path / "study"))
    assert study.path == tmp_path / "study-2"
    assert snapshot(tmp_path / "study") == {"mine.txt": b"mine"}
    assert Study(study.path).header.conclusion == study.header.conclusion


def test_an_empty_folder_that_appeared_meanwhile_is_filled(tmp_path: Path):
    with reserved(tmp_path / "study", name="x") as draft:
        (tmp_path / "study").mkdir()
        draft.publish("format = 1")
    assert snapshot(tmp_path) == {"study": None, "study/study.toml": b"format = 1"}
