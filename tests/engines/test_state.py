"""A state is all there is to a training: from it, training goes on bit for bit."""

from __future__ import annotations

import pytest
import safetensors.torch
import torch
from torch import Tensor

from fallline.catalogue.registry import find, names
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Epoch, Step
from tests.engines.runs import (
    BATCHES,
    EPOCHS,
    KINDS,
    LAST_STEP,
    MIXED,
    ROWS,
    SEARCHING,
    assert_all_same,
    recipe,
    train,
)
from tests.reference.sets import dataset

PAUSES = [Step(0), Step(1), Step(BATCHES - 1), Epoch(1), Step(2 * BATCHES + 2), Epoch(EPOCHS - 1), Epoch(EPOCHS)]


def through_a_file(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return safetensors.torch.load(safetensors.torch.save(state))


@pytest.mark.parametrize("until", PAUSES, ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_going_on_from_a_state_that_was_in_a_file_is_going_through(engine: Engine, until, weighted: bool):
    data = dataset(weighted=weighted)
    training = engine.start(MIXED, data)
    training.advance(until)
    resumed = engine.start(MIXED, data, through_a_file(training.state()))
    assert_all_same(resumed.trained(), training.trained())
    resumed.advance(Epoch(EPOCHS))
    assert_all_same(resumed.trained(), train(engine, MIXED, data))


ALONE = {
    **KINDS,
    "lbfgs": SEARCHING,
    "lbfgs in float64": SEARCHING.replace(dtype="float64"),
    "a network of the user's": recipe(
        network="tests.reference.user_networks:residual", widths=Recipe().widths, dropout=0.0
    ),
}


@pytest.mark.parametrize("chosen", ALONE.values(), ids=ALONE)
def test_a_state_can_be_taken_and_gone_on_from_at_every_step(engine: Engine, data: Dataset, chosen: Recipe):
    population = Population((chosen,))
    training = engine.start(population, data)
    for step in range(1, LAST_STEP + 1):
        training.advance(Step(step))
        training = engine.start(population, data, through_a_file(training.state()))
    assert_all_same(training.trained(), train(engine, chosen, data))


@pytest.mark.parametrize("optimizer", names("optimizer"))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_optimizer_goes_on_bit_for_bit(engine: Engine, data: Dataset, optimizer: str, dtype: str):
    batch_size = ROWS if find("optimizer", optimizer).full_batch else 16
    chosen = recipe(optimizer=optimizer, learning_rate=0.02, dtype=dtype, batch_size=batch_size)
    training = engine.start(Population((chosen,)), data)
    training.advance(Step(2))
    resumed = engine.start(Population((chosen,)), data, through_a_file(training.state()))
    resumed.advance(Epoch(EPOCHS))
    assert_all_same(resumed.trained(), train(engine, chosen, data))


def test_the_parts_of_a_state_are_found_whatever_their_order(engine: Engine, data: Dataset):
    """Run 1 is not taken for run 10, nor the other way round."""
    population = Population(tuple(KINDS["sgd"].replace(seed=seed) for seed in range(12)))
    training = engine.start(population, data)
    training.advance(Step(6))
    state = dict(reversed(training.state().items()))
    resumed = engine.start(population, data, state)
    resumed.advance(Epoch(EPOCHS))
    assert_all_same(resumed.trained(), train(engine, population, data))


def test_taking_a_state_changes_nothing(engine: Engine, data: Dataset):
    training = engine.start(MIXED, data)
    for step in range(0, LAST_STEP + 1, 3):
        training.advance(Step(step))
        training.state()
    training.advance(Epoch(EPOCHS))
    assert_all_same(training.trained(), train(engine, MIXED, data))


def test_a_state_stays_as_it_is_when_training_goes_on(engine: Engine, data: Dataset):
    training = engine.start(MIXED, data)
    training.advance(Step(5))
    state = training.state()
    copies = {name: value.clone() for name, value in state.items()}
    training.advance(Epoch(EPOCHS))
    assert all(torch.equal(state[name], value) for name, value in copies.items() if not value.is_floating_point())
    assert all(torch.equal(state[name].nan_to_num(), value.nan_to_num()) for name, value in copies.items())


def test_a_state_can_be_gone_on_from_twice(engine: Engine, data: Dataset):
    training = engine.start(MIXED, data)
    training.advance(Step(5))
    state = training.state()
    for _ in range(2):
        resumed = engine.start(MIXED, data, state)
        resumed.advance(Epoch(EPOCHS))
        assert_all_same(resumed.trained(), train(engine, MIXED, data))


def test_epochs_without_improvement_are_still_counted_after_a_pause(engine: Engine, data: Dataset):
    """No parameter moves at this learning rate, so the first epoch stays the best and the fourth is the last."""
    population = Population((recipe(optimizer="sgd", learning_rate=1e-30, patience=3, epochs=20),))
    training = engine.start(population, data)
    training.advance(Epoch(3))
    resumed = engine.start(population, data, through_a_file(training.state()))
    resumed.advance(Epoch(20))
    (run,) = resumed.trained()
    assert (run.outcome, run.best_epoch, len(run.validation_losses)) == (Outcome.stopped, 1, 4)


def test_runs_that_have_ended_stay_ended(engine: Engine, data: Dataset):
    population = Population(
        (
            KINDS["sgd"].replace(learning_rate=1e30),
            KINDS["sgd"],
            recipe(optimizer="sgd", learning_rate=1e-30, patience=1),
            recipe(epochs=2),
            KINDS["adam with dropout"],
        )
    )
    training = engine.start(population, data)
    training.advance(Epoch(3))
    training.drop([1])
    resumed = engine.start(population, data, through_a_file(training.state()))
    for going in (training, resumed):
        going.advance(Epoch(EPOCHS))
    assert [run.outcome for run in resumed.trained()] == [
        Outcome.diverged,
        Outcome.halved,
        Outcome.stopped,
        Outcome.finished,
        Outcome.finished,
    ]
    assert_all_same(resumed.trained(), training.trained())
