"""Recipes on the command line: any optimizer, any loss with its options, a network of one's own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import fallline as fl
from fallline.study.record import Study
from tests.apps.command import Command, is_house_form
from tests.study.jobs import table

SHORT = ["--epochs", "2", "--widths", "4", "--lr", "0.02"]
NETWORK = """
import torch
from torch import nn

from parts import Doubled


class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(0.1))
        self.head = Doubled(6, outputs)

    def forward(self, rows):
        return self.head(self.body(rows))


def build(inputs, outputs):
    return Net(inputs, outputs)


def narrow(inputs, outputs):
    return nn.Linear(inputs, outputs + 1)


def wide(rows, units):
    raise ValueError("no such layer")
"""
PARTS = """
from torch import nn


class Doubled(nn.Linear):
    def forward(self, rows):
        return 2 * super().forward(rows)
"""


@pytest.fixture
def trained(fallline: Command) -> Callable[..., Study]:
    """Train on a column of the usual table, and open the study."""

    def train(target: str, *arguments: str, short: list[str] = SHORT) -> Study:
        table(*target.split(",")).write_csv("rows.csv")
        out = f"study{len(list(Path().glob('study*')))}"
        ended = fallline("train", "rows.csv", "--target", target, *short, "--quiet", "--out", out, *arguments)
        assert (ended.code, ended.err) == (0, "")
        return fl.open(out)

    return train


# --- optimizers ---


def test_a_line_search_takes_all_rows_and_reaches_the_linear_optimum(trained: Callable[..., Study]):
    study = trained("price", "--optimizer", "lbfgs", short=["--widths", "none", "--lr", "1", "--epochs", "20"])
    recipe = study.best.recipe
    assert (recipe.batch_size, recipe.optimizer) == (study.header.split.train, "lbfgs")
    assert study.header.test["rmse"] == pytest.approx(study.header.baselines["ridge"]["rmse"], rel=0.05)


def test_muon_trains_its_matrices_and_the_rest(trained: Callable[..., Study]):
    study = trained("kind", "--optimizer", "muon", "--weight-decay", "0.1", "--normalization", "layer")
    assert study.best.recipe.optimizer_options["weight_decay"] == 0.1
    assert study.header.outcomes == {"finished": 1}


def test_an_optimizer_from_anywhere_walks_the_path_of_the_same_one_here(trained: Callable[..., Study]):
    own = trained("price", "--optimizer", "sgd", "--momentum", "0.5", "--nesterov")
    options = ["momentum=0.5", "nesterov=true"]
    flags = [part for option in options for part in ("--optimizer-option", option)]
    foreign = trained("price", "--optimizer", "torch.optim:SGD", *flags)
    assert foreign.best.recipe.optimizer == "torch.optim:SGD"
    assert dict(foreign.best.recipe.optimizer_options) == {"momentum": 0.5, "nesterov": True}
    assert np.allclose(foreign.curves()["training_loss"], own.curves()["training_loss"], rtol=1e-5)


def test_an_optimizer_may_lie_in_the_working_directory(trained: Callable[..., Study], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "steepest", raising=False)
    Path("steepest.py").write_text("import torch\n\n\nclass Steepest(torch.optim.SGD):\n    pass\n")
    assert trained("price", "--optimizer", "steepest:Steepest").best.recipe.optimizer == "steepest:Steepest"


# --- losses ---


def test_a_quantile_is_asked_for_and_reported(fallline: Command, trained: Callable[..., Study]):
    study = trained("price", "--loss", "quantile", "--quantile", "0.9")
    assert study.best.recipe.loss_options["quantile"] == 0.9
    ended = fallline("train", "rows.csv", "--target", "price", "--loss", "quantile", "--quantile", "0.9", *SHORT)
    assert ended.code == 0
    said = " ".join(ended.out.split())
    assert "pinball loss ↓" in said
    assert "reaches pinball loss" in said


@pytest.mark.parametrize(("target", "loss"), [("kind", "multi_margin"), ("sold", "hinge_embedding")])
def test_a_loss_without_probabilities_has_no_log_loss(fallline: Command, target: str, loss: str):
    table(target).write_csv("rows.csv")
    ended = fallline("train", "rows.csv", "--target", target, "--loss", loss, *SHORT, "--json", "--out", "study")
    assert ended.json["test"]["log_loss"] is None
    assert type(ended.json["test"]["roc_auc"]) is float
    assert fallline("predict", "study", "rows.csv").out.splitlines()[0] == "prediction"


@pytest.mark.parametrize("loss", ["cross_entropy", "focal", "nll"])
def test_a_heavy_class_is_the_one_that_is_predicted(trained: Callable[..., Study], loss: str):
    short = ["--epochs", "30", "--lr", "0.02", "--widths", "4"]
    study = trained("kind", "--loss", loss, "--class-weights", "1,1e4,1", short=short)
    assert study.best.recipe.loss_options["weight"] == (1.0, 1e4, 1.0)
    assert set(study.predictions()["prediction"]) == {"Bob"}


def test_class_weights_of_1_change_nothing(trained: Callable[..., Study]):
    even, plain = trained("kind", "--class-weights", "1,1,1"), trained("kind")
    assert np.allclose(even.curves()["training_loss"], plain.curves()["training_loss"], rtol=1e-6)


def test_a_heavy_yes_is_predicted_more_often(trained: Callable[..., Study]):
    light, heavy = (trained("sold", "--pos-weight", weight) for weight in ("0.01", "100"))
    assert light.predictions()["prediction"].sum() < heavy.predictions()["prediction"].sum()
    # Without decay, which holds a network of 90 rows back from what so few no's say.
    short = ["--epochs", "20", "--lr", "0.02", "--optimizer", "adam"]
    labels = trained("sold,let", "--pos-weight", "0.001,1000", short=short)
    assert set(labels.predictions()["prediction of sold"]) == {0}
    assert set(labels.predictions()["prediction of let"]) == {1}


# --- a network of one's own ---


@pytest.fixture
def own(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with a network of its own in ``mine.py``, which needs ``parts.py`` beside it."""
    (home / "mine.py").write_text(NETWORK)
    (home / "parts.py").write_text(PARTS)
    for name in ("mine", "parts"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield home
    for name in ("mine", "parts"):
        sys.modules.pop(name, None)


OWN = ["--network", "mine:build", "--epochs", "2", "--lr", "0.02"]


def test_a_network_in_the_working_directory_is_trained_and_predicts(
    fallline: Command, own: Path, trained: Callable[..., Study]
):
    study = trained("kind", short=OWN)
    assert study.best.recipe.network == "mine:build"
    assert type(study.best.model).__name__ == "Net"
    assert not study.best.model.training
    new = table()
    new.write_csv("new.csv")
    expected = study.predict(new).frame()
    assert fallline("predict", study.path, "new.csv").out.count("\n") == 151
    # Buffers are kept as parameters are: normalization goes by what it saw in training.
    stored = study.predictions()
    again = expected[stored["row"].to_list()]
    assert again["prediction"].equals(stored["prediction"])
    assert {name for name, _ in study.best.model.named_buffers()} >= {"body.1.running_mean"}
    assert not torch.equal(study.best.model.body[1].running_mean, torch.zeros(6))


def test_a_network_of_ones_own_takes_several_targets(own: Path, trained: Callable[..., Study]):
    study = trained("price,rent", short=[*OWN, "--loss", "gaussian_nll"])
    assert study.best.model.head.out_features == 4
    assert "standard deviation of rent" in study.predictions().columns


def test_a_network_that_is_gone_is_named_when_it_is_needed(
    fallline: Command, own: Path, trained: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
):
    study = trained("kind", short=OWN)
    table().write_csv("new.csv")
    monkeypatch.delitem(sys.modules, "mine")
    (own / "mine.py").unlink()
    ended = fallline("predict", study.path, "new.csv")
    assert (ended.code, ended.out) == (2, "")
    assert is_house_form(ended.err), ended.err
    assert "mine" in ended.err


@pytest.mark.parametrize(
    ("name", "said"),
    [("narrow", "3 units"), ("wide", "no such layer"), ("biuld", "mine:build"), ("torch", "not a function")],
)
def test_a_network_that_does_not_fit_is_refused(fallline: Command, own: Path, name: str, said: str):
    table("kind").write_csv("rows.csv")
    before = set(own.iterdir())
    ended = fallline("train", "rows.csv", "--target", "kind", "--network", f"mine:{name}", "--epochs", "1")
    assert (ended.code, ended.out) == (2, "")
    assert is_house_form(ended.err), ended.err
    assert said in ended.err
    assert {path for path in own.iterdir() if path.name != "__pycache__"} == before


# --- new rows through it all ---


def test_deviations_of_several_targets_are_predicted(fallline: Command, trained: Callable[..., Study]):
    study = trained("price,rent", "--loss", "gaussian_nll")
    names = [f"{what} of {column}" for what in ("prediction", "standard deviation") for column in ("price", "rent")]
    table().write_csv("new.csv")
    frame = pl.read_csv(fallline("predict", study.path, "new.csv").out.encode())
    assert frame.columns == names
    assert (frame[names[2]] > 0).all()
