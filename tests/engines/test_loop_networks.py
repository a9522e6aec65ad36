"""Every kind of network on the loop is what a plain script trains that writes its layers out."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from fallline.catalogue.registry import find, names
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.engines.loop import Loop
from tests.engines.runs import BATCHES, EPOCHS, ROWS, recipe, train
from tests.engines.script import Case, assert_number_for_number, net
from tests.reference.sets import dataset
from tests.reference.user_networks import plain, residual

BOTH_DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


@pytest.mark.parametrize("name", names("activation"))
def test_every_activation_is_torchs_in_a_plain_script(name: str):
    card = find("activation", name).card
    module, _, of_class = card.torch.rpartition(".")
    options = card.complete({})

    def build() -> nn.Module:
        activation = getattr(importlib.import_module(module), of_class)(**options)
        return nn.Sequential(nn.Linear(5, 8), activation, nn.Linear(8, 1))

    assert_number_for_number(Case({"activation": name, "learning_rate": 0.01}, build, functional.mse_loss))


def initialised(draw: Callable[[Tensor], object]) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        module = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
        for layer in (module[0], module[2]):
            draw(layer.weight)
            nn.init.zeros_(layer.bias)
        return module

    return build


INITIALIZATIONS = {
    "default": net(nn.Tanh()),
    "kaiming_uniform": initialised(lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="tanh")),
    "kaiming_normal": initialised(lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="tanh")),
    "xavier_uniform": initialised(lambda weight: nn.init.xavier_uniform_(weight, gain=5 / 3)),
    "xavier_normal": initialised(lambda weight: nn.init.xavier_normal_(weight, gain=5 / 3)),
    "orthogonal": initialised(lambda weight: nn.init.orthogonal_(weight, gain=5 / 3)),
}


@pytest.mark.parametrize("name", names("initialization"))
@BOTH_DTYPES
def test_every_initialization_is_torchs_in_a_plain_script(name: str, dtype: torch.dtype):
    fields = {"initialization": name, "activation": "tanh"}
    assert_number_for_number(Case(fields, INITIALIZATIONS[name], functional.mse_loss, dtype=dtype, seed=2))


NORMALIZATIONS = {
    "none": net(nn.ReLU()),
    "batch": lambda: nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1)),
    "layer": lambda: nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 1)),
}


@pytest.mark.parametrize("name", names("normalization"))
@BOTH_DTYPES
@pytest.mark.parametrize("rows", [ROWS, ROWS - 1], ids=["a last batch of two rows", "a last batch of one row"])
def test_every_normalization_is_torchs_in_a_plain_script(name: str, rows: int, dtype: torch.dtype):
    """Batch normalization cannot be trained on a single row, so such a last batch is left out; its buffers are kept."""
    assert_number_for_number(
        Case(
            {"normalization": name},
            NORMALIZATIONS[name],
            functional.mse_loss,
            rows=(rows, 23, 0),
            dtype=dtype,
            drops_single=name == "batch",
        )
    )


def test_normalization_and_dropout_stand_where_a_script_has_them():
    fields = {"normalization": "batch", "dropout": 0.2, "widths": (8, 6), "activation": "gelu"}

    def build() -> nn.Module:
        return nn.Sequential(
            *(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Dropout(0.2)),
            *(nn.Linear(8, 6), nn.BatchNorm1d(6), nn.GELU(), nn.Dropout(0.2)),
            nn.Linear(6, 1),
        )

    assert_number_for_number(Case(fields, build, functional.mse_loss, weighted=True))


@pytest.mark.parametrize("rows", [ROWS, ROWS - 1])
def test_a_users_network_is_trained_as_in_a_plain_script(rows: int):
    fields = {"network": "tests.reference.user_networks:residual", "widths": Recipe().widths}
    case = Case(fields, lambda: residual(5, 1), functional.mse_loss, rows=(rows, 23, 0), drops_single=True)
    assert_number_for_number(case)


def test_a_users_network_gets_the_head_of_its_loss():
    fields = {"network": "tests.reference.user_networks:plain", "widths": Recipe().widths, "loss": "bce"}
    case = Case(
        fields, lambda: nn.Sequential(plain(5, 1), nn.Sigmoid()), functional.binary_cross_entropy, task=Task.binary
    )
    assert_number_for_number(case)


@pytest.mark.parametrize("network", ["residual", None])
def test_batch_normalization_is_never_trained_on_single_rows(network: str | None):
    """What a recipe says of itself is refused when it is resolved, what a user's module turns out to hold here."""
    fields = {"batch_size": 1, "widths": Recipe().widths}
    of = {"network": f"tests.reference.user_networks:{network}"} if network else {}
    chosen = recipe(**fields, **of)
    chosen = chosen if network else chosen.replace(normalization="batch")
    with pytest.raises(RecipeError, match="cannot be trained on batches of one row"):
        train(Loop(), chosen, dataset())


def test_an_epoch_of_dropped_batches_is_as_long_as_it_is():
    (run,) = train(Loop(), recipe(normalization="batch"), dataset(rows=(ROWS - 1, 23, 0)))
    assert run.steps == EPOCHS * (BATCHES - 1)
    assert run.parameters["1.num_batches_tracked"].item() == run.best_epoch * (BATCHES - 1)
