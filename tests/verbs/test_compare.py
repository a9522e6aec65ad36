"""`fl.compare`: its arguments are those of `fl.train`, as alternatives."""

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

import fallline as fl
from fallline.core.recipe import Recipe

PARAMETERS = inspect.signature(fl.compare).parameters
OWN = {"seeds", "folds", "sample", "halving", "budget"}
SHORT = {"epochs": 2, "learning_rate": [0.01, 0.1], "widths": (4,)}


def test_its_keywords_are_those_of_train_and_its_own():
    assert set(PARAMETERS) == (set(inspect.signature(fl.train).parameters) | OWN) - {"seed"}
    assert set(Recipe.model_fields) - set(PARAMETERS) == {"seed"}


def test_only_source_and_target_are_positional():
    kinds = {name: parameter.kind for name, parameter in PARAMETERS.items()}
    assert [name for name, kind in kinds.items() if kind is not inspect.Parameter.KEYWORD_ONLY] == ["source", "target"]


def test_every_argument_is_described():
    section = (inspect.getdoc(fl.compare) or "").partition("Args:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^ {4}(\w+): ", section, flags=re.MULTILINE) == list(PARAMETERS)


def test_alternatives_ranges_and_single_values_are_taken(tmp_path: Path):
    study = fl.compare(
        "iris",
        optimizer=["sgd", "adam"],
        learning_rate=fl.log_range(1e-3, 0.1, 3),
        widths=[(4,), (8, 4)],
        optimizer_options={"momentum": [0, 0.9]},
        epochs=2,
        seeds=2,
        out=tmp_path / "study",
    )
    assert study.ranking().height == (2 + 1) * 3 * 2
    assert study.header.runs == 36
    assert {Recipe.from_json(text).widths for text in study.ranking()["recipe"]} == {(4,), (8, 4)}


def test_seeds_may_be_named(tmp_path: Path):
    study = fl.compare("iris", **SHORT, seeds=[7, 3], out=tmp_path / "study")
    assert set(study.frame()["seed"]) == {3, 7}


@pytest.mark.parametrize("seeds", [0, -1, [], [1, 1], ["a"], None, True, 2.0, "2"])
def test_seeds_that_are_none_are_refused(seeds: object, tmp_path: Path):
    with pytest.raises(fl.FalllineError, match="seeds is out of its range"):
        fl.compare("iris", **SHORT, seeds=seeds, out=tmp_path / "study")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("learning_rate", np.logspace(-3, -1, 3), [0.001, 0.01, 0.1]),
        ("learning_rate", pl.Series([0.01, 0.1]), [0.01, 0.1]),
        ("learning_rate", torch.tensor([0.5, 0.25], dtype=torch.float64), [0.5, 0.25]),
        ("learning_rate", np.float64(0.1), [0.1]),
        ("optimizer", {"sgd", "adam"}, ["adam", "sgd"]),
        ("batch_size", range(8, 25, 8), [8, 16, 24]),
        ("widths", np.array([8, 4]), [(8, 4)]),
        ("widths", np.array([[8], [4]]), [(8,), (4,)]),
        ("seeds", np.arange(2), [0, 1]),
        ("seeds", {7, 3}, [3, 7]),
        ("seeds", np.int64(2), [0, 1]),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str | list) else str(value),
)
def test_alternatives_and_seeds_may_be_held_by_anything(field: str, value: Any, expected: list[Any], tmp_path: Path):
    given = {"widths": (4,), "learning_rate": 0.1, "seeds": 1, "epochs": 1, "optimizer": "sgd", field: value}
    study = fl.compare("iris", **given, out=tmp_path / "study")
    recipes = [Recipe.from_json(text) for text in study.frame()["recipe"]]
    assert (
        list(
            dict.fromkeys(getattr(recipe, field.removesuffix("s") if field == "seeds" else field) for recipe in recipes)
        )
        == expected
    )


@pytest.mark.parametrize(
    "given",
    [
        {"learning_rate": {"low": 1}},
        {"learning_rate": [[[1]]]},
        {"learning_rate": True},
        {"optimizer_options": 5},
        {"loss_options": [1]},
        {"optimizer_options": {"sgd": {"momentum": [0.9]}}},
        {"budget": "soon"},
        {"budget": [1]},
        {"budget": -1},
        {"sample": 2.5},
        {"out": 3},
    ],
    ids=str,
)
def test_what_has_the_wrong_shape_is_refused(given: dict[str, Any], tmp_path: Path):
    with pytest.raises(fl.FalllineError):
        fl.compare("iris", **{**SHORT, "out": tmp_path / "study", **given})
    assert not list(tmp_path.iterdir())


def test_a_budget_may_be_written_as_on_the_command_line(tmp_path: Path):
    assert fl.compare("iris", **SHORT, budget="60s", seeds=1, out=tmp_path / "study").header.runs == 2


def test_a_leading_tilde_is_the_users_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    study = fl.compare("iris", **SHORT, seeds=1, out="~/study")
    assert study.path == tmp_path / "study"


def test_a_sample_is_drawn(tmp_path: Path):
    study = fl.compare("iris", learning_rate="1e-4:1:32log", epochs=1, sample=5, seeds=1, out=tmp_path / "study")
    assert study.ranking().height == 5


def test_a_notebook_shows_the_ranking(tmp_path: Path):
    study = fl.compare("iris", **SHORT, seeds=1, out=tmp_path / "study")
    shown = study._repr_html_()
    assert "learning" in shown
    assert "<script" not in shown
    assert study.header.conclusion.startswith("Of 2 recipes from 1 seed each")
