"""Which epoch of a run is kept: that of its lowest validation loss, or the last one where it decides better."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score

import fallline as fl
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.data.prepare import prepare
from fallline.data.table import read
from fallline.engines.chooser import choose
from fallline.engines.loop import network_of
from fallline.engines.protocol import Epoch
from fallline.study.record import Study
from tests.study.jobs import train

SCORES = {"accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score}
SPACE = {
    "learning_rate": [0.001, 0.01, 0.1],
    "widths": [(16,)],
    "batch_size": 8,
    "epochs": 30,
    "patience": 30,
    "seeds": 2,
}


def noisy() -> pl.DataFrame:
    """Few rows of three classes, a sixth of them wrong: their cross entropy soon rises."""
    generator = np.random.default_rng(3)
    points = generator.normal(size=(120, 4))
    kinds = np.digitize(points[:, 0] + points[:, 1] * points[:, 2], [-0.7, 0.9])
    wrong = generator.random(120) < 1 / 6
    kinds[wrong] = generator.integers(3, size=wrong.sum())
    columns = {f"x{place}": points[:, place] for place in range(4)}
    return pl.DataFrame({**columns, "kind": np.array(["a", "b", "c"])[kinds]})


def expected(study: Study, data: Dataset, metric: str) -> list[int]:
    """The epochs that are to be kept, of the runs trained anew, one by one, on the plain loop."""
    loop, kept = choose("loop"), []
    truth = data.validation.targets.numpy()
    for text in study.frame()["recipe"]:
        recipe = Recipe.from_json(text)
        training = loop.start(Population((recipe,)), data)
        training.advance(Epoch(recipe.epochs))
        (run,), (latest,) = training.trained(), training.latest()
        assert latest is not None
        points = {name: torch.stack([value, latest[name]]) for name, value in run.parameters.items()}
        outputs = loop.outputs(
            network_of(recipe, data), points, data.validation.inputs.to(getattr(torch, recipe.dtype))
        )
        lowest, last = (SCORES[metric](truth, each.argmax(1)) for each in outputs)
        kept.append(len(run.validation_losses) if last > lowest + 1e-9 else run.best_epoch)
    return kept


@pytest.mark.parametrize("metric", [None, "accuracy"], ids=["by the task's metric", "by accuracy"])
@pytest.mark.parametrize("engine", ["auto", "loop"])
def test_the_last_epoch_is_kept_where_it_decides_better(tmp_path: Path, engine: str, metric: str | None):
    space = {**SPACE, "dtype": "float64"}
    study = fl.compare(noisy(), "kind", **space, metric=metric, engine=engine, keep=None, out=tmp_path / "study")
    frame = study.frame()
    data = prepare(read(noisy()), target="kind").dataset
    assert frame["kept_epoch"].to_list() == expected(study, data, metric or "balanced_accuracy")
    later = frame.filter(pl.col("kept_epoch") != pl.col("best_epoch"))
    assert 0 < later.height < frame.height
    assert (later["kept_epoch"] == later["epochs"]).all()
    for run in frame.iter_rows(named=True):
        model = study.run(run["run"]).model
        assert study.run(run["run"]).epoch == run["kept_epoch"]
        with torch.no_grad():
            decided = model(data.validation.inputs.double()).argmax(1)
        for name, score in SCORES.items():
            assert run[f"validation_{name}"] == pytest.approx(score(data.validation.targets, decided))


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss"])
def test_where_more_than_decisions_rank_it_is_that_of_the_lowest_loss(tmp_path: Path, metric: str):
    frame = fl.compare(noisy(), "kind", **SPACE, metric=metric, out=tmp_path / "study").frame()
    assert frame["kept_epoch"].equals(frame["best_epoch"].alias("kept_epoch"))
    assert (frame["best_epoch"] < frame["epochs"]).any()


def test_a_training_does_as_a_comparison(tmp_path: Path):
    given = {"widths": (16,), "learning_rate": 0.02, "batch_size": 8, "epochs": 30, "patience": 30}
    by_loss = train(noisy(), "kind", **given, out=tmp_path / "loss")
    decided = train(noisy(), "kind", **given, metric="balanced_accuracy", out=tmp_path / "decided")
    one, other = by_loss.frame(), decided.frame()
    assert one["best_epoch"].equals(other["best_epoch"])
    assert (one["kept_epoch"] == one["best_epoch"]).all()
    assert (other["kept_epoch"] == other["epochs"]).all()
    assert other["validation_balanced_accuracy"][0] > one["validation_balanced_accuracy"][0]
    assert decided.best is not None
    assert decided.best.epoch == other["kept_epoch"][0]
    assert not any("the last epoch is kept" in note for note in by_loss.header.notes)
    (note,) = (note for note in decided.header.notes if "the last epoch is kept" in note)
    assert f"{other['epochs'][0]}: its balanced accuracy is higher there" in note
    assert f"after epoch {other['best_epoch'][0]}." in note


def test_with_folds_it_is_so_on_each(tmp_path: Path):
    study = fl.compare(noisy(), "kind", **SPACE, folds=3, keep=None, out=tmp_path / "study")
    frame = study.frame()
    assert frame.filter(pl.col("kept_epoch") != pl.col("best_epoch"))["fold"].n_unique() > 1
    chosen = frame.filter(pl.col("run").is_in(study.header.best.runs))
    later = (chosen["kept_epoch"] != chosen["best_epoch"]).sum()
    assert later > 0
    said = f"Of {later} of the 3 chosen runs the last epoch is kept: their balanced accuracy is higher there"
    assert sum(note.startswith(said) for note in study.header.notes) == 1
    assert study.predictions().height == len(prepare(read(noisy()), target="kind").dataset.test)
