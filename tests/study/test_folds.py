"""A comparison with folds: every run on each of them, and an answer that is the mean of the chosen runs."""

from __future__ import annotations

import signal
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tomli_w
import torch

from fallline.catalogue.averaging import MeanModel
from fallline.catalogue.readout import read_outputs
from fallline.core.errors import ArgumentError, DataError, Interrupted
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.prepare import prepare
from fallline.data.schema import encode
from fallline.data.table import read
from fallline.engines.chooser import choose
from fallline.engines.protocol import Epoch, Progress
from fallline.study.comparing import compare
from fallline.study.comparison_reporting import comparison_of
from fallline.study.contest import Contest
from fallline.study.events import Event
from fallline.study.header import Header
from fallline.study.job import Job
from fallline.study.record import Study
from fallline.study.reporting import report_of
from fallline.study.space import Space
from tests.study.contests import SPACE, Plans, contest
from tests.study.jobs import FILES, named, table, titled

FOLDS = 3
SHORT = {"learning_rate": [1e-4, 0.02], "widths": [(4,)], "epochs": 4}
KINDS = {
    "regression": ("price", {}),
    "counts": ("visits", {"task": Task.counts}),
    "binary": ("sold", {}),
    "multiclass": ("kind", {}),
    "deviations": ("price", {"space": {**SHORT, "loss": "gaussian_nll"}}),
    "margins": ("kind", {"space": {**SHORT, "loss": "multi_margin"}}),
    "distances": ("sold", {"space": {**SHORT, "loss": "hinge_embedding"}}),
    "two numbers": (("price", "rent"), {}),
    "labels": (("sold", "let"), {}),
    "a quantile": ("price", {"space": {**SHORT, "loss": "quantile", "loss_options": {"quantile": 0.9}}}),
    "in double precision": ("price", {"space": {**SHORT, "dtype": "float64"}}),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Four recipes, two seeds, three folds."""
    return contest(folds=FOLDS, keep=None, out=tmp_path_factory.mktemp("folded") / "study")


def only_fold(study: Study, fold: int) -> pl.DataFrame:
    return study.frame().filter(pl.col("fold") == fold)


# --- what is trained ---


def test_every_recipe_and_seed_is_trained_on_every_fold(study: Study):
    frame = study.frame()
    assert study.header.runs == frame.height == 4 * 2 * FOLDS
    assert frame["fold"].to_list() == [0, 1, 2] * 8
    assert frame["run"].to_list() == list(range(24))
    assert all(only_fold(study, fold)["recipe"].equals(only_fold(study, 0)["recipe"]) for fold in range(FOLDS))
    assert set(study.curves()["run"]) == set(range(24))
    assert {path.name for path in study.path.iterdir()} == {*FILES, "ranking.parquet"}


def test_without_folds_there_is_no_such_column(tmp_path: Path):
    plain = contest(out=tmp_path / "study")
    assert "fold" not in plain.frame().columns
    assert plain.header.split.folds is None
    assert plain.header.best.runs == ()
    assert plain.to_dict()["folds"] is None


@pytest.mark.parametrize(("target", "split_by"), [("sold", None), ("price", None), ("price", "group:age")])
def test_the_test_rows_are_those_of_a_comparison_without_folds(tmp_path: Path, target: str, split_by: str | None):
    given = {"space": {**SHORT, "learning_rate": 0.02}, "split_by": split_by, "split_seed": 5, "seeds": (0,)}
    with_folds = contest(target, **given, folds=FOLDS, out=tmp_path / "folded")
    without = contest(target, **given, out=tmp_path / "plain")
    assert with_folds.predictions()["row", "truth"].equals(without.predictions()["row", "truth"])
    assert with_folds.header.split.test == without.header.split.test


@pytest.mark.parametrize("engine", ["native", "loop", "auto"])
def test_a_run_is_the_run_of_its_fold_alone(tmp_path: Path, engine: str):
    study = contest(folds=FOLDS, keep=None, engine=engine, out=tmp_path / "study")
    folds = prepare(read(table("sold", "weight")), target="sold", weight="weight", folds=FOLDS).folds
    for fold, data in enumerate(folds):
        rows = only_fold(study, fold)
        population = Population(tuple(Recipe.from_json(text) for text in rows["recipe"]))
        training = choose(engine).start(population, data)
        training.advance(Epoch(8))
        for number, alone in zip(rows["run"], training.trained(), strict=True):
            curve = study.curves().filter(pl.col("run") == number)
            assert tuple(curve["validation_loss"]) == alone.validation_losses
            found = study.run(number).model.state_dict()
            assert all(torch.equal(value, alone.parameters[name]) for name, value in found.items())


def test_the_plan_counts_the_folds(tmp_path: Path):
    plans, plain = Plans(), Plans()
    contest(folds=FOLDS, observer=plans, out=tmp_path / "study")
    contest(observer=plain, out=tmp_path / "plain")
    lines = dict(plans.plan.lines)
    assert lines["runs"] == "24: 4 recipes × 2 seeds × 3 folds"
    assert lines["engines"].startswith("24 on native in 6 blocks")
    assert int(lines["steps"].partition(",")[0]) == 4 * 2 * FOLDS * 8 * 3  # 80 rows are three batches of 32


# --- the ranking ---


def test_a_recipes_score_is_the_mean_over_folds_and_seeds(study: Study):
    scores = dict(study.frame().select("run", "validation_roc_auc").iter_rows())
    for row in study.ranking().iter_rows(named=True):
        assert len(row["runs"]) == 2 * FOLDS
        assert row["seeds"] == [0, 1]
        assert row["mean"] == pytest.approx(np.mean([scores[run] for run in row["runs"]]))
        assert row["low"] <= row["mean"] <= row["high"]
    assert study.ranking()["mean"].is_sorted(descending=True)


def test_the_chosen_runs_are_the_best_recipes_best_seed_on_every_fold(study: Study):
    best, frame = study.header.best, study.frame()
    first = study.ranking().row(0, named=True)
    means = (
        frame.filter(pl.col("run").is_in(first["runs"]))
        .group_by("seed")
        .agg(pl.col("validation_roc_auc").mean(), pl.col("run").sort())
        .sort("validation_roc_auc", descending=True)
    )
    chosen = frame.filter(pl.col("run").is_in(best.runs))
    assert list(best.runs) == means["run"][0].to_list()
    assert best.run == best.runs[0]
    assert chosen["fold"].to_list() == [0, 1, 2]
    assert chosen["seed"].unique().to_list() == [best.recipe.seed]
    assert best.validation_loss == pytest.approx(chosen["validation_loss"].mean())
    assert best.epoch == round(chosen["best_epoch"].mean())


def test_a_recipe_that_does_the_same_cannot_be_told_from_the_best(tmp_path: Path):
    space = {"optimizer": ["adam", "adamw"], "learning_rate": 0.02, "widths": (4,), "epochs": 5}
    space["optimizer_options"] = {"weight_decay": 0.0}
    study = contest(folds=FOLDS, space=space, out=tmp_path / "study")
    assert study.ranking()["distinguishable"].to_list() == [False, False]


def test_what_hardly_trains_is_told_from_the_best(tmp_path: Path):
    study = contest(folds=FOLDS, space={**SPACE, "learning_rate": [1e-6, 0.1]}, out=tmp_path / "study")
    for row in study.ranking().iter_rows(named=True):
        if Recipe.from_json(row["recipe"]).learning_rate < 1e-5:
            assert row["distinguishable"]


def test_a_fold_on_which_the_metric_is_not_defined_does_not_count(tmp_path: Path):
    """Each group is of one class, and as large as a fold: what is held out is of one class, but for one fold."""
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(6), [20, 20, 20, 20, 10, 10])
    rows = pl.DataFrame({"x": generator.normal(size=100), "group": groups, "y": groups < 5})
    job = Job(source=rows, target="y", recipe={}, split_by="group:group", split_seed=2, out=tmp_path / "study")
    study = compare(
        Contest(job=job, space=Space.of({**SHORT, "learning_rate": 0.02}), seeds=(0,), folds=FOLDS), lambda event: None
    )
    scores = study.frame()["validation_roc_auc"]
    assert 0 < scores.null_count() < FOLDS
    assert study.ranking()["mean"][0] == pytest.approx(scores.drop_nulls().mean())
    assert any("ROC AUC is not defined for what fold" in note for note in study.header.notes)


@pytest.mark.parametrize(("loss", "instead"), [("bce_with_logits", "log_loss"), ("hinge_embedding", "validation_loss")])
def test_where_no_validation_row_admits_the_metric_another_ranks_and_that_is_said(
    tmp_path: Path, loss: object, instead: str
):
    """Group 1 is the validation rows, all of one class."""
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(3), [60, 20, 20])
    rows = pl.DataFrame(
        {"x": generator.normal(size=100), "group": groups, "y": (groups != 1) & (np.arange(100) % 2 > 0)}
    )
    job = Job(source=rows, target="y", recipe={}, split_by="group:group", split_seed=0, out=tmp_path / "study")
    space = Space.of({"widths": (4,), "epochs": 4, "learning_rate": [0.001, 0.02], "loss": loss})
    study = compare(Contest(job=job, space=space, seeds=(0, 1)), lambda event: None)
    assert study.frame()["validation_roc_auc"].null_count() == study.header.runs
    assert study.header.metric == study.header.comparison.metric == instead
    assert any("ROC AUC is not defined for the validation rows" in note for note in study.header.notes)
    assert study.ranking()["mean"].is_sorted()
    losses = study.frame()[instead if instead == "validation_loss" else "validation_log_loss"]
    assert study.header.best.run == min(study.ranking()["runs"][0], key=lambda run: losses[run])
    assert comparison_of(study).curves


# --- the answer ---


@pytest.fixture(params=KINDS, scope="module")
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, pl.DataFrame]:
    """A comparison of each kind, and its table."""
    target, given = KINDS[request.param]
    out = tmp_path_factory.mktemp("kinds") / "study"
    study = contest(target, **{"space": SHORT, "folds": FOLDS, "seeds": (0,), **given}, out=out)
    return Study(study.path), table(*named(target), "weight")


def test_the_answer_is_the_mean_of_the_chosen_models(kind: tuple[Study, pl.DataFrame]):
    study, rows = kind
    target, best = study.schema.target, study.header.best
    inputs = torch.from_numpy(encode(study.schema, rows).inputs).to(getattr(torch, best.recipe.dtype))
    with torch.no_grad():
        each = [read_outputs(best.recipe, target, study.run(run).model(inputs)) for run in best.runs]
        mean = read_outputs(best.recipe, target, study.best.model(inputs))
    found = study.predict(rows).frame()
    if target.task.classifies or target.task is Task.multilabel:
        scores = torch.stack([one.score for one in each]).mean(0)
        if mean.probability:
            torch.testing.assert_close(mean.score, scores, rtol=1e-5, atol=1e-6)
            labels = target.classes or target.columns
            for number, label in enumerate(labels):
                np.testing.assert_allclose(found[f"probability of {label}"], scores[:, number], rtol=1e-4, atol=1e-5)
    else:
        values = torch.stack([one.value for one in each]).mean(0)
        torch.testing.assert_close(mean.value, values, rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(found[titled(study, "prediction")].to_numpy().squeeze(), values, rtol=1e-5)


def test_the_study_and_its_file_of_predictions_agree(kind: tuple[Study, pl.DataFrame]):
    study, rows = kind
    written = study.predictions()
    again = study.predict(rows[written["row"].to_list()]).frame()
    for name in again.columns:
        if again[name].dtype.is_float():
            np.testing.assert_allclose(again[name], written[name], rtol=1e-4, atol=1e-5)
        else:
            assert again[name].to_list() == written[name].to_list()


def test_the_best_model_is_one_module(study: Study):
    model = study.best.model
    assert isinstance(model, MeanModel)
    assert not model.training
    assert len(model.models) == FOLDS
    assert model(torch.zeros(5, len(study.schema.features))).shape == (5, 1)
    assert (study.best.number, study.best.recipe) == (study.header.best.run, study.header.best.recipe)


@pytest.mark.parametrize("keep", [1, 2])
def test_all_models_of_what_is_kept_are_kept(tmp_path: Path, keep: int):
    found = contest(folds=FOLDS, keep=keep, out=tmp_path / "study")
    kept = {int(name.partition("/")[0]) for name in found._models}
    assert len(kept) == keep * FOLDS
    assert set(found.header.best.runs) <= kept
    assert all({run - run % FOLDS + fold for fold in range(FOLDS)} <= kept for run in kept)


# --- what it says of itself ---


def test_the_header_says_the_folds(study: Study):
    split = study.header.split
    assert (split.folds, split.train, split.validation, split.test) == (3, 80, 40, 30)
    assert "folds = 3" in (study.path / "study.toml").read_text(encoding="utf-8")
    assert study.to_dict()["folds"] == 3
    assert study.to_dict()["rows"] == {"train": 80, "validation": 40, "test": 30}
    assert set(study.to_dict()["best"]) == {"recipe", "epoch", "validation_loss", "outcome"}
    assert [len(place["recipe"]) > 0 and place["seeds"] for place in study.to_dict()["ranking"]] == [2] * 4
    assert "from 2 seeds on 3 folds each" in study.header.conclusion
    assert "the mean of its 3 models reaches" in study.header.conclusion
    assert any("One encoding serves them all" in note for note in study.header.notes)


def test_a_header_from_before_folds_is_read(study: Study):
    content = tomllib.loads((study.path / "study.toml").read_text(encoding="utf-8"))
    del content["split"]["folds"], content["best"]["runs"]
    header = Header.from_toml(tomli_w.dumps(content), path="study")
    assert (header.split.folds, header.best.runs) == (None, ())


def test_reports_show_a_seed_as_one(study: Study, tmp_path: Path):
    report, comparison = report_of(study), comparison_of(study)
    assert dict(report.facts)["rows"] == "120 in 3 folds, 30 test (stratified, seed 0)"
    assert {run.learning_rate for run in report.runs} == {1e-6, 0.02}
    assert len(report.runs) == 2
    assert report.chosen.validation_loss == pytest.approx(study.header.best.validation_loss)
    assert comparison.folds == 3
    assert [len(curve.seeds) for curve in comparison.curves] == [2, 2]
    assert "3 folds" in study._repr_html_()
    assert study.report().is_file()


# --- how it ends ---


def test_the_weaker_recipes_leave_with_all_their_folds(tmp_path: Path):
    space = {"learning_rate": "1e-5:0.1:27log", "widths": (4,), "epochs": 9, "patience": 9, "optimizer": "adam"}
    study = contest(space=space, halving=True, folds=FOLDS, seeds=(0,), out=tmp_path / "study")
    assert sorted(study.frame()["epochs"].to_list()) == [1] * 54 + [3] * 3 + [9] * 24
    assert study.header.outcomes == {Outcome.halved: 57, Outcome.finished: 24}
    assert study.frame().group_by("recipe").agg(pl.col("epochs").n_unique())["epochs"].to_list() == [1] * 27


def test_the_other_seeds_of_those_that_are_left_are_trained_on_every_fold(tmp_path: Path):
    space = {"learning_rate": "1e-5:0.1:27log", "widths": (4,), "epochs": 9, "patience": 9, "optimizer": "adam"}
    study = contest(space=space, halving=True, folds=FOLDS, seeds=(0, 1), out=tmp_path / "study")
    trained = study.frame().filter(pl.col("epochs") == 9).group_by("seed", "fold").len().sort("seed", "fold")
    assert trained["len"].to_list() == [8] * 6
    assert study.header.outcomes == {Outcome.halved: 114, Outcome.finished: 48}


class CtrlC:
    """An observer that presses Ctrl-C when a run ends an epoch."""

    def __init__(self, run: int, epoch: int) -> None:
        self.run, self.epoch = run, epoch

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and (event.run, event.epoch) == (self.run, self.epoch):
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_finds_all_folds_at_about_the_same_epoch(tmp_path: Path):
    space = {**SPACE, "epochs": 50}
    with pytest.raises(Interrupted) as caught:
        contest(space=space, folds=FOLDS, engine="loop", out=tmp_path / "study", observer=CtrlC(run=10, epoch=3))
    study = Study(caught.value.study)
    assert study.header.outcomes == {Outcome.interrupted: 24}
    assert set(study.frame()["epochs"]) == {2, 3}
    assert len(study.header.best.runs) == FOLDS
    assert len(study.predict(table())) == 150


@pytest.mark.parametrize("run", [0, 12, 22])
def test_before_a_run_has_an_epoch_on_every_fold_there_is_nothing_to_keep(tmp_path: Path, run: int):
    """Runs 2, 5, … are those of the fold that comes last: until one of them has an epoch nothing could answer."""
    with pytest.raises(KeyboardInterrupt) as caught:
        contest(folds=FOLDS, engine="loop", out=tmp_path / "study", observer=CtrlC(run=run, epoch=1))
    assert not isinstance(caught.value, Interrupted)
    assert not list(tmp_path.iterdir())


def test_where_all_diverge_the_study_is_kept_and_has_no_best(tmp_path: Path):
    space = {"learning_rate": 1e30, "optimizer": "sgd", "widths": (4,)}
    study = contest("price", space=space, folds=FOLDS, out=tmp_path / "study")
    assert study.best is None
    assert study.ranking()["mean"].to_list() == [None]
    assert "on some fold diverged" in study.header.conclusion
    assert study._repr_html_()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"folds": 1}, ArgumentError, "folds is out of its range"),
        ({"folds": 0}, ArgumentError, "folds is out of its range"),
        ({"folds": 2.5}, ArgumentError, "folds is out of its range"),
        ({"folds": True}, ArgumentError, "folds is out of its range"),
        ({"folds": 100}, DataError, "more folds than rows of the rarest class"),
        ({"folds": 3, "split_by": "time:age"}, ArgumentError, "learn from the future"),
        ({"folds": 61, "split_by": "group:age"}, DataError, "more folds than groups"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    options: dict, error: type[Exception], says: str, tmp_path: Path
):
    with pytest.raises(error, match=says):
        contest(out=tmp_path / "study", **options)
    assert not list(tmp_path.iterdir())


def test_test_rows_of_their_own_go_with_folds(tmp_path: Path):
    given = {"space": {**SHORT, "learning_rate": 0.02}, "seeds": (0,), "folds": FOLDS}
    study = contest(**given, test=table("sold", "weight")[:40], out=tmp_path / "study")
    assert (study.header.split.train, study.header.split.validation, study.header.split.test) == (100, 50, 40)
