"""study.toml: there and back, and refused where it cannot be trusted."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from fallline.core.errors import StudyError
from fallline.study.header import FORMAT, Header
from fallline.study.record import Study
from tests.study.jobs import table, train


def test_a_header_is_itself_again_after_toml(study: Study):
    assert Header.from_toml(study.header.to_toml(), path="x") == study.header


def test_a_header_without_a_best_run_is_itself_again_after_toml(hopeless: Study):
    assert Header.from_toml(hopeless.header.to_toml(), path="x") == hopeless.header


def test_what_is_none_is_left_out_as_toml_has_no_null(study: Study):
    content = tomllib.loads(study.header.to_toml())
    assert "clip_norm" not in content["best"]["recipe"]
    assert ("weight" in content["data"]) == (study.header.data.weight is not None)


def test_text_of_any_kind_is_itself_again_after_toml(hopeless: Study):
    odd = 'a "quoted" \\ path\nwith [brackets], é and \t tabs'
    header = hopeless.header.model_copy(update={"conclusion": odd, "notes": (odd, "")})
    assert Header.from_toml(header.to_toml(), path="x") == header


def changed(header: Header, old: str, new: str) -> str:
    text = header.to_toml()
    assert old in text
    return text.replace(old, new, 1)


def test_a_newer_format_is_refused_whatever_else_it_holds(hopeless: Study):
    for text in (changed(hopeless.header, f"format = {FORMAT}", f"format = {FORMAT + 1}"), "format = 99\nnew = true"):
        with pytest.raises(StudyError, match="newer version") as caught:
            Header.from_toml(text, path="studies/x")
        assert "studies/x" in str(caught.value)
        assert "upgrade" in caught.value.hints["do"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('task = "multiclass"', 'task = "prophecy"', "task"),
        ("seconds = ", "seconds = 'a while' #", "seconds"),
        ("[outcomes]", "[endings]", "outcomes"),
        ("diverged = 1", "exploded = 1", "outcomes"),
        ("[split]", "[split", ""),
        (f"format = {FORMAT}", "format = 'one'", "format"),
    ],
)
def test_a_damaged_header_is_refused_and_the_place_is_named(hopeless: Study, old: str, new: str, named: str):
    with pytest.raises(StudyError, match=r"study\.toml is damaged") as caught:
        Header.from_toml(changed(hopeless.header, old, new), path="studies/x")
    assert named in caught.value.hints["got"]


def test_a_recipe_that_is_out_of_range_is_a_damaged_header(study_of: Callable[[str], Study]):
    with pytest.raises(StudyError, match=r"study\.toml is damaged"):
        Header.from_toml(changed(study_of("regression").header, "dropout = 0.0", "dropout = 7.0"), path="x")


def test_an_empty_header_is_damaged():
    with pytest.raises(StudyError, match="damaged"):
        Header.from_toml("", path="x")


def test_a_study_from_a_newer_version_is_not_opened(hopeless: Study, copy_of: Callable[[Study], Path]):
    folder = copy_of(hopeless)
    (folder / "study.toml").write_text(changed(hopeless.header, f"format = {FORMAT}", f"format = {FORMAT + 1}"))
    with pytest.raises(StudyError, match="newer version"):
        Study(folder)


@pytest.mark.parametrize(
    ("fields", "by"),
    [
        ({"target": "kind"}, "stratified"),
        ({"target": "price"}, "random"),
        ({"target": "kind", "split_by": "random"}, "random"),
        ({"target": "price", "split_by": "group:colour"}, "group:colour"),
        ({"target": "price", "split_by": "time:2"}, "time:age"),
    ],
    ids=["classes", "numbers", "random", "group", "time"],
)
def test_what_the_rows_were_split_by_is_said(tmp_path: Path, fields: dict, by: str):
    split = train(table(fields["target"]), **fields, epochs=1, learning_rate=0.01, out=tmp_path / "study").header.split
    assert split.by == by
    assert f'by = "{by}"' in (tmp_path / "study" / "study.toml").read_text(encoding="utf-8")


def test_a_study_that_does_not_say_what_its_rows_were_split_by_is_read(study: Study):
    older = study.header.model_copy(update={"split": study.header.split.model_copy(update={"by": None})})
    text = older.to_toml()
    assert "by = " not in text
    assert Header.from_toml(text, path="x") == older
