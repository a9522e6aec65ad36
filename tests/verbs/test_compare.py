"""`fl.compare`: its arguments are those of `fl.train`, as alternatives."""

import inspect
import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("seeds", [0, -1, [], [1, 1], ["a"]])
def test_seeds_that_are_none_are_refused(seeds: object, tmp_path: Path):
    with pytest.raises(fl.FalllineError, match="seeds is out of its range"):
        fl.compare("iris", **SHORT, seeds=seeds, out=tmp_path / "study")
    assert not list(tmp_path.iterdir())


def test_a_sample_is_drawn(tmp_path: Path):
    study = fl.compare("iris", learning_rate="1e-4:1:32log", epochs=1, sample=5, seeds=1, out=tmp_path / "study")
    assert study.ranking().height == 5


def test_a_notebook_shows_the_ranking(tmp_path: Path):
    study = fl.compare("iris", **SHORT, seeds=1, out=tmp_path / "study")
    shown = study._repr_html_()
    assert "learning" in shown
    assert "<script" not in shown
    assert study.header.conclusion.startswith("Of 2 recipes from 1 seed each")
