"""A population is a non-empty tuple of recipes."""

import dataclasses

import pytest

from fallline.core.errors import RecipeError
from fallline.core.population import Population
from fallline.core.recipe import Recipe


def test_a_ladder_is_one_recipe_at_several_learning_rates():
    recipe = Recipe(optimizer="sgd", seed=3)
    ladder = Population.ladder(recipe, [0.01, 0.1, 1.0])
    assert list(ladder) == [recipe.replace(learning_rate=rate) for rate in (0.01, 0.1, 1.0)]


def test_a_population_has_a_length_and_its_recipes_in_order():
    recipes = tuple(Recipe(seed=seed) for seed in (5, 3, 8))
    population = Population(recipes)
    assert len(population) == 3
    assert tuple(population) == recipes
    assert population[1] is recipes[1]


def test_equal_populations_are_equal_and_hash_alike():
    one, other = (Population.ladder(Recipe(), [0.1, 0.2]) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Population.ladder(Recipe(), [0.2, 0.1])


@pytest.mark.parametrize("build", [lambda: Population(()), lambda: Population.ladder(Recipe(), [])])
def test_an_empty_population_is_refused(build):
    with pytest.raises(RecipeError) as caught:
        build()
    assert str(caught.value) == (
        "building a population: it holds no recipe.\n  do        give at least one learning rate"
    )


def test_a_rung_out_of_range_is_refused():
    with pytest.raises(RecipeError, match="learning_rate is out of its range"):
        Population.ladder(Recipe(), [0.1, 0.0])


def test_a_population_cannot_be_changed():
    population = Population((Recipe(),))
    with pytest.raises(dataclasses.FrozenInstanceError):
        population.recipes = ()
