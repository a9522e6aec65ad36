"""The ranking: means over seeds, paired differences, tolerances."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.study.ranking import Group, Place, tolerances
from fallline.study.record import Study
from tests.study.contests import contest


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return contest(out=tmp_path_factory.mktemp("compared") / "study", seeds=(0, 1, 2))


def test_a_recipes_score_is_the_mean_over_its_seeds(study: Study):
    scores = dict(study.frame().select("run", "validation_roc_auc").iter_rows())
    for row in study.ranking().iter_rows(named=True):
        assert row["mean"] == pytest.approx(np.mean([scores[run] for run in row["runs"]]))
        assert row["seeds"] == [0, 1, 2]
    means = study.ranking()["mean"].to_list()
    assert means == sorted(means, reverse=True)


def test_an_interval_holds_its_mean_and_the_best_is_level_with_itself(study: Study):
    for row in study.ranking().iter_rows(named=True):
        assert row["low"] <= row["mean"] <= row["high"]
    assert study.ranking()["distinguishable"][0] is False


def test_what_hardly_trains_is_told_from_the_best(study: Study):
    idle = [
        row for row in study.ranking().iter_rows(named=True) if Recipe.from_json(row["recipe"]).learning_rate < 1e-5
    ]
    assert len(idle) == 2
    assert all(row["distinguishable"] for row in idle)


def test_the_chosen_run_is_the_best_seed_of_the_best_recipe(study: Study):
    scores = dict(study.frame().select("run", "validation_roc_auc").iter_rows())
    first = study.ranking().row(0, named=True)
    assert study.header.best.run in first["runs"]
    assert scores[study.header.best.run] == max(scores[run] for run in first["runs"])


def test_a_recipe_that_does_the_same_cannot_be_told_from_the_best(tmp_path: Path):
    """Decay of nothing but a name: the second optimizer takes the same steps."""
    space = {"optimizer": ["adam", "adamw"], "learning_rate": 0.02, "widths": (4,), "epochs": 5}
    study = contest(space={**space, "optimizer_options": {"weight_decay": 0.0}}, out=tmp_path / "study")
    ranking = study.ranking()
    assert ranking["mean"][0] == pytest.approx(ranking["mean"][1])
    assert ranking["distinguishable"].to_list() == [False, False]
    assert study.header.comparison.level == 2


def test_the_interval_of_one_seed_is_that_of_the_rows(tmp_path: Path):
    """Accuracy of n rows spreads as a binomial share: its 95 % interval is about ±1.96 √(p (1 - p) / n)."""
    study = contest(seeds=(0,), metric="accuracy", weight=None, out=tmp_path / "study")
    assert any("one seed" in note for note in study.header.notes)
    rows = study.header.split.validation
    for row in study.ranking().iter_rows(named=True):
        width = 2 * 1.96 * math.sqrt(row["mean"] * (1 - row["mean"]) / rows)
        assert row["high"] - row["low"] == pytest.approx(width, rel=0.25)


# --- tolerances ---


def place(rate: float, loss: float | None, *, optimizer: str = "sgd", mean: float = 1.0, **fields) -> Place:
    recipe = Recipe(optimizer=optimizer, learning_rate=rate, **fields)
    return Place(Group(recipe, (0,)), mean=mean, loss=loss)


def test_tolerance_counts_the_decades_around_the_best_rate():
    losses = {1e-4: 2.0, 1e-3: 1.09, 1e-2: 1.0, 1e-1: 1.1, 1.0: 5.0}
    found = tolerances([place(rate, loss) for rate, loss in losses.items()])["sgd"]
    assert (found.low, found.high, found.best) == (1e-3, 1e-1, 1e-2)
    assert found.decades == pytest.approx(2)


def test_a_rate_beyond_a_bad_one_does_not_count():
    found = tolerances([place(rate, loss) for rate, loss in {1e-3: 1.0, 1e-2: 3.0, 1e-1: 1.0, 1.0: None}.items()])
    assert found["sgd"].decades == 0


def test_everything_else_is_alike():
    places = [place(1e-2, 1.0), place(1e-1, 2.0), place(1e-1, 1.0, widths=(7,)), place(1e-1, 1.01, clip_norm=1.0)]
    assert tolerances(places)["sgd"].decades == 0


def test_tolerance_is_not_known_of_one_rate_or_of_a_loss_that_is_not_above_0():
    assert tolerances([place(1e-2, 1.0)])["sgd"].decades is None
    assert tolerances([place(1e-2, -1.0), place(1e-1, -0.9)])["sgd"].decades is None
    assert tolerances([place(1e-2, None)]) == {}


def test_the_most_tolerant_optimizer_comes_first():
    places = [
        *(place(rate, 1.0, optimizer="adam") for rate in (1e-3, 1e-1)),
        *(place(rate, 1.0, optimizer="sgd") for rate in (1e-3, 1e-2)),
    ]
    assert list(tolerances(places)) == ["adam", "sgd"]


def test_recipes_without_a_score_come_last(tmp_path: Path):
    space = {"learning_rate": [0.02, 1e30], "widths": (4,), "epochs": 3, "optimizer": "sgd"}
    study = contest("price", space=space, out=tmp_path / "study")
    last = study.ranking().row(-1, named=True)
    assert (last["mean"], last["low"], last["distinguishable"]) == (None, None, None)
    assert last["outcomes"] == "2 diverged"
    assert study.header.outcomes[Outcome.diverged] == 2
