"""Training leaves the caller's surroundings alone, and they it."""

from __future__ import annotations

import pytest
import torch

from fallline.core.population import Population
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Epoch, Step, Trained
from tests.engines.runs import EPOCHS, MIXED, SEARCHING, assert_all_same, train
from tests.reference.sets import dataset


@pytest.fixture
def through(engine: Engine, data: Dataset) -> tuple[Trained, ...]:
    """The mixed population, trained without a pause."""
    return train(engine, MIXED, data)


def test_training_leaves_the_callers_random_state_and_default_dtype_alone(engine: Engine, data: Dataset):
    before = torch.get_rng_state()
    training = engine.start(MIXED, data)
    training.advance(Step(5))
    state = training.state()
    training.advance(Epoch(EPOCHS))
    training.trained()
    engine.start(MIXED, data, state).advance(Epoch(EPOCHS))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_default_dtype() is torch.float32


def test_the_callers_random_state_changes_nothing(engine: Engine, data: Dataset, through: tuple[Trained, ...]):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)
        assert_all_same(train(engine, MIXED, data), through)


def test_the_callers_default_dtype_changes_nothing(engine: Engine, data: Dataset, through: tuple[Trained, ...]):
    torch.set_default_dtype(torch.float64)
    try:
        assert_all_same(train(engine, MIXED, data), through)
    finally:
        torch.set_default_dtype(torch.float32)


def test_the_callers_default_device_changes_nothing(engine: Engine, data: Dataset):
    """Nor do those of a state: everything is on the CPU."""
    population = Population((*MIXED, SEARCHING))
    expected = train(engine, population, data)
    with torch.device("meta"):
        training = engine.start(population, data)
        training.advance(Step(5))
        state = training.state()
        resumed = engine.start(population, data, state)
        resumed.advance(Epoch(EPOCHS))
        found = resumed.trained()
    assert {tensor.device.type for tensor in state.values()} == {"cpu"}
    assert_all_same(found, expected)


def test_the_data_are_left_as_they_were(engine: Engine):
    data, untouched = dataset(weighted=True), dataset(weighted=True)
    train(engine, MIXED, data)
    for part in ("train", "validation", "test"):
        for tensor in ("inputs", "targets", "weights", "rows"):
            assert torch.equal(getattr(getattr(data, part), tensor), getattr(getattr(untouched, part), tensor))


def test_what_was_trained_stays_as_it_is_when_training_goes_on(engine: Engine, data: Dataset):
    training = engine.start(MIXED, data)
    training.advance(Epoch(2))
    kept = training.trained()
    values = [{name: value.clone() for name, value in run.parameters.items()} for run in kept]
    training.advance(Epoch(EPOCHS))
    for run, copies in zip(kept, values, strict=True):
        assert all(torch.equal(run.parameters[name], value) for name, value in copies.items())
