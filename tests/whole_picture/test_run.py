"""A run, beside the script that anyone would write: the same numbers, to the last bit."""

import torch
from torch import nn

from fallline.catalogue.resolution import resolved
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.engines.loop import Loop
from fallline.engines.protocol import Epoch
from tests.reference.sets import dataset

DATA = dataset(Task.multiclass, rows=(100, 40, 0))
RECIPE = resolved(
    Recipe(
        widths=(16, 16),
        dropout=0.2,
        loss="cross_entropy",
        optimizer="sgd",
        learning_rate=0.1,
        optimizer_options={"momentum": 0.9},
        batch_size=32,
        epochs=8,
        seed=7,
    ),
    DATA.target,
    rows=len(DATA.train),
)


def script() -> tuple[list[float], list[float], list[dict[str, torch.Tensor]]]:
    """Training losses, validation losses and parameters, epoch by epoch."""
    x, y = DATA.train.inputs, DATA.train.targets
    training_losses, validation_losses, parameters = [], [], []

    torch.manual_seed(7)
    model = nn.Sequential(
        nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    g = torch.Generator().manual_seed(7)
    for _ in range(8):
        model.train()
        total = 0.0
        for batch in torch.randperm(100, generator=g).split(32):
            optimizer.zero_grad()
            loss = criterion(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        training_losses.append(total / 100)
        model.eval()
        with torch.no_grad():
            validation_losses.append(criterion(model(DATA.validation.inputs), DATA.validation.targets).item())
        parameters.append({name: value.clone() for name, value in model.state_dict().items()})
    return training_losses, validation_losses, parameters


def test_a_run_is_number_for_number_what_a_plain_script_with_its_seed_does():
    with torch.random.fork_rng(devices=[]):
        training_losses, validation_losses, parameters = script()
    training = Loop().start(Population((RECIPE,)), DATA)
    training.advance(Epoch(8))
    (run,) = training.trained()
    assert run.training_losses == tuple(training_losses)
    assert run.validation_losses == tuple(validation_losses)
    best = validation_losses.index(min(validation_losses))
    assert (run.best_epoch, run.best_loss) == (best + 1, validation_losses[best])
    assert list(run.parameters) == list(parameters[best])
    assert all(torch.equal(run.parameters[name], value) for name, value in parameters[best].items())


def test_its_loss_falls():
    training = Loop().start(Population((RECIPE,)), DATA)
    training.advance(Epoch(8))
    (run,) = training.trained()
    assert run.training_losses[-1] < run.training_losses[0]
    assert run.best_loss < run.validation_losses[0]
