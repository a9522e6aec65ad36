"""What every engine promises of a training: pausing, watching, dropping, and that no run touches another."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from fallline.catalogue.registry import names
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Epoch, Progress, Step, Trained
from tests import tolerances
from tests.engines.runs import BATCHES, EPOCHS, KINDS, LAST_STEP, MIXED, assert_all_same, assert_same, recipe, train
from tests.reference.sets import dataset

TOO_HIGH = {"float32": 1e30, "float64": 1e300}


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


def test_runs_of_different_lengths_end_each_at_its_own(engine: Engine, data: Dataset):
    population = Population(tuple(recipe(epochs=epochs) for epochs in (1, 4, 2)))
    training = engine.start(population, data)
    training.advance(Epoch(2))
    assert [run.outcome for run in training.trained()] == [Outcome.finished, Outcome.running, Outcome.finished]
    training.advance(Epoch(10))
    assert [len(run.training_losses) for run in training.trained()] == [1, 4, 2]
    assert {run.outcome for run in training.trained()} == {Outcome.finished}


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


# --- diverging -----------------------------------------------------------------------------------


def first_step_without_a_loss(chosen: Recipe, data: Dataset) -> int:
    """Steps that a plain script takes before its loss is first not finite."""
    dtype = getattr(torch, chosen.dtype)
    build = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    x, y = data.train.inputs.to(dtype), ((data.train.targets - data.target.mean) / data.target.scale).to(dtype)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(chosen.seed)
        model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)).to(dtype)
    optimizer = build.get(chosen.optimizer, torch.optim.RMSprop)(model.parameters(), lr=chosen.learning_rate)
    g = torch.Generator().manual_seed(chosen.seed)
    for steps, batch in enumerate(torch.randperm(len(x), generator=g).split(chosen.batch_size)):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x[batch]), y[batch].unsqueeze(1))
        if not loss.isfinite():
            return steps
        loss.backward()
        optimizer.step()
    raise AssertionError("the script's loss stays finite for an epoch")


@pytest.mark.parametrize("dtype", TOO_HIGH)
@pytest.mark.parametrize("optimizer", names("optimizer"))
def test_a_run_that_diverges_is_recorded_with_its_step_and_harms_no_other(
    engine: Engine, data: Dataset, optimizer: str, dtype: str
):
    calm = [recipe(optimizer=optimizer, learning_rate=0.01, dtype=dtype, seed=seed) for seed in (0, 1)]
    wild = calm[0].replace(learning_rate=TOO_HIGH[dtype])
    first, diverged, last = train(engine, [calm[0], wild, calm[1]], data)
    assert diverged.outcome is Outcome.diverged
    assert diverged.steps == first_step_without_a_loss(wild, data)
    assert (diverged.training_losses, diverged.best_epoch, diverged.best_loss) == ((), 0, None)
    assert_same(first, train(engine, calm[0], data)[0])
    assert_same(last, train(engine, calm[1], data)[0])


def test_a_run_whose_validation_loss_is_not_finite_diverged_at_that_epochs_end(engine: Engine, data: Dataset):
    """On the full batch the loss before the first update is finite, and the one after it is seen in validation."""
    (run,) = train(engine, recipe(optimizer="sgd", learning_rate=1e30, batch_size=50), data)
    assert run.outcome is Outcome.diverged
    assert (run.steps, len(run.training_losses)) == (1, 1)
    assert math.isfinite(run.training_losses[0])
    assert not math.isfinite(run.validation_losses[0])
    assert (run.best_epoch, run.best_loss) == (0, None)


def test_a_run_that_diverges_late_keeps_the_best_parameters_it_had(engine: Engine):
    """A validation loss that is finite for an epoch, then a rate that rises beyond what the network bears."""
    data = dataset()
    chosen = recipe(optimizer="sgd", learning_rate=6.0, epochs=40, warmup=0.9)
    (run,) = train(engine, chosen, data)
    assert run.outcome is Outcome.diverged
    finite = [loss for loss in run.validation_losses if math.isfinite(loss)]
    assert run.best_loss == min(finite)
    assert run.validation_losses[run.best_epoch - 1] == run.best_loss
    assert all(value.isfinite().all() for value in run.parameters.values())


def test_a_loss_that_is_not_finite_at_the_start_ends_the_run_before_its_first_step(engine: Engine, data: Dataset):
    broken = dataclasses.replace(
        data, train=dataclasses.replace(data.train, targets=torch.full_like(data.train.targets, math.inf))
    )
    (run,) = train(engine, KINDS["sgd"], broken)
    assert (run.outcome, run.steps, run.training_losses) == (Outcome.diverged, 0, ())
    assert all(value.isfinite().all() for value in run.parameters.values())


# --- early stopping ------------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [1, 2, 4])
def test_a_validation_loss_that_never_gets_lower_stops_the_run_after_patience_epochs(
    engine: Engine, data: Dataset, patience: int
):
    """A learning rate so small that no parameter moves: the loss stays what it is after the first epoch."""
    (run,) = train(engine, recipe(optimizer="sgd", learning_rate=1e-30, patience=patience, epochs=20), data)
    assert run.outcome is Outcome.stopped
    assert len(run.validation_losses) == 1 + patience
    assert (run.best_epoch, run.best_loss) == (1, run.validation_losses[0])


@pytest.mark.parametrize("chosen", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("patience", [1, 3])
def test_a_run_stops_at_the_first_epoch_that_is_patience_after_its_best(
    engine: Engine, data: Dataset, chosen: Recipe, patience: int
):
    (run,) = train(engine, chosen.replace(patience=patience, epochs=30), data)
    losses = run.validation_losses
    best = [losses.index(min(losses[:epoch])) + 1 for epoch in range(1, len(losses) + 1)]  # so far, at each epoch
    waited = [epoch - found for epoch, found in enumerate(best, start=1)]
    assert all(wait < patience for wait in waited[:-1])
    assert run.best_epoch == best[-1]
    assert run.outcome is (Outcome.stopped if waited[-1] == patience else Outcome.finished)
    assert run.outcome is Outcome.stopped or len(losses) == 30


def test_patience_of_as_many_epochs_never_stops(engine: Engine, data: Dataset):
    (run,) = train(engine, recipe(optimizer="sgd", learning_rate=1e-30, patience=EPOCHS), data)
    assert (run.outcome, len(run.validation_losses)) == (Outcome.finished, EPOCHS)


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@pytest.mark.parametrize("optimizer", names("optimizer"))
def test_the_parameters_are_those_of_the_epoch_with_the_lowest_validation_loss(
    engine: Engine, optimizer: str, weighted: bool
):
    data = dataset(weighted=weighted, rows=(20, 23, 0))
    (run,) = train(engine, recipe(optimizer=optimizer, learning_rate=0.03, epochs=40, patience=5, dropout=0.2), data)
    model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))
    model.load_state_dict(run.parameters)
    y = ((data.validation.targets - data.target.mean) / data.target.scale).float()
    with torch.no_grad():
        errors = (model.eval()(data.validation.inputs).squeeze(1) - y) ** 2
    w = torch.ones_like(errors) if data.validation.weights is None else data.validation.weights
    recomputed = (w * errors).sum() / w.sum()
    assert run.best_loss == min(run.validation_losses)
    torch.testing.assert_close(torch.tensor(run.best_loss), recomputed, **tolerances.FLOAT32)


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
    assert [(progress.epoch, progress.run) for progress in seen] == [
        (epoch, run) for epoch in range(1, EPOCHS + 1) for run in range(3)
    ]


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


# --- the caller ----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("task", [Task.regression, Task.binary, Task.multiclass, Task.counts])
def test_an_engine_refuses_with_a_sentence_or_not_at_all(engine: Engine, task: Task):
    losses = {Task.binary: "bce_with_logits", Task.multiclass: "cross_entropy", Task.counts: "poisson_nll"}
    reason = engine.refuses(recipe(task, loss=losses.get(task, "mse")), dataset(task))
    assert reason is None or reason.strip()
