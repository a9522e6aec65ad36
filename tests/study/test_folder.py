"""The study folder: what is in it, that it can be read without Fallline, and that it is there whole or not at all."""

import hashlib
import json
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import safetensors.torch
import torch
from torch import nn

from fallline.core.recipe import Recipe
from fallline.study.record import Study
from tests.study.jobs import FILES, ROWS, columns_of, table, titled, train
from tests.tolerances import FLOAT32

SHORT = {"epochs": 2, "learning_rate": 0.02, "widths": (4,)}


# --- what is in it ---


def test_a_study_holds_these_files_and_no_others(study: Study):
    assert {path.name for path in study.path.iterdir()} == FILES


def test_a_report_is_added_when_it_is_asked_for(study: Study, copy_of: Callable[[Study], Path]):
    folder = copy_of(study)
    assert Study(folder).report() == folder / "report.html"
    assert {path.name for path in folder.iterdir()} == {*FILES, "report.html"}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert study.header.data.target in page


def test_no_file_is_a_pickle(study: Study):
    kinds = {".toml", ".json", ".parquet", ".safetensors"}
    assert {path.suffix for path in study.path.iterdir()} == kinds
    assert not any(path.read_bytes().startswith((b"\x80", b"PK")) for path in study.path.iterdir())


def test_the_header_is_toml_that_identifies_the_data(study: Study):
    header = tomllib.loads((study.path / "study.toml").read_text(encoding="utf-8"))
    assert header["format"] == 1
    assert header["name"] == study.path.name
    by = "stratified" if study.header.task.classifies else "random"
    assert header["split"] == {"seed": 0, "by": by, "train": 90, "validation": 30, "test": 30}
    assert header["data"]["hash"].startswith("sha256:")
    assert header["runs"] == sum(header["outcomes"].values()) == 1
    assert Recipe(**header["best"]["recipe"]).key == pl.read_parquet(study.path / "results.parquet")["recipe"][0]


def test_the_header_has_the_hash_of_every_other_file(study: Study):
    header = tomllib.loads((study.path / "study.toml").read_text(encoding="utf-8"))
    contents = {path.name: path.read_bytes() for path in study.path.iterdir() if path.name != "study.toml"}
    assert header["files"] == {name: f"sha256:{hashlib.sha256(held).hexdigest()}" for name, held in contents.items()}


def test_the_hash_of_a_table_is_that_of_its_bytes(tmp_path: Path):
    path = tmp_path / "rows.csv"
    table("price").write_csv(path)
    study = train(path, "price", **SHORT, out=tmp_path / "study")
    assert study.header.data.hash == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert study.header.data.source == str(path)


def test_predictions_name_test_rows_of_the_source_with_their_truth(study: Study):
    predictions = pl.read_parquet(study.path / "predictions.parquet")
    assert predictions["row"].is_unique().all()
    assert predictions["row"].is_between(0, ROWS - 1).all()
    columns = columns_of(study)
    for column, name in zip(columns, titled(study, "truth"), strict=True):
        assert predictions[name].to_list() == table(*columns)[column].gather(predictions["row"]).to_list()


def by_hand(schema: dict, frame: pl.DataFrame) -> np.ndarray:
    """Encode rows by nothing but what data.json says."""
    features = []
    for column in schema["columns"]:
        values = frame[column["name"]]
        match column["kind"]:
            case "numeric":
                filled = values.cast(pl.Float64).fill_null(column["median"]).to_numpy()
                features.append((filled - column["mean"]) / column["scale"])
                features += [values.is_null().to_numpy()] if column["indicator"] else []
            case "boolean":
                features.append(values.to_numpy())
            case "categorical":
                features += [(values == level).fill_null(False).to_numpy() for level in column["levels"]]
                features += [values.is_null().to_numpy()] if column["missing"] else []
    return np.stack(features, axis=1).astype(np.float32)


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_the_models_predictions_can_be_had_without_fallline(study_of: Callable[[str], Study], kind: str):
    folder = study_of(kind).path
    schema = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    parameters = safetensors.torch.load_file(folder / "models.safetensors")
    predictions = pl.read_parquet(folder / "predictions.parquet")
    inputs = torch.from_numpy(by_hand(schema, table()[predictions["row"].to_list()]))

    classes = schema["target"]["classes"]
    module = nn.Sequential(nn.Linear(inputs.shape[1], 8), nn.ReLU(), nn.Linear(8, len(classes) or 1))
    module.load_state_dict({name.removeprefix("0/"): value for name, value in parameters.items()})
    outputs = module(inputs).detach().double()

    if classes:
        expected = outputs.softmax(1)
        found = torch.tensor(
            predictions.select(f"probability of {label}" for label in classes).rows(), dtype=torch.float64
        )
        assert predictions["prediction"].to_list() == [classes[number] for number in outputs.argmax(1)]
    else:
        expected = outputs[:, 0]
        found = torch.tensor(predictions["prediction"].to_list(), dtype=torch.float64)
        (mean,), (scale,) = schema["target"]["mean"], schema["target"]["scale"]
        found = (found - mean) / scale
    torch.testing.assert_close(found, expected, **FLOAT32)


def test_models_are_kept_by_run_and_parameter(ladder: Study):
    names = set(safetensors.torch.load_file(ladder.path / "models.safetensors"))
    layers = ("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias")
    assert names == {f"{run}/{layer}" for run in range(16) for layer in layers}


def test_a_study_is_as_readable_as_any_new_folder(study: Study, tmp_path: Path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert stat.S_IMODE(study.path.stat().st_mode) == stat.S_IMODE((tmp_path / "folder").stat().st_mode)
    plain = stat.S_IMODE((tmp_path / "file").stat().st_mode)
    assert {stat.S_IMODE(path.stat().st_mode) for path in study.path.iterdir()} == {plain}


# --- where it goes ---


@pytest.mark.parametrize("name", ["a b", "runs[1]", "[red]", "q?", "ä-é", "*", "-x"])
def test_a_folder_of_any_name_holds_a_study(tmp_path: Path, name: str):
    study = train("line", **SHORT, out=tmp_path / name)
    assert (study.path, study.header.name) == (tmp_path / name, name)
    again = Study(tmp_path / name)
    assert again.predictions().height == 200
    assert len(again.predict(pl.DataFrame({"x": [0.0]}))) == 1
    assert again.report().is_file()


def test_missing_parents_are_made(tmp_path: Path):
    train("line", **SHORT, out=tmp_path / "a/b/study")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert {path.name for path in (tmp_path / "a/b").iterdir()} == {"study"}


def test_an_empty_folder_is_filled(tmp_path: Path):
    (tmp_path / "study").mkdir()
    train("line", **SHORT, out=tmp_path / "study")
    assert {path.name for path in (tmp_path / "study").iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


def test_a_study_without_a_place_goes_to_studies_under_its_sources_name(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = train("line", **SHORT, out=None)
    other = train("line", **SHORT, out=None)
    assert {one.path.parent, other.path.parent} == {Path("studies")}
    assert one.path.name.startswith("line-")
    assert {path.name for path in Path("studies").iterdir()} == {one.path.name, other.path.name}
    assert one.path.name != other.path.name  # although they may share their second


def test_a_study_can_be_moved_and_needs_its_source_no_more(tmp_path: Path):
    rows, source = table(), tmp_path / "rows.csv"
    table("price").write_csv(source)
    study = train(source, "price", **SHORT, out=tmp_path / "study")
    before = study.predict(rows).values
    source.unlink()
    moved = Study(study.path.rename(tmp_path / "moved"))
    assert np.array_equal(moved.predict(rows).values, before)
    assert moved.report().is_file()
