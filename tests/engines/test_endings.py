"""How runs end: at their last epoch, too early, or with a loss that is no number; and what they leave behind."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor

from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import find, names
from fallline.catalogue.stepping import optimizer_for
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset, Split
from fallline.engines.protocol import Engine
from tests import tolerances
from tests.engines.runs import EPOCHS, KINDS, ROWS, SEARCHING, assert_same, recipe, train
from tests.reference.sets import dataset

TOO_HIGH = {"float32": 1e30, "float64": 1e300}
BOUNDED = ["adafactor", "rprop", "lbfgs"]
"""Whose step is bounded whatever the learning rate, or searched for."""


def standardized(data: Dataset, split: Split) -> Tensor:
    return (split.targets - data.target.mean[0]) / data.target.scale[0]


# --- diverging -----------------------------------------------------------------------------------


def first_step_without_a_loss(chosen: Recipe, data: Dataset) -> int:
    """Steps that a plain script takes before its loss is first not finite."""
    dtype = getattr(torch, chosen.dtype)
    x, y = data.train.inputs.to(dtype), standardized(data, data.train).to(dtype)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(chosen.seed)
        model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)).to(dtype)
    optimizer = optimizer_for(chosen, model)
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
@pytest.mark.parametrize("optimizer", [name for name in names("optimizer") if name not in BOUNDED])
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


@pytest.mark.parametrize("dtype", TOO_HIGH)
@pytest.mark.parametrize("optimizer", BOUNDED)
def test_a_rate_beyond_all_measure_harms_no_other_run(engine: Engine, data: Dataset, optimizer: str, dtype: str):
    fields = {"optimizer": optimizer, "dtype": dtype, "batch_size": ROWS}
    calm = recipe(learning_rate=0.1, **fields)
    first, wild, last = train(engine, [calm, calm.replace(learning_rate=TOO_HIGH[dtype]), calm.replace(seed=1)], data)
    assert wild.outcome.ended
    assert all(math.isfinite(loss) for loss in wild.training_losses)
    assert_same(first, train(engine, calm, data)[0])
    assert_same(last, train(engine, calm.replace(seed=1), data)[0])


@pytest.mark.parametrize(
    ("task", "loss"), [(task, entry.card.name) for entry in LOSSES for task in entry.contract.tasks], ids=str
)
def test_a_run_of_any_loss_diverges_where_its_outputs_are_no_numbers(engine: Engine, task: Task, loss: str):
    """Whatever torch's module makes of such outputs: some pass over them, one raises."""
    wild = recipe(task, loss=loss, optimizer="sgd", learning_rate=1e30, widths=(8, 8))
    (run,) = train(engine, wild, dataset(task))
    assert (run.outcome, run.steps, run.best_epoch) == (Outcome.diverged, 1, 0)


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


@pytest.mark.parametrize("chosen", [KINDS["sgd"], KINDS["muon"], SEARCHING], ids=lambda chosen: chosen.optimizer)
def test_a_loss_that_is_not_finite_at_the_start_ends_the_run_before_its_first_step(
    engine: Engine, data: Dataset, chosen: Recipe
):
    broken = dataclasses.replace(
        data, train=dataclasses.replace(data.train, targets=torch.full_like(data.train.targets, math.inf))
    )
    (run,) = train(engine, chosen, broken)
    assert (run.outcome, run.steps, run.training_losses) == (Outcome.diverged, 0, ())
    (untrained,) = engine.start(Population((chosen,)), data).trained()
    assert all(torch.equal(value, untrained.parameters[name]) for name, value in run.parameters.items())


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
    full = find("optimizer", optimizer).full_batch
    fields = {"batch_size": ROWS, "epochs": 10} if full else {"dropout": 0.2, "epochs": 40}
    (run,) = train(engine, recipe(optimizer=optimizer, learning_rate=0.03, patience=5, **fields), data)
    model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    for parameter, value in zip(model.parameters(), run.parameters.values(), strict=True):
        parameter.data = value
    y = standardized(data, data.validation).float()
    with torch.no_grad():
        errors = (model.eval()(data.validation.inputs).squeeze(1) - y) ** 2
    w = torch.ones_like(errors) if data.validation.weights is None else data.validation.weights
    recomputed = (w * errors).sum() / w.sum()
    assert run.best_loss == min(run.validation_losses)
    torch.testing.assert_close(torch.tensor(run.best_loss), recomputed, **tolerances.FLOAT32)
