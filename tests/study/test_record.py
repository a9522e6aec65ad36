"""Opening a study: what it gives, and what is refused where a file is not the one that was written."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from fallline.catalogue.readout import read_outputs
from fallline.core.errors import StudyError
from fallline.data.schema import encode
from fallline.study.record import Study
from tests.study.jobs import FILES, table
from tests.tolerances import ONE_BY_ONE_32

NEEDED = {
    "study.toml": "best",
    "data.json": "best",
    "results.parquet": "best",
    "models.safetensors": "best",
    "curves.parquet": "curves",
    "predictions.parquet": "predictions",
}


def use(folder: Path, part: str) -> object:
    """Open a study and read a part of it."""
    found = getattr(Study(folder), part)
    return found() if callable(found) else found


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


# --- what it gives ---


def test_a_study_that_is_opened_again_is_the_same(study: Study):
    again = Study(study.path)
    assert again.header == study.header
    assert again.schema == study.schema
    assert again.frame().equals(study.frame())
    assert again.curves().equals(study.curves())
    assert again.predictions().equals(study.predictions())


def test_the_best_model_maps_encoded_inputs_to_what_its_loss_takes(study: Study):
    rows, best = table(), study.best
    inputs = torch.from_numpy(encode(study.schema, rows).inputs).to(getattr(torch, best.recipe.dtype))
    with torch.no_grad():
        outputs = best.model(inputs)
    read = read_outputs(best.recipe, study.schema.target, outputs)
    predictions = study.predict(rows)
    classes = study.schema.target.classes
    found = predictions.frame().select("^probability of .*$").to_numpy()
    assert np.array_equal(found, read.score.numpy() if read.probability else np.empty((0, 0)))
    if classes:
        assert list(predictions) == [classes[number] for number in read.value]
    else:
        assert np.array_equal(predictions.values, read.value.numpy())


def test_the_test_rows_predicted_anew_are_the_stored_predictions(study: Study):
    stored = study.predictions()
    again = study.predict(table()[stored["row"].to_list()]).frame()
    if study.schema.target.task.classifies:
        assert again["prediction"].equals(stored["prediction"])
    for name in again.columns[study.schema.target.task.classifies :]:
        torch.testing.assert_close(
            torch.tensor(again[name].to_list(), dtype=torch.float64),
            torch.tensor(stored[name].to_list(), dtype=torch.float64),
            **ONE_BY_ONE_32,
        )


def test_the_best_model_is_a_module_in_evaluation_mode(study: Study):
    model = study.best.model
    assert isinstance(model, torch.nn.Sequential)
    assert not model.training
    assert {value.dtype for value in model.parameters()} == {getattr(torch, study.best.recipe.dtype)}


def test_every_model_of_a_ladder_can_be_had(ladder: Study):
    results = ladder.frame()
    for number in (0, 15):
        run = ladder.run(number)
        assert (run.number, run.recipe.learning_rate) == (number, results["learning_rate"][number])
        assert (run.epoch, run.epochs) == (results["best_epoch"][number], results["epochs"][number])


@pytest.mark.parametrize("number", [-1, 16])
def test_a_run_that_does_not_exist_is_refused(ladder: Study, number: int):
    with pytest.raises(StudyError, match="no such run") as caught:
        ladder.run(number)
    assert caught.value.hints["expected"] == "0 … 15"


def test_the_job_as_data_has_plain_values_only(study: Study):
    def plain(value: object) -> bool:
        match value:
            case dict():
                return all(type(name) is str and plain(item) for name, item in value.items())
            case list():
                return all(plain(item) for item in value)
        return value is None or type(value) in (bool, int, float, str)

    assert plain(study.to_dict())


class Tags(HTMLParser):
    """Checks that every tag is closed in its order."""

    VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "path", "circle", "line", "polyline", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_a_study_shows_itself_in_a_notebook(study: Study):
    shown = study._repr_html_()
    tags = Tags()
    tags.feed(shown)
    assert not tags.open
    assert "script" not in tags.seen
    assert study.header.data.target in shown


def test_a_study_shows_itself_in_a_terminal(study: Study):
    assert repr(study) == f"Study({str(study.path)!r}): {study.header.conclusion}"


# --- what is refused ---


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(StudyError, match="no such folder"):
        Study(tmp_path / "nothing")


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path):
    with pytest.raises(StudyError, match=r"holds no study\.toml"):
        Study(tmp_path)


def test_every_file_is_needed_for_something():
    assert set(NEEDED) == FILES


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_named(study_of, copy_of: Callable[[Study], Path], name: str):
    folder = copy_of(study_of("binary"))
    (folder / name).unlink()
    with pytest.raises(StudyError, match=name.replace(".", r"\.")):
        use(folder, NEEDED[name])


def nothing(content: bytes) -> bytes:
    return b""


def noise(content: bytes) -> bytes:
    return b"\xff\x00" * 40


# A flipped bit of the header may be a digit of a score: nothing tells.
DAMAGES = [
    (name, damage)
    for name in NEEDED
    for damage in (cut, flipped, nothing, noise)
    if (name, damage) != ("study.toml", flipped)
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_a_damaged_file_is_named(study_of, copy_of: Callable[[Study], Path], name: str, damage):
    folder = copy_of(study_of("binary"))
    path = folder / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StudyError, match=name.replace(".", r"\.")) as caught:
        use(folder, NEEDED[name])
    assert caught.value.hints["do"]


@pytest.mark.parametrize("name", sorted(set(NEEDED) - {"study.toml"}))
def test_another_studys_file_is_refused(study_of, copy_of: Callable[[Study], Path], name: str):
    folder = copy_of(study_of("binary"))
    (folder / name).write_bytes((study_of("regression").path / name).read_bytes())
    with pytest.raises(StudyError, match="not the one that was written"):
        use(folder, NEEDED[name])


def test_an_edited_encoding_is_refused(study_of, copy_of: Callable[[Study], Path]):
    folder = copy_of(study_of("binary"))
    text = (folder / "data.json").read_text(encoding="utf-8")
    assert '"red"' in text
    (folder / "data.json").write_text(text.replace('"red"', '"Red"'), encoding="utf-8")
    with pytest.raises(StudyError, match=r"data\.json is not the one that was written"):
        Study(folder)


def test_an_edited_table_is_refused(study_of, copy_of: Callable[[Study], Path]):
    folder = copy_of(study_of("binary"))
    results = pl.read_parquet(folder / "results.parquet")
    results.with_columns(validation_loss=pl.lit(0.0)).write_parquet(folder / "results.parquet")
    with pytest.raises(StudyError, match=r"results\.parquet is not the one"):
        Study(folder).frame()


def test_a_study_needs_no_report_and_minds_no_other_files(study_of, copy_of: Callable[[Study], Path]):
    folder = copy_of(study_of("binary"))
    (folder / "notes.txt").write_text("mine")
    (folder / "report.html").write_text("old")
    study = Study(folder)
    assert study.report().read_text(encoding="utf-8") != "old"
    assert (folder / "notes.txt").read_text() == "mine"
