"""A space: which recipes it holds, what is ignored, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fallline.catalogue.registry import ladder
from fallline.core.errors import ArgumentError, RecipeError, UnknownNameError
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task
from fallline.study.plan import weight_decay_for
from fallline.study.space import DEFAULT, Candidates, Space

TARGET = Target(name="y", task=Task.binary, reason="two values", classes=(0, 1))
NUMBER = Target(name="y", task=Task.regression, reason="numbers")


def found(given: dict[str, Any], *, target: Target = TARGET, **options) -> Candidates:
    return Space.of(given).candidates(target, rows=200, **options)


def values(recipes: tuple[Recipe, ...], field: str) -> list[Any]:
    return list(dict.fromkeys(getattr(recipe, field) for recipe in recipes))


def test_the_grid_is_every_alternative_with_every_other():
    recipes = found(
        {"optimizer": ["sgd", "adam"], "learning_rate": [0.1, 0.01], "widths": [(8,), (8, 4)], "dropout": 0.5}
    ).recipes
    assert len(recipes) == len(set(recipes)) == 8
    assert values(recipes, "widths") == [(8,), (8, 4)]
    assert values(recipes, "dropout") == [0.5]


def test_one_network_is_a_list_of_units_and_several_a_list_of_lists():
    assert values(found({"widths": [8, 4]}).recipes, "widths") == [(8, 4)]
    assert values(found({"widths": [[8], []]}).recipes, "widths") == [(8,), ()]
    assert values(found({"widths": ()}).recipes, "widths") == [()]


def test_without_a_learning_rate_each_optimizer_has_its_own_ladder():
    recipes = found({"optimizer": ["sgd", "adam"]}).recipes
    for name in ("sgd", "adam"):
        assert [recipe.learning_rate for recipe in recipes if recipe.optimizer == name] == ladder(name, 16)


def test_an_option_is_for_those_that_have_it_and_does_not_multiply_the_others():
    space = {"optimizer": ["sgd", "adam"], "learning_rate": 0.1, "optimizer_options": {"momentum": [0.0, 0.5, 0.9]}}
    candidates = found(space)
    assert [recipe.optimizer for recipe in candidates.recipes] == ["sgd", "sgd", "sgd", "adam"]
    assert candidates.notes == ("momentum is ignored for adam: no such option there.",)


def test_equal_recipes_are_there_once():
    same = {
        "optimizer": ["sgd", "torch.optim.SGD"],
        "learning_rate": [0.1, 0.1],
        "optimizer_options": {"momentum": [0]},
    }
    assert len(found(same).recipes) == 1


def test_what_contradicts_itself_is_left_out_and_said():
    options = {"momentum": [0.0, 0.9], "nesterov": [False, True]}
    candidates = found({"optimizer": "sgd", "learning_rate": 0.1, "optimizer_options": options})
    assert [tuple(recipe.optimizer_options[name] for name in options) for recipe in candidates.recipes] == [
        (0.0, False),
        (0.9, False),
        (0.9, True),
    ]
    assert len(candidates.notes) == 1
    assert "1 recipe (" in candidates.notes[0]
    assert "nesterov" in candidates.notes[0]


def test_what_is_left_out_counts_recipes_and_not_points_of_the_grid():
    space = {"optimizer": ["sgd", "lbfgs"], "learning_rate": 0.1, "batch_size": [32, 1000]}
    options = {"optimizer_options": {"momentum": [0.0, 0.5, 0.9]}}
    (left_out,) = [note for note in found({**space, **options}).notes if note.startswith("Left out")]
    assert "1 recipe (" in left_out


@pytest.mark.parametrize("sample", [1, 2, 5, 20, 80])
def test_a_sample_goes_round_what_contradicts_itself(sample: int):
    space = {"optimizer": ["adam", "lbfgs"], "batch_size": [32, 1000], "learning_rate": "1e-4:1:64log"}
    recipes = found(space, sample=sample).recipes
    assert len(recipes) == sample
    assert not any(recipe.optimizer == "lbfgs" and recipe.batch_size == 32 for recipe in recipes)


def test_a_sample_of_nothing_but_contradictions_is_a_mistake():
    with pytest.raises(RecipeError, match="batch"):
        found({"optimizer": "lbfgs", "batch_size": 32, "learning_rate": "1e-4:1:64log"}, sample=3)


def test_where_no_optimizer_is_named_it_is_said_which_one_is_compared():
    assert found({"epochs": 20}).notes == ("No optimizer was named: adamw alone is compared.",)
    assert not DEFAULT.candidates(TARGET, rows=200).notes
    assert not found({"optimizer": "adamw"}).notes


def test_an_optimizer_that_is_named_is_taken_as_the_catalogue_has_it():
    assert found({"optimizer": "adamw"}).recipes[0].optimizer_options["weight_decay"] == 0.01
    assert found({"learning_rate": 0.1}).recipes[0].optimizer_options["weight_decay"] == weight_decay_for(200)


def test_where_nothing_is_named_four_optimizers_are_compared_on_their_ladders():
    recipes = DEFAULT.candidates(TARGET, rows=500).recipes
    assert len(recipes) == 4 * 16 * 2 * 2
    adamw = next(recipe for recipe in recipes if recipe.optimizer == "adamw")
    assert adamw.optimizer_options["weight_decay"] == weight_decay_for(500)


@pytest.mark.parametrize("wanted", [1, 7, 40, 1000])
def test_a_sample_holds_as_many_recipes_of_the_grid_as_were_asked_for(wanted: int):
    space = {"optimizer": ["sgd", "adam"], "learning_rate": "1e-3:1:10log", "batch_size": [8, 16, 32]}
    whole, sample = set(found(space).recipes), found(space, sample=wanted).recipes
    assert len(sample) == len(set(sample)) == min(wanted, 60)
    assert set(sample) <= whole
    assert sample == found(space, sample=wanted).recipes


def test_a_sample_is_spread_over_every_field():
    space = {"optimizer": ["sgd", "adam"], "learning_rate": "1e-3:1:10log", "batch_size": [8, 16, 32]}
    sample = found(space, sample=30).recipes
    assert len(values(sample, "learning_rate")) == 10
    assert len(values(sample, "batch_size")) == 3
    assert len(values(sample, "optimizer")) == 2


@pytest.mark.parametrize(
    ("space", "error", "says"),
    [
        ({"optimizer": []}, ArgumentError, "optimizer has no alternatives"),
        ({"learning_rate": "1:2"}, ArgumentError, "not a range"),
        ({"optimizer": ["sgd", "admw"]}, UnknownNameError, "adamw"),
        (
            {"optimizer": "adam", "optimizer_options": {"momentum": 0.9}},
            RecipeError,
            "no optimizer in it has an option",
        ),
        ({"learning_rate": [0.1, 0.0]}, RecipeError, "learning_rate is out of its range"),
        ({"loss": ["mse", "bce_with_logits"]}, RecipeError, "makes no sense for the task binary"),
        ({"optimizer": "sgd", "optimizer_options": {"nesterov": True}}, RecipeError, "nesterov"),
        ({"dropout": [0.1, 1.5]}, RecipeError, "dropout"),
    ],
)
def test_an_alternative_that_no_recipe_can_use_is_a_mistake(space: dict[str, Any], error: type[Exception], says: str):
    with pytest.raises(error, match=says):
        found(space)


def test_losses_go_with_every_optimizer():
    recipes = found(
        {"loss": ["mse", "huber"], "optimizer": ["sgd", "lion"], "learning_rate": 0.1}, target=NUMBER
    ).recipes
    assert {(recipe.loss, recipe.optimizer) for recipe in recipes} == {
        (loss, optimizer) for loss in ("mse", "huber") for optimizer in ("sgd", "lion")
    }
