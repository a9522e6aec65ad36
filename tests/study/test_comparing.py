"""A comparison as a job: what it leaves, its halving, its budget, Ctrl-C, what it refuses."""

from __future__ import annotations

import math
import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from safetensors import safe_open

from fallline.core.errors import ArgumentError, EngineError, FalllineError, Interrupted, RecipeError, StudyError
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.engines.protocol import Progress
from fallline.study import outline
from fallline.study.comparing import compare
from fallline.study.comparison_reporting import comparison_of
from fallline.study.contest import Contest
from fallline.study.events import Event
from fallline.study.halving import left_at, rungs, share_trained
from fallline.study.job import Job
from fallline.study.record import Study
from fallline.study.space import Space
from fallline.study.training import train
from tests.study.contests import Plans, contest
from tests.study.jobs import FILES, table


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return contest(out=tmp_path_factory.mktemp("compared") / "study")


# --- what it leaves ---


def test_a_comparison_is_a_study_with_a_ranking(study: Study):
    assert {path.name for path in study.path.iterdir()} == {*FILES, "ranking.parquet"}
    assert study.header.runs == len(study.frame()) == 8
    assert study.ranking().height == study.header.comparison.recipes == 4
    assert len(study.predict(table())) == 150
    assert sorted(run for runs in study.ranking()["runs"] for run in runs) == list(range(8))


def test_what_it_says_of_itself_is_complete(study: Study):
    said = study.to_dict()
    assert {"ranking", "tolerance", "model_steps_per_second", "engines", "plan", "timings"} <= set(said)
    first = said["ranking"][0]
    assert set(first) == {"recipe", "metric", "mean", "interval", "seeds", "distinguishable"}
    assert said["best"]["recipe"]["seed"] in (0, 1)
    assert sum(said["engines"].values()) == 8
    assert set(said["tolerance"]) == {"sgd", "adam"}
    assert said["model_steps_per_second"] > 0
    assert set(said["plan"]) == {"runs", "steps", "engines", "memory", "time", "batching"}
    assert list(said["timings"])[:4] == ["reading", "planning", "baselines", "setting up"]


def test_a_run_of_a_comparison_is_the_run_of_a_training(study: Study, tmp_path: Path):
    recipe = study.best.recipe
    fields = {name: value for name, value in recipe.to_dict().items() if value is not None}
    source = table("sold", "weight")
    alone = train(
        Job(source=source, target="sold", weight="weight", recipe=fields, out=tmp_path / "alone"), lambda event: None
    )
    assert alone.best.recipe == recipe
    for name, value in alone.best.model.state_dict().items():
        torch.testing.assert_close(value, study.best.model.state_dict()[name], rtol=1e-4, atol=1e-6)
    assert alone.best.epoch == study.best.epoch


def test_a_training_has_no_ranking(tmp_path: Path):
    alone = train(Job(source="iris", recipe={"epochs": 1}, out=tmp_path / "alone"), lambda event: None)
    with pytest.raises(StudyError, match="no comparison"):
        alone.ranking()
    assert "ranking" not in alone.to_dict()


def test_losses_are_ranked_by_one_metric(tmp_path: Path):
    space = {"loss": ["mse", "huber", "l1"], "learning_rate": 0.02, "widths": (4,), "epochs": 4}
    study = contest("price", space=space, out=tmp_path / "study")
    assert study.header.comparison.metric == "rmse"
    assert study.ranking()["mean"].is_sorted()


def test_runs_that_two_engines_train_are_ranked_together(tmp_path: Path):
    space = {"optimizer": ["sgd", "muon"], "learning_rate": 0.01, "widths": (4,), "epochs": 2}
    study = contest(space=space, out=tmp_path / "study")
    assert study.header.comparison.engines == {"native": 2, "loop": 2}
    assert study.header.engine == "native + loop"


@pytest.mark.parametrize("network", [{"dropout": [0.0, 0.5]}, {"network": "tests.verbs.networks:small"}])
def test_the_callers_random_state_stays_as_it_was(tmp_path: Path, network: dict[str, object]):
    state = torch.get_rng_state()
    contest("kind", space={"optimizer": "sgd", "learning_rate": 0.01, "epochs": 2, **network}, out=tmp_path / "study")
    assert torch.equal(torch.get_rng_state(), state)


# --- halving ---


def test_the_weaker_recipes_leave_at_the_rungs(tmp_path: Path):
    """Those that are left get the other seed: of 27 recipes 9 are after an epoch, and 8, the fewest, after three."""
    space = {"learning_rate": "1e-5:0.1:27log", "widths": (4,), "epochs": 9, "patience": 9, "optimizer": "adam"}
    plans = Plans()
    study = contest(space=space, halving=True, out=tmp_path / "study", observer=plans)
    frame = study.frame().sort("seed", "epochs")
    assert frame["epochs"].to_list() == [1] * 18 + [3] + [9] * 8 + [0] * 19 + [9] * 8
    assert study.header.outcomes == {Outcome.halved: 38, Outcome.finished: 16}
    ranking = study.ranking()
    assert ranking["outcomes"].to_list() == ["2 finished"] * 8 + ["2 halved"] * 19
    assert ranking["distinguishable"].null_count() == 19
    assert ranking["seeds"].to_list() == [[0, 1]] * 8 + [[0]] * 19
    assert study.header.conclusion.startswith(
        "Of 27 recipes, of which halving left 8 to be trained from 2 seeds, adam at"
    )
    assert {len(curve.seeds) for curve in comparison_of(study).curves} == {2}
    assert ranking["mean"].null_count() == 0
    assert study.to_dict()["tolerance"] == {"adam": None}
    lines = dict(plans.plan.lines)
    said = "first seed of each; 9 go on after epoch 1, 8 go on after epoch 3; these 8 get the other seeds"
    assert lines["halving"] == said
    assert lines["steps"].startswith(f"{3 * (27 + 9 * 2 + 8 * 6 + 8 * 9):,}, in 9 epochs")


def test_a_recipe_that_left_was_worse_when_it_did(tmp_path: Path):
    space = {"learning_rate": "1e-5:0.1:27log", "widths": (4,), "epochs": 9, "patience": 9, "optimizer": "adam"}
    halved = contest(space=space, halving=True, out=tmp_path / "halved").frame().filter(pl.col("seed") == 0)
    whole = contest(space={**space, "epochs": 1}, out=tmp_path / "whole").frame().filter(pl.col("seed") == 0)
    best = whole.sort("validation_roc_auc", "validation_log_loss", descending=[True, False])["learning_rate"][:9]
    assert set(halved.filter(pl.col("epochs") > 1)["learning_rate"]) == set(best)


def test_few_recipes_are_not_halved_and_the_plan_says_so(tmp_path: Path):
    plans = Plans()
    study = contest(halving=True, out=tmp_path / "study", observer=plans)
    assert dict(plans.plan.lines)["halving"] == "nothing to halve in 4 recipes and 8 epochs"
    assert study.header.outcomes == {Outcome.finished: 8}


def test_halving_goes_by_the_loss_where_the_validation_rows_do_not_admit_the_metric(tmp_path: Path):
    """Group 1 is the validation rows, all of one class; hinge gives no probability, so no log loss either."""
    groups = [0] * 60 + [1] * 20 + [2] * 20
    yes = [group != 1 and row % 2 > 0 for row, group in enumerate(groups)]
    rows = pl.DataFrame({"x": [math.sin(row) for row in range(100)], "group": groups, "y": yes})
    job = Job(source=rows, target="y", recipe={}, split_by="group:group", out=tmp_path / "study")
    space = {
        "loss": "hinge_embedding",
        "learning_rate": "1e-5:0.1:27log",
        "widths": (4,),
        "epochs": 9,
        "optimizer": "adam",
    }
    study = compare(Contest(job=job, space=Space.of(space), seeds=(0, 1), halving=True), lambda event: None)
    assert study.header.metric == "validation_loss"
    best = study.frame().row(study.header.best.run, named=True)
    assert best["outcome"] == "finished"
    assert study.ranking()["mean"][0] == study.ranking()["validation_loss"][0] is not None
    with safe_open(study.path / "models.safetensors", framework="pt") as kept:
        assert len({name.partition("/")[0] for name in kept.keys()}) == 16  # noqa: SIM118  # it is no mapping


def test_the_share_that_is_trained_is_what_the_rungs_leave():
    assert rungs(9) == (1, 3)
    assert left_at(81, 9) == (27, 9)
    assert share_trained(81, 1, 9) == pytest.approx((81 * 1 + 27 * 2 + 9 * 6) / (81 * 9))
    assert share_trained(81, 3, 9) == pytest.approx((81 * 1 + 27 * 2 + 9 * 6 + 2 * 9 * 9) / (3 * 81 * 9))


def test_ctrl_c_in_the_first_seed_ranks_by_it(tmp_path: Path):
    def press(event: Event) -> None:
        if isinstance(event, Progress) and event.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    space = {"learning_rate": "1e-5:0.1:27log", "widths": (4,), "epochs": 9, "patience": 9, "optimizer": "adam"}
    with pytest.raises(Interrupted) as caught:
        contest(space=space, halving=True, out=tmp_path / "study", observer=press)
    study = Study(caught.value.study)
    ranking = study.ranking()
    assert ranking["mean"].null_count() == 0
    assert ranking["low"].null_count() == 18
    assert study.header.comparison.seeds == 1
    assert "halving left 9 to be trained from 1 seed, adam" in study.header.conclusion


# --- its plan ---


def test_the_plan_comes_before_the_training(tmp_path: Path):
    plans = Plans()
    contest(out=tmp_path / "study", observer=plans)
    lines = dict(plans.plan.lines)
    assert lines["runs"] == "8: 4 recipes × 2 seeds"
    assert lines["steps"].startswith("192, in 8 epochs")
    assert lines["engines"] == "8 on native in 2 blocks"


def test_a_budget_leaves_recipes_out_evenly_and_says_so(tmp_path: Path):
    space = {"learning_rate": "1e-5:0.1:64log", "widths": (256, 256), "epochs": 60, "patience": 60}
    whole, plans = Plans(), Plans()
    contest(space=space, out=tmp_path / "probe", observer=whole, budget=1.0)
    study = contest(space=space, out=tmp_path / "study", observer=plans, budget=0.2)
    assert any("recipes are left out" in note for note in plans.plan.notes)
    assert 1 <= study.ranking().height < 64
    rates = np.log10(sorted(study.frame()["learning_rate"].unique()))
    if len(rates) > 2:
        assert np.diff(rates).max() < 3 * np.diff(rates).min()


def test_a_single_recipe_is_cut_to_the_epochs_that_fit_and_less_than_one_is_refused(tmp_path: Path):
    space = {"learning_rate": 0.01, "widths": (512, 512), "epochs": 100_000, "patience": 100_000}
    study = contest(space=space, out=tmp_path / "study", budget=0.5)
    assert 1 <= study.frame()["epochs"].max() < 100_000
    with pytest.raises(ArgumentError, match="too small for one epoch"):
        contest(space=space, out=tmp_path / "none", budget=1e-9)


def test_more_memory_than_there_is_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outline, "available_memory", lambda: 1000)
    with pytest.raises(ArgumentError, match="more memory than there is") as caught:
        contest(out=tmp_path / "study")
    assert "--sample" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_more_time_than_anyone_waits_is_refused_unless_a_budget_is_named(tmp_path: Path):
    space = {"learning_rate": "1e-5:0.1:4log", "widths": (1024, 1024), "epochs": 3_000_000}
    with pytest.raises(ArgumentError, match="longer than anyone") as caught:
        contest(space=space, out=tmp_path / "study")
    assert "--budget" in str(caught.value)


# --- how it ends ---


def test_ctrl_c_ranks_what_was_reached(tmp_path: Path):
    def press(event: Event) -> None:
        if isinstance(event, Progress) and event.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    space = {"optimizer": ["sgd", "adam"], "learning_rate": [1e-6, 0.02], "widths": (4,), "epochs": 50}
    with pytest.raises(Interrupted) as caught:
        contest(space=space, out=tmp_path / "study", observer=press, engine="loop")
    study = Study(caught.value.study)
    assert study.header.interrupted
    assert study.header.outcomes == {Outcome.interrupted: 8}
    assert study.ranking().height == 4


def test_a_comparison_in_which_all_diverged_is_kept_and_has_no_best(tmp_path: Path):
    study = contest("price", space={"learning_rate": 1e30, "optimizer": "sgd", "widths": (4,)}, out=tmp_path / "study")
    assert study.best is None
    assert study.ranking()["mean"].to_list() == [None]
    assert "diverged" in study.header.conclusion


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"seeds": ()}, ArgumentError, "seeds is out of its range"),
        ({"seeds": (1, 1)}, ArgumentError, "seeds is out of its range"),
        ({"seeds": (-1,)}, ArgumentError, "seeds is out of its range"),
        ({"sample": 0}, ArgumentError, "sample is out of its range"),
        ({"budget": 0.0}, ArgumentError, "budget is out of its range"),
        ({"metric": "rmse"}, FalllineError, "rmse"),
        ({"metric": "log_loss", "space": {"loss": ["bce_with_logits", "hinge_embedding"]}}, FalllineError, "log_loss"),
        ({"engine": "native", "space": {"optimizer": ["sgd", "muon"]}}, EngineError, "muon"),
        ({"target": "kind", "space": {"loss": ["bce"]}}, RecipeError, "makes no sense"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    options: dict, error: type[Exception], says: str, tmp_path: Path
):
    with pytest.raises(error, match=says):
        contest(out=tmp_path / "study", **options)
    assert not list(tmp_path.iterdir())


def test_losses_that_estimate_different_things_are_not_compared(tmp_path: Path):
    space = {"loss": ["quantile", "mse"], "loss_options": {"quantile": 0.9}, "learning_rate": 0.01}
    with pytest.raises(ArgumentError, match="estimate different things"):
        contest("price", space=space, out=tmp_path / "study")


def test_the_population_holds_each_recipe_with_its_seeds_side_by_side(tmp_path: Path):
    study = contest(out=tmp_path / "study", keep=None)
    population = Population(tuple(study.run(number).recipe for number in range(8)))
    assert [recipe.seed for recipe in population] == [0, 1] * 4
    assert all(population[run].replace(seed=0) == population[run - run % 2] for run in range(8))
