"""What every engine promises of a training: pausing, watching, dropping, and that no run touches another."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import default_loss
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.engines.chooser import ENGINES
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Engine, Epoch, Progress, Step, Trained, Training
from tests import tolerances
from tests.engines.parity import needs_native
from tests.engines.runs import (
    BATCHES,
    EPOCHS,
    KINDS,
    LAST_STEP,
    MIXED,
    ROWS,
    assert_all_same,
    assert_same,
    recipe,
    train,
)
from tests.reference.sets import dataset


@pytest.fixture
def through(engine: Engine, data: Dataset) -> tuple[Trained, ...]:
    """The mixed population, trained without a pause."""
    return train(engine, MIXED, data)


# --- pausing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pauses",
    [
        [Epoch(number) for number in range(EPOCHS + 1)],
        [Step(number) for number in range(LAST_STEP + 1)],
        [Step(3), Epoch(2), Step(9), Step(9), Epoch(1), Step(17), Epoch(EPOCHS)],
        [Step(5), Step(10**9)],
    ],
    ids=["by epochs", "by steps", "by both", "far beyond the end"],
)
def test_pausing_changes_nothing(engine: Engine, data: Dataset, through: tuple[Trained, ...], pauses):
    training = engine.start(MIXED, data)
    for until in pauses:
        training.advance(until)
    assert_all_same(training.trained(), through)


@pytest.mark.parametrize("steps", [0, 1, BATCHES - 1, BATCHES, BATCHES + 1, 11])
def test_a_pause_at_a_step_is_at_that_step_and_epochs_are_complete_at_their_last_batch(
    engine: Engine, data: Dataset, steps: int
):
    training = engine.start(MIXED, data)
    training.advance(Step(steps))
    for run in training.trained():
        assert (run.steps, run.outcome) == (steps, Outcome.running)
        assert len(run.training_losses) == len(run.validation_losses) == len(run.learning_rates) == steps // BATCHES


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_pause_at_an_epoch_is_at_its_end(engine: Engine, data: Dataset, epochs: int):
    training = engine.start(MIXED, data)
    training.advance(Epoch(epochs))
    for run in training.trained():
        assert (len(run.training_losses), run.steps) == (epochs, epochs * BATCHES)


# --- the last epoch ------------------------------------------------------------------------------


def assert_latest_are_of_the_last_epoch(engine: Engine, training: Training, population: Population, data: Dataset):
    """They give the validation loss of that epoch, and are those that were kept where it is the best one."""
    for chosen, run, latest in zip(population, training.trained(), training.latest(), strict=True):
        assert latest is not None
        stacked = {name: value.unsqueeze(0) for name, value in latest.items()}
        criterion = Criterion(chosen, dtype=getattr(torch, chosen.dtype))
        found = engine.evaluate(network_of(chosen, data), stacked, feed(chosen, data, data.validation), criterion)
        assert found.item() == pytest.approx(run.validation_losses[-1], rel=1e-5)
        if run.best_epoch == len(run.validation_losses):
            assert list(latest) == list(run.parameters)
            assert all(torch.equal(value, run.parameters[name]) for name, value in latest.items())


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_the_parameters_of_the_last_epoch_are_to_be_had_at_each_ones_end(engine: Engine, weighted: bool):
    data = dataset(weighted=weighted)
    training = engine.start(MIXED, data)
    for epoch in range(1, EPOCHS + 1):
        training.advance(Epoch(epoch))
        assert_latest_are_of_the_last_epoch(engine, training, MIXED, data)
    assert {run.outcome for run in training.trained()} == {Outcome.finished, Outcome.stopped}


def test_a_run_that_was_stopped_or_dropped_leaves_the_parameters_it_had(engine: Engine, data: Dataset):
    """Though others of its block go on: of many seeds some are stopped early, at epochs of their own."""
    restless = [recipe(optimizer="sgd", learning_rate=0.4, patience=2, seed=seed, epochs=30) for seed in range(12)]
    population = Population(tuple(restless))
    training = engine.start(population, data)
    training.advance(Epoch(3))
    training.drop({0, 5})
    training.advance(Epoch(30))
    ends = training.trained()
    assert {run.outcome for run in ends} >= {Outcome.stopped, Outcome.halved}
    assert len({len(run.validation_losses) for run in ends}) == 3
    assert any(run.best_epoch < len(run.validation_losses) for run in ends)
    assert_latest_are_of_the_last_epoch(engine, training, population, data)
    resumed = engine.start(population, data, training.state())
    for one, other in zip(training.latest(), resumed.latest(), strict=True):
        assert one is not None
        assert other is not None
        assert all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("steps", [0, 1, BATCHES - 1, BATCHES + 1])
def test_within_an_epoch_there_are_no_parameters_of_the_last_one(engine: Engine, data: Dataset, steps: int):
    training = engine.start(MIXED, data)
    training.advance(Step(steps))
    training.drop({0})
    assert training.latest() == (None,) * len(MIXED)
    assert engine.start(MIXED, data, training.state()).latest() == (None,) * len(MIXED)


def test_a_run_that_diverged_has_no_parameters_of_its_last_epoch(engine: Engine, data: Dataset):
    steep = recipe(optimizer="sgd", learning_rate=1e30)
    training = engine.start(Population((steep, MIXED[0])), data)
    training.advance(Epoch(EPOCHS))
    assert training.trained()[0].outcome is Outcome.diverged
    assert training.latest()[0] is None
    assert training.latest()[1] is not None


# --- ends ----------------------------------------------------------------------------------------


def test_runs_of_different_lengths_end_each_at_its_own(engine: Engine, data: Dataset):
    population = Population(tuple(recipe(epochs=epochs) for epochs in (1, 4, 2)))
    training = engine.start(population, data)
    training.advance(Epoch(2))
    assert [run.outcome for run in training.trained()] == [Outcome.finished, Outcome.running, Outcome.finished]
    training.advance(Epoch(10))
    assert [len(run.training_losses) for run in training.trained()] == [1, 4, 2]
    assert {run.outcome for run in training.trained()} == {Outcome.finished}


def test_how_far_the_last_runs_have_got_is_told(engine: Engine, data: Dataset):
    population = Population((recipe(epochs=2), recipe(optimizer="muon"), recipe(batch_size=ROWS)))
    training = engine.start(population, data)
    assert [training.reached(until) for until in (Epoch(0), Epoch(1), Step(0), Step(1))] == [None, 0, None, 0]
    training.advance(Step(3))
    assert [training.reached(until) for until in (Epoch(1), Epoch(9), Step(3), Step(9))] == [0, 0, None, 3]
    training.advance(Epoch(3))
    assert [training.reached(until) for until in (Epoch(3), Epoch(9), Step(9))] == [None, 3, 3]
    training.advance(Epoch(EPOCHS))
    assert training.reached(Epoch(EPOCHS + 1)) is None


def test_a_run_that_has_not_begun_holds_its_initial_parameters(engine: Engine, data: Dataset):
    (run,) = engine.start(Population((KINDS["sgd"],)), data).trained()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = [torch.nn.Linear(5, 8), torch.nn.Linear(8, 1)]
    expected = [parameter for layer in layers for parameter in layer.parameters()]
    assert all(torch.equal(one, other) for one, other in zip(run.parameters.values(), expected, strict=True))
    assert (run.steps, run.best_epoch, run.best_loss, run.training_losses) == (0, 0, None, ())


# --- one run among others ------------------------------------------------------------------------


def test_a_run_of_a_population_is_that_run_alone(engine: Engine, data: Dataset, through: tuple[Trained, ...]):
    for recipe_alone, run in zip(MIXED, through, strict=True):
        assert_same(train(engine, recipe_alone, data)[0], run)


def test_the_place_in_the_population_does_not_count(engine: Engine, data: Dataset, through: tuple[Trained, ...]):
    assert_all_same(reversed(train(engine, reversed(list(MIXED)), data)), through)


def test_runs_that_differ_in_the_learning_rate_alone_start_alike(engine: Engine, data: Dataset):
    ladder = Population.ladder(KINDS["adam with dropout"], [1e-4, 1e-3, 1e-2])
    training = engine.start(ladder, data)
    first = training.trained()
    for run in first[1:]:
        assert all(torch.equal(value, first[0].parameters[name]) for name, value in run.parameters.items())


def with_equal_weights(data: Dataset, weight: float) -> Dataset:
    parts = {
        part: dataclasses.replace(getattr(data, part), weights=torch.full((len(getattr(data, part)),), weight))
        for part in ("train", "validation", "test")
    }
    return dataclasses.replace(data, **parts)


def test_equal_weights_are_as_none(engine: Engine, data: Dataset):
    chosen = recipe(optimizer="sgd", learning_rate=0.05, dtype="float64")
    one, other = train(engine, chosen, data)[0], train(engine, chosen, with_equal_weights(data, 3.0))[0]
    for curve in ("training_losses", "validation_losses"):
        found, expected = (torch.tensor(getattr(run, curve), dtype=torch.float64) for run in (other, one))
        torch.testing.assert_close(found, expected, **tolerances.REORDERED_64)


def test_unequal_weights_make_another_run(engine: Engine):
    plain, weighted = dataset(), dataset(weighted=True)
    assert torch.equal(plain.train.inputs, weighted.train.inputs)
    one, other = train(engine, KINDS["sgd"], plain)[0], train(engine, KINDS["sgd"], weighted)[0]
    assert one.training_losses != other.training_losses


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_twice_gives_the_same(engine: Engine, data: Dataset, dtype: str):
    recipes = [one.replace(dtype=dtype) for one in MIXED]
    assert_all_same(train(engine, recipes, data), train(engine, recipes, data))


# --- dropping ------------------------------------------------------------------------------------


def test_dropped_runs_end_as_halved_where_they_are_and_others_go_on(
    engine: Engine, data: Dataset, through: tuple[Trained, ...]
):
    training = engine.start(MIXED, data)
    training.advance(Epoch(2))
    at_two = training.trained()
    training.drop({1, 4})
    training.advance(Epoch(EPOCHS))
    for number, run in enumerate(training.trained()):
        if number in (1, 4):
            assert_same(run, dataclasses.replace(at_two[number], outcome=Outcome.halved))
        else:
            assert_same(run, through[number])


def test_a_run_can_be_dropped_in_the_middle_of_an_epoch(engine: Engine, data: Dataset):
    training = engine.start(MIXED, data)
    training.advance(Step(BATCHES + 2))
    training.drop([0])
    training.advance(Epoch(EPOCHS))
    run = training.trained()[0]
    assert (run.outcome, run.steps, len(run.training_losses)) == (Outcome.halved, BATCHES + 2, 1)


def test_a_run_that_has_ended_cannot_be_dropped(engine: Engine, data: Dataset, through: tuple[Trained, ...]):
    training = engine.start(MIXED, data)
    training.advance(Epoch(EPOCHS))
    training.drop(range(len(MIXED)))
    assert_all_same(training.trained(), through)


# --- watching ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pauses",
    [[Epoch(EPOCHS)], [Epoch(1), Epoch(4), Epoch(EPOCHS)], [Step(number) for number in range(LAST_STEP + 1)]],
    ids=["through", "by epochs", "by steps"],
)
def test_an_observer_sees_every_epoch_of_every_run_once_and_in_order(engine: Engine, data: Dataset, pauses):
    seen: list[Progress] = []
    training = engine.start(MIXED, data)
    for until in pauses:
        training.advance(until, seen.append)
    for number, run in enumerate(training.trained()):
        told = [progress for progress in seen if progress.run == number]
        assert [progress.epoch for progress in told] == list(range(1, len(run.training_losses) + 1))
        assert tuple(progress.training_loss for progress in told) == run.training_losses
        assert tuple(progress.validation_loss for progress in told) == run.validation_losses
        assert [progress.steps for progress in told] == [BATCHES * progress.epoch for progress in told]
        assert {progress.outcome for progress in told[:-1]} == {Outcome.running}
        assert told[-1].outcome is run.outcome


def test_runs_get_on_together(engine: Engine, data: Dataset):
    seen: list[Progress] = []
    engine.start(Population.ladder(KINDS["sgd"], [0.1, 0.2, 0.3]), data).advance(Epoch(EPOCHS), seen.append)
    told = [(progress.epoch, progress.run) for progress in seen]
    if engine.name != "loop":  # which may tell of several epochs of a run before it tells of the next run
        told.sort()
    assert told == [(epoch, run) for epoch in range(1, EPOCHS + 1) for run in range(3)]


SEVERAL = [
    recipe(optimizer=optimizer, learning_rate=0.01, epochs=epochs, batch_size=batch_size)
    for optimizer in ("sgd", "muon", "adam", "adafactor")
    for epochs, batch_size in ((40, 16), (60, 13), (60, 50))
]
"""Runs that `auto` gives to different engines; of a batch of all rows, an epoch is a single step."""


@needs_native
@pytest.mark.parametrize(
    ("until", "field", "most"), [(Epoch(60), "epoch", 1), (Step(10**9), "steps", 50 + BATCHES)], ids=str
)
def test_runs_of_several_engines_get_on_together(data: Dataset, until: Epoch | Step, field: str, most: int):
    """By epochs, or by steps, of which an observer is told at the end of an epoch."""
    told, apart = dict.fromkeys(range(len(SEVERAL)), 0), []

    def watch(progress: Progress) -> None:
        told[progress.run] = getattr(progress, field)
        if progress.outcome.ended:
            del told[progress.run]
        apart.append(max(told.values(), default=0) - min(told.values(), default=0))

    training = ENGINES["auto"].start(Population(tuple(SEVERAL)), data)
    training.advance(until, watch)
    assert 0 < max(apart) <= most
    assert not told
    assert training.reached(until) is None


def test_an_observer_that_ends_training_finds_all_runs_equally_far(engine: Engine, data: Dataset):
    """As Ctrl-C does, which may come at any time."""

    def end(progress: Progress) -> None:
        if progress.epoch == 20:
            raise KeyboardInterrupt

    training = engine.start(Population(tuple(SEVERAL)), data)
    with pytest.raises(KeyboardInterrupt):
        training.advance(Epoch(60), end)
    reached = {len(run.validation_losses) for run in training.trained()}
    assert reached <= {19, 20}
    training.advance(Epoch(60))
    assert_all_same(training.trained(), train(engine, SEVERAL, data))


def test_an_observer_is_told_once_of_a_run_that_diverged_within_an_epoch(engine: Engine, data: Dataset):
    seen: list[Progress] = []
    training = engine.start(Population((KINDS["sgd"].replace(learning_rate=1e30), KINDS["sgd"])), data)
    for until in (Epoch(3), Epoch(EPOCHS)):
        training.advance(until, seen.append)
    told = [progress for progress in seen if progress.run == 0]
    assert told == [Progress(0, 0, training.trained()[0].steps, None, None, Outcome.diverged)]


def test_a_run_that_had_ended_is_not_told_of_again(engine: Engine, data: Dataset):
    seen: list[Progress] = []
    training = engine.start(MIXED, data)
    training.advance(Epoch(EPOCHS))
    training.advance(Epoch(EPOCHS + 5), seen.append)
    assert seen == []


def test_being_watched_changes_nothing(engine: Engine, data: Dataset, through: tuple[Trained, ...]):
    training = engine.start(MIXED, data)
    training.advance(Epoch(EPOCHS), lambda progress: torch.rand(7))
    assert_all_same(training.trained(), through)


@pytest.mark.parametrize("task", Task)
def test_an_engine_refuses_with_a_sentence_or_not_at_all(engine: Engine, task: Task):
    reason = engine.refuses(recipe(task, loss=default_loss(task)), dataset(task))
    assert reason is None or reason.strip()


@pytest.mark.parametrize("task", Task)
def test_runs_of_any_task_do_not_touch_each_other(engine: Engine, task: Task):
    """Losses that want their targets otherwise, side by side: each is what it is alone."""
    data = dataset(task)
    losses = [entry.card.name for entry in LOSSES if task in entry.contract.tasks]
    recipes = [recipe(task, loss=loss, dtype=dtype) for loss in losses for dtype in ("float32", "float64")]
    assert_all_same(train(engine, recipes, data), [train(engine, alone, data)[0] for alone in recipes])


@needs_native
def test_trainings_that_begin_in_several_threads_are_what_they_are_alone(data: Dataset):
    """Of the plain loop that cannot be promised: torch's random state and default dtype are the process's."""
    engine = ENGINES["native"]
    population = Population(tuple(recipe(seed=seed, epochs=2) for seed in range(12)))

    def losses(_: int = 0) -> list[float | None]:
        training = engine.start(population, data)
        training.advance(Epoch(2))
        return [run.best_loss for run in training.trained()]

    alone = losses()
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(losses, range(8))) == [alone] * 8
