"""The eleven published tables, as they were published: read, trained on, predicted, and what is said of each."""

from pathlib import Path

import polars as pl
import pytest

import fallline as fl
from tests.apps.command import Command

SHORT = ["--epochs", "2", "--widths", "8", "--lr", "0.02"]
QUICK = {
    "heart.csv": (["--target", "target"], "binary", 303),
    "mpg.csv": (["--target", "mpg"], "regression", 398),
    "penguins.csv": (["--target", "species"], "multiclass", 344),
    "titanic.csv": (["--target", "survived"], "binary", 891),
    "abalone.csv": (["--target", "-1"], "regression", 4_177),
    "housing.data": (["--target", "-1"], "regression", 506),
    "auto_imports.csv": (["--target", "-1"], "regression", 201),
    "horse-colic.csv": (["--target", "24"], "binary", 300),
    "winequality-red.csv": (["--target", "-1", "--task", "regression"], "regression", 1_599),
    "iris-headerless.csv": (["--target", "-1"], "multiclass", 150),
}
LARGE = {
    "diamonds.csv": (["--target", "price", "--ordered", "cut=Fair,Good,Very Good,Premium,Ideal"], "regression", 53_940)
}
SAID = {
    "titanic.csv": "Suspected leak: alive alone tells survived",
    "housing.data": "separated by runs of spaces",
    "auto_imports.csv": "No header was found",
    "mpg.csv": "Dropped name: text with 195 distinct values",
    "horse-colic.csv": "Dropped column_27",
}


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_a_published_table_is_trained_on_and_predicted(fallline: Command, shared_data: Path, name: str):
    given, task, rows = {**QUICK, **LARGE}[name]
    ended = fallline("train", shared_data / name, *given, *SHORT, "--json", "--out", "study")
    assert (ended.code, ended.err, ended.json["task"]) == (0, "", task)
    assert sum(ended.json["rows"].values()) == rows
    assert None not in ended.json["test"].values()
    assert SAID.get(name, "") in " ".join(fl.open("study").header.notes)
    predicted = fallline("predict", "study", shared_data / name)
    assert predicted.code == 0
    assert pl.read_csv(predicted.out.encode()).height == rows


@pytest.mark.slow  # 16 runs on each of eleven tables
@pytest.mark.parametrize("name", [*QUICK, *LARGE])
def test_two_epochs_at_the_best_of_16_rates_beat_a_constant(fallline: Command, shared_data: Path, name: str):
    given, *_ = {**QUICK, **LARGE}[name]
    found = fallline("train", shared_data / name, *given, "--epochs", "2", "--json", "--out", "study").json
    metric = fl.open("study").header.ranking
    constant = next(iter(found["baselines"].values()))[metric]
    mine = found["test"][metric]
    assert mine < constant if metric == "rmse" else mine > constant
    assert found["outcomes"] == {"finished": 16}


def test_the_leak_of_the_titanic_is_said_and_mended(fallline: Command, shared_data: Path):
    arguments = ["train", shared_data / "titanic.csv", "--target", "survived", *SHORT]
    ended = fallline(*arguments, "--out", "leaking")
    assert "leave it out with --drop alive" in " ".join(ended.out.split())
    mended = fallline(*arguments, "--drop", "alive", "--out", "mended")
    assert "leak" not in mended.out
    scores = {out: fl.open(out).header.baselines["logistic"]["accuracy"] for out in ("leaking", "mended")}
    assert scores["leaking"] == 1
    assert 0.7 < scores["mended"] < 0.95
