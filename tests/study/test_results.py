"""What a job found: runs, curves and predictions that agree with each other and with scikit-learn."""

import math
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch

from fallline.core.errors import ArgumentError
from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.study.metrics import HIGHER_IS_BETTER, METRICS
from fallline.study.record import Study
from tests.study.jobs import table, train

# --- the chosen run ---


def test_the_chosen_run_has_the_lowest_validation_loss(ladder: Study):
    results = ladder.frame()
    assert ladder.header.metric == "validation_loss"
    assert ladder.header.best.run == results["validation_loss"].arg_min()
    assert ladder.header.best.validation_loss == results["validation_loss"].min()


@pytest.mark.parametrize("metric", METRICS[Task.multiclass])
def test_a_metric_that_is_named_chooses_instead(tmp_path: Path, metric: str):
    study = train(table("kind"), "kind", epochs=2, metric=metric, out=tmp_path / "study")
    scores = study.frame()[f"validation_{metric}"]
    assert study.header.metric == metric
    assert scores[study.header.best.run] == (scores.max() if metric in HIGHER_IS_BETTER else scores.min())


def test_where_scores_are_equal_the_lower_validation_loss_decides(tmp_path: Path):
    rows = pl.DataFrame({"x": [row % 2 for row in range(60)], "y": ["no", "yes"] * 30})
    study = train(rows, "y", epochs=8, metric="accuracy", out=tmp_path / "study")
    results = study.frame()
    perfect = results.filter(pl.col("validation_accuracy") == 1)
    assert perfect.height > 1
    assert study.header.best.validation_loss == perfect["validation_loss"].min()


def test_where_a_metric_is_defined_for_no_run_the_validation_loss_decides(tmp_path: Path):
    rows = pl.DataFrame({"x": [row * 1.7 for row in range(40)], "y": ["a", "b"] * 19 + ["c", "d"]})
    study = train(rows, "y", epochs=2, metric="roc_auc", out=tmp_path / "study")
    assert study.frame()["validation_roc_auc"].null_count() == 16
    assert study.header.best.run == study.frame()["validation_loss"].arg_min()


@pytest.mark.parametrize("loss", ["multi_margin", "hinge_embedding"])
def test_a_metric_that_the_loss_never_gives_is_refused(tmp_path: Path, loss: str):
    target = "sold" if loss == "hinge_embedding" else "kind"
    with pytest.raises(ArgumentError, match="log_loss needs probabilities") as caught:
        train(table(target), target, loss=loss, metric="log_loss", out=tmp_path / "study")
    assert "roc_auc" in caught.value.hints["expected"]
    assert not list(tmp_path.iterdir())


def test_the_headers_best_run_is_that_of_the_results(study: Study):
    best, row = study.header.best, study.frame().row(study.header.best.run, named=True)
    assert (best.epoch, best.validation_loss, best.outcome.value) == (
        row["best_epoch"],
        row["validation_loss"],
        row["outcome"],
    )
    assert Recipe.from_json(row["recipe"]) == best.recipe


@pytest.mark.parametrize("keep", [1, 3])
def test_as_many_models_are_kept_as_asked_for_the_best_ones(tmp_path: Path, ladder: Study, keep: int):
    study = train("iris", epochs=3, keep=keep, out=tmp_path / "study")
    ranking = ladder.frame().sort("validation_loss", maintain_order=True)["run"].to_list()
    for place, run in enumerate(ranking):
        if place < keep:
            assert study.run(run).number == run
        else:
            with pytest.raises(ValueError, match="was not kept"):
                study.run(run)


# --- results and curves ---


@pytest.fixture(params=["ladder", "steep"])
def runs(request: pytest.FixtureRequest) -> Study:
    """A ladder all of whose runs finished, and one some of whose diverged."""
    return request.getfixturevalue(request.param)


def test_every_run_has_its_curve_to_its_last_epoch(runs: Study):
    for run in runs.frame().iter_rows(named=True):
        curve = runs.curves().filter(pl.col("run") == run["run"])
        assert curve["epoch"].to_list() == list(range(1, run["epochs"] + 1))
        assert (curve["learning_rate"] == run["learning_rate"]).all()  # the schedule is constant


def test_a_runs_best_epoch_is_the_lowest_point_of_its_curve(runs: Study):
    for run in runs.frame().iter_rows(named=True):
        losses = runs.curves().filter(pl.col("run") == run["run"], pl.col("validation_loss").is_finite())
        assert run["validation_loss"] == losses["validation_loss"].min()
        assert run["best_epoch"] == losses["epoch"][losses["validation_loss"].arg_min()]


def test_a_run_takes_the_steps_of_its_epochs_unless_it_diverged_within_one(runs: Study):
    for run in runs.frame().iter_rows(named=True):
        recipe = Recipe.from_json(run["recipe"])
        batches = math.ceil(runs.header.split.train / recipe.batch_size)
        if run["outcome"] == "finished":
            assert (run["epochs"], run["steps"]) == (recipe.epochs, recipe.epochs * batches)
        else:
            assert run["epochs"] * batches <= run["steps"] < recipe.epochs * batches


def test_the_columns_of_a_run_are_those_of_its_recipe(runs: Study):
    for number, run in enumerate(runs.frame().iter_rows(named=True)):
        recipe = Recipe.from_json(run["recipe"])
        assert run["run"] == number
        for name in ("loss", "optimizer", "learning_rate", "seed"):
            assert run[name] == getattr(recipe, name)


def test_outcomes_are_counted(runs: Study):
    counted = dict(runs.frame()["outcome"].value_counts().rows())
    assert {outcome.value: count for outcome, count in runs.header.outcomes.items()} == counted


def test_one_diverged_run_harms_no_other(steep: Study, tmp_path: Path):
    diverged = steep.frame().filter(pl.col("outcome") == "diverged")
    assert 0 < diverged.height < 16
    best = steep.header.best
    assert best.outcome is Outcome.finished
    alone = train(
        table("price"),
        "price",
        epochs=4,
        optimizer="sgd",
        optimizer_options={"momentum": 0.9},
        learning_rate=best.recipe.learning_rate,
        out=tmp_path / "alone",
    )
    names = ["training_loss", "validation_loss"]
    assert alone.curves()[names].equals(steep.curves().filter(pl.col("run") == best.run)[names])
    assert alone.predictions().equals(steep.predictions())


# --- the same job again ---


DATA_FILES = ("data.json", "results.parquet", "curves.parquet", "predictions.parquet", "models.safetensors")


def test_the_same_job_gives_the_same_files_byte_for_byte(tmp_path: Path, study_of: Callable[[str], Study]):
    given = {"epochs": 3, "widths": (8,), "learning_rate": 0.02, "dropout": 0.2}
    one = study_of("multiclass with weights")
    other = train(table("kind", "weight"), "kind", weight="weight", **given, out=tmp_path / "other")
    for name in DATA_FILES:
        assert (one.path / name).read_bytes() == (other.path / name).read_bytes()
    changing = {"name", "created", "seconds"}
    assert one.header.model_dump(exclude=changing) == other.header.model_dump(exclude=changing)


def test_neither_what_is_kept_nor_the_callers_random_state_changes_a_number(tmp_path: Path, ladder: Study):
    torch.manual_seed(12345)
    state = torch.get_rng_state()
    study = train("iris", epochs=3, keep=1, out=tmp_path / "study")
    assert torch.equal(torch.get_rng_state(), state)
    for name in ("results.parquet", "curves.parquet", "predictions.parquet"):
        assert (study.path / name).read_bytes() == (ladder.path / name).read_bytes()


@pytest.mark.slow  # threads that wait for each other are slow where the cores are busy
def test_threads_change_no_number_and_are_given_back(tmp_path: Path, study_of: Callable[[str], Study]):
    before = torch.get_num_threads()
    one = study_of("regression")
    other = train(table("price"), "price", epochs=3, widths=(8,), learning_rate=0.02, threads=2, out=tmp_path / "other")
    assert torch.get_num_threads() == before
    assert other.curves().equals(one.curves())
    assert other.predictions().equals(one.predictions())


def test_another_seed_starts_elsewhere_on_the_same_rows(tmp_path: Path, study_of: Callable[[str], Study]):
    one = study_of("regression")
    other = train(table("price"), "price", epochs=3, widths=(8,), learning_rate=0.02, seed=1, out=tmp_path / "other")
    assert other.header.best.recipe == one.header.best.recipe.replace(seed=1)
    assert (other.path / "data.json").read_bytes() == (one.path / "data.json").read_bytes()
    assert other.predictions()["row", "truth"].equals(one.predictions()["row", "truth"])
    assert other.header.baselines == one.header.baselines
    assert other.header.split == one.header.split
    assert not other.curves().equals(one.curves())


def test_another_split_seed_takes_other_rows_for_the_same_recipe(tmp_path: Path, study_of: Callable[[str], Study]):
    one = study_of("regression")
    other = train(
        table("price"), "price", epochs=3, widths=(8,), learning_rate=0.02, split_seed=1, out=tmp_path / "other"
    )
    assert other.header.split.model_dump() == {**one.header.split.model_dump(), "seed": 1}
    assert other.header.best.recipe == one.header.best.recipe
    assert other.header.data == one.header.data
    assert set(other.predictions()["row"]) != set(one.predictions()["row"])
    assert other.header.baselines != one.header.baselines


# --- no run came through ---


def test_a_study_of_diverged_runs_is_kept_without_a_best_run(hopeless: Study):
    assert hopeless.header.outcomes == {Outcome.diverged: 1}
    assert (hopeless.header.best, hopeless.best, hopeless.header.test) == (None, None, {})
    assert hopeless.header.baselines["majority"]["accuracy"] > 0
    run = hopeless.frame().row(0, named=True)
    assert (run["outcome"], run["epochs"], run["best_epoch"], run["validation_loss"]) == ("diverged", 0, 0, None)
    assert hopeless.curves().is_empty()
    assert hopeless.predictions().is_empty()
    assert "diverged" in hopeless.header.conclusion


def test_a_study_of_diverged_runs_predicts_nothing_and_says_why(hopeless: Study):
    with pytest.raises(ValueError, match="diverged"):
        hopeless.predict(table())
    with pytest.raises(ValueError, match="not kept"):
        hopeless.run(0)


def test_a_study_of_diverged_runs_can_be_shown(hopeless: Study, copy_of: Callable[[Study], Path]):
    assert "diverged" in repr(hopeless)
    assert "diverged" in hopeless._repr_html_()
    assert "diverged" in Study(copy_of(hopeless)).report().read_text(encoding="utf-8")
    assert (hopeless.to_dict()["best"], hopeless.to_dict()["test"]) == (None, None)


# --- classes that are rare ---


def test_a_class_that_is_absent_from_the_test_rows_leaves_roc_auc_undefined(tmp_path: Path):
    rows = pl.DataFrame({"x": list(range(40)), "y": ["a", "b"] * 19 + ["c", "d"]}).with_columns(pl.col("x") * 1.7)
    study = train(rows, "y", epochs=1, learning_rate=0.01, out=tmp_path / "study")
    assert set(study.predictions()["truth"]) < {"a", "b", "c", "d"}
    scores = study.to_dict()["test"]
    assert list(scores) == list(METRICS[Task.multiclass])
    assert [name for name, value in scores.items() if value is None] == ["roc_auc"]
    assert study._repr_html_()


def test_a_metric_that_the_validation_rows_do_not_admit_does_not_choose(tmp_path: Path):
    """Group 1 is the validation rows, all of one class."""
    groups = [0] * 60 + [1] * 20 + [2] * 20
    yes = [group != 1 and row % 2 > 0 for row, group in enumerate(groups)]
    rows = pl.DataFrame({"x": [math.sin(row) for row in range(100)], "group": groups, "y": yes})
    study = train(rows, "y", metric="roc_auc", split_by="group:group", epochs=2, widths=(4,), out=tmp_path / "study")
    assert study.header.metric == "validation_loss"
    assert study.header.best.run == study.frame()["validation_loss"].arg_min()
    note = "The ROC AUC is not defined for the validation rows: the validation loss ranks in its place."
    assert note in study.header.notes
