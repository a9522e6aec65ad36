"""Left to itself, the compiled engine walks the loop's path: the second part of the master invariant.

Recipes are drawn at random. How far the two may be apart is measured by what rounding alone does to the loop: the same
batches with their rows in the opposite order. Where that is much, the recipe is chaotic, and tested by single steps.
"""

from __future__ import annotations

import pytest

from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Step
from tests import tolerances
from tests.engines.drawn import drawn
from tests.engines.parity import (
    LOOP,
    NATIVE,
    arrays_of,
    distance,
    needs_native,
    of_run,
    reversed_batches,
    walk_distance,
)
from tests.engines.runs import train
from tests.reference.sets import dataset

pytestmark = needs_native

STEPS, FEW = 300, 8
TASKS = list(Task)


def some(number: int, *, count: int, dtype: str = "float64") -> tuple[Dataset, list[Recipe]]:
    """The recipes of a number, and data for all of them."""
    task = TASKS[number % len(TASKS)]
    several = task is Task.regression and number % 2 == 1
    recipes = [drawn(100 * number + i, task, several=several, steps=STEPS, dtype=dtype) for i in range(count)]
    return dataset(task, several=several, weighted=number % 3 == 1), recipes


def assert_same_path(data: Dataset, recipes: list[Recipe]) -> None:
    """Each walk is the loop's, but for chaotic ones, which are few."""
    for one in recipes:
        assert NATIVE.refuses(one, data) is None
    found, walked = train(NATIVE, recipes, data), train(LOOP, recipes, data)
    with reversed_batches():
        back = train(LOOP, recipes, data)
    yardsticks = [walk_distance(one, other) for one, other in zip(back, walked, strict=True)]
    offs = [walk_distance(one, other) for one, other in zip(found, walked, strict=True)]
    far = {
        one.key: (off, yardstick)
        for one, off, yardstick in zip(recipes, offs, yardsticks, strict=True)
        if yardstick <= tolerances.CHAOTIC and off > max(tolerances.WALKED_BY_OTHERS_64, 100 * yardstick)
    }
    assert not far
    assert sum(yardstick > tolerances.CHAOTIC for yardstick in yardsticks) <= len(recipes) / 3


@pytest.mark.parametrize("number", range(5))
def test_300_steps_of_recipes_drawn_at_random_are_the_loops(number: int):
    assert_same_path(*some(number, count=4))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(5, 45))
def test_300_steps_of_many_recipes_drawn_at_random_are_the_loops(number: int):
    assert_same_path(*some(number, count=10))


@pytest.mark.parametrize("number", range(5))
def test_few_steps_in_float32_are_the_loops(number: int):
    data, recipes = some(number, count=16, dtype="float32")

    def parameters(engine) -> list:
        training = engine.start(Population(tuple(recipes)), data)
        training.advance(Step(FEW))
        state = training.state()
        states = [of_run(state, run) for run in range(len(recipes))]
        return [each["arrays"][0] if "arrays" in each else arrays_of(each)[0] for each in states]

    found, expected = parameters(NATIVE), parameters(LOOP)
    with reversed_batches():
        back = parameters(LOOP)
    for one, off, yardstick in zip(recipes, map(distance, found, expected), map(distance, back, expected), strict=True):
        assert off <= max(tolerances.FEW_STEPS_32, 30 * yardstick), one.key


def test_many_steps_in_float32_end_at_the_loops_validation_loss():
    data, recipes = some(0, count=6, dtype="float32")
    for one, found, expected in zip(recipes, train(NATIVE, recipes, data), train(LOOP, recipes, data), strict=True):
        assert found.best_loss == pytest.approx(expected.best_loss, rel=tolerances.MANY_STEPS_32), one.key
