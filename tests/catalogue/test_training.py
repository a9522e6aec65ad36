"""Every loss learns with every optimizer: the process is the same whatever the loss and whatever the optimizer."""

import math

import pytest

from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import find, names, resolved
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.engines.loop import Loop
from fallline.engines.protocol import Epoch, Trained
from tests.reference.sets import dataset

EPOCHS = 12
LEARNABLE = [
    pytest.param(entry.card.name, task, id=f"{entry.card.name} {task.value}")
    for entry in LOSSES
    for task in entry.contract.tasks
]


def trained(task: Task, *, weighted: bool = False, **fields) -> Trained:
    recipe = resolved(Recipe(widths=(8,), batch_size=16, epochs=EPOCHS, **fields), task)
    training = Loop().start(Population((recipe,)), dataset(task, weighted=weighted))
    training.advance(Epoch(EPOCHS))
    return training.trained()[0]


def middle_rate(optimizer: str) -> float:
    low, high = find("optimizer", optimizer).rates
    return math.sqrt(low * high)


@pytest.mark.parametrize("optimizer", names("optimizer"))
@pytest.mark.parametrize(("loss", "task"), LEARNABLE)
def test_the_training_loss_falls(loss: str, task: Task, optimizer: str):
    run = trained(task, loss=loss, optimizer=optimizer, learning_rate=middle_rate(optimizer))
    assert run.outcome is Outcome.finished
    assert run.training_losses[-1] < run.training_losses[0]
    assert run.best_loss < run.validation_losses[0]


@pytest.mark.parametrize("activation", names("activation"))
@pytest.mark.parametrize("schedule", names("schedule"))
def test_the_training_loss_falls_with_every_activation_and_schedule(activation: str, schedule: str):
    run = trained(
        Task.regression, activation=activation, schedule=schedule, warmup=0.1, learning_rate=middle_rate("adam")
    )
    assert run.training_losses[-1] < run.training_losses[0]


@pytest.mark.parametrize(("loss", "task"), LEARNABLE)
def test_the_training_loss_falls_where_rows_have_weights(loss: str, task: Task):
    run = trained(task, weighted=True, loss=loss, learning_rate=middle_rate("adam"))
    assert run.training_losses[-1] < run.training_losses[0]
