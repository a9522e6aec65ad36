"""Every loss learns with every optimizer: the process is the same whatever the loss and whatever the optimizer."""

import pytest

from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import find, ladder, names
from fallline.catalogue.resolution import resolved
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.engines.loop import Loop
from fallline.engines.protocol import Epoch, Trained
from tests.reference.sets import dataset

EPOCHS = 12
DATA = {
    **{task.value: dataset(task, rows=(48, 23, 0)) for task in Task},
    "regression of two columns": dataset(Task.regression, rows=(48, 23, 0), several=True),
}
WEIGHTED = {task.value: dataset(task, rows=(48, 23, 0), weighted=True) for task in Task}
LEARNABLE = [
    pytest.param(entry.card.name, name, id=f"{entry.card.name} {name}")
    for entry in LOSSES
    for name, data in DATA.items()
    if data.target.task in entry.contract.tasks
]
every_loss = pytest.mark.parametrize(("loss", "data"), LEARNABLE)
OPTIMIZERS = [*names("optimizer"), "torch.optim:SGD"]


def trained(data: str, *, weighted: bool = False, **fields) -> Trained:
    of = (WEIGHTED if weighted else DATA)[data]
    full = find("optimizer", fields.get("optimizer", "adam")).full_batch
    # a step of one that searches is up to 20 iterations
    sizes = {"batch_size": 48, "epochs": 3} if full else {"batch_size": 16, "epochs": EPOCHS}
    recipe = Recipe(widths=(8,), **sizes, **fields)
    training = Loop().start(Population((resolved(recipe, of.target, rows=len(of.train)),)), of)
    training.advance(Epoch(EPOCHS))
    return training.trained()[0]


def middle(optimizer: str) -> float:
    """The middle of an optimizer's ladder."""
    return ladder(optimizer, 1)[0]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@every_loss
def test_the_training_loss_falls(loss: str, data: str, optimizer: str):
    run = trained(data, loss=loss, optimizer=optimizer, learning_rate=middle(optimizer))
    assert run.outcome is Outcome.finished
    assert run.training_losses[-1] < run.training_losses[0]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_training_loss_falls_whatever_the_reduction(optimizer: str, reduction: str):
    """A sum's gradient is as many times as long as there are rows in a batch, so its rate is as many times lower."""
    rate = middle(optimizer) / (16 if reduction == "sum" else 1)
    options = {"reduction": reduction}
    run = trained("multiclass", loss="cross_entropy", loss_options=options, optimizer=optimizer, learning_rate=rate)
    assert run.training_losses[-1] < run.training_losses[0]


@pytest.mark.parametrize("activation", names("activation"))
@pytest.mark.parametrize("schedule", names("schedule"))
def test_the_training_loss_falls_with_every_activation_and_schedule(activation: str, schedule: str):
    run = trained("regression", activation=activation, schedule=schedule, warmup=0.1, learning_rate=middle("adam"))
    assert run.training_losses[-1] < run.training_losses[0]


@pytest.mark.parametrize("initialization", names("initialization"))
@pytest.mark.parametrize("normalization", names("normalization"))
@pytest.mark.parametrize("optimizer", ["adam", "muon", "lbfgs"])
def test_the_training_loss_falls_with_every_initialization_and_normalization(
    initialization: str, normalization: str, optimizer: str
):
    fields = {"initialization": initialization, "normalization": normalization, "optimizer": optimizer}
    run = trained("multiclass", loss="cross_entropy", learning_rate=middle(optimizer), **fields)
    assert run.training_losses[-1] < run.training_losses[0]


@pytest.mark.parametrize(("loss", "data"), [case for case in LEARNABLE if case.values[1] in WEIGHTED])
def test_the_training_loss_falls_where_rows_have_weights(loss: str, data: str):
    run = trained(data, weighted=True, loss=loss, learning_rate=middle("adam"))
    assert run.training_losses[-1] < run.training_losses[0]
