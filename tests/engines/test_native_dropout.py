"""Dropout in the compiled engine: who is left out depends on seed, step, layer, row in the batch and unit only."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder, initialised
from fallline.data.dataset import Dataset
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Epoch, Step
from tests import tolerances
from tests.engines.parity import NATIVE, distance, needs_native
from tests.engines.runs import assert_all_same, assert_same, recipe, train
from tests.reference.philox import mask, philox
from tests.reference.sets import dataset

pytestmark = needs_native


def test_the_reference_draws_the_words_that_its_authors_publish():
    """The known answers of Random123, kat_vectors."""
    assert philox((0, 0, 0, 0), (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    ones = 0xFFFFFFFF
    assert philox((ones, ones, ones, ones), (ones, ones)) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


def by_hand(chosen: Recipe, data: Dataset) -> tuple[list[float], list[float], list[Tensor]]:
    """Training and validation losses, and the last parameters, of a script that multiplies by the reference's masks."""
    module = initialised(
        network_of(chosen.replace(dropout=0.0), data).build, seed=chosen.seed, dtype=torch.float64
    ).module
    layers = [layer for layer in module if isinstance(layer, nn.Linear)]
    rows, unseen = (feed(chosen, data, split) for split in (data.train, data.validation))
    optimizer = torch.optim.Adam(module.parameters(), lr=chosen.learning_rate)
    order = BatchOrder(rows=len(rows), batch_size=chosen.batch_size, seed=chosen.seed)
    step, training, validation = 0, [], []
    for _ in range(chosen.epochs):
        total = 0.0
        for batch in order.epoch():
            optimizer.zero_grad()
            values = rows.inputs[batch]
            for number, layer in enumerate(layers[:-1]):
                values = torch.tanh(layer(values))
                values = values * mask(
                    chosen.dropout, seed=chosen.seed, step=step, layer=number, rows=len(batch), units=layer.out_features
                )
            loss = functional.mse_loss(layers[-1](values), rows.targets[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
            step += 1
        training.append(total / len(rows))
        with torch.no_grad():
            validation.append(functional.mse_loss(module(unseen.inputs), unseen.targets).item())
    return training, validation, [value.detach() for value in module.parameters()]


def dropping(share: float, **fields) -> Recipe:
    chosen = {"learning_rate": 0.01, "activation": "tanh", "widths": (9, 6), "epochs": 3, "dtype": "float64", **fields}
    return recipe(dropout=share, **chosen)


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_masks_are_philox_of_seed_step_layer_row_and_unit_and_evaluation_drops_nothing(data: Dataset, seed: int):
    """Runs of several rates, and of other seeds, side by side: each is the script with its own masks."""
    recipes = [dropping(share, seed=chosen) for chosen in (seed, 3) for share in (0.1, 0.5, 0.9)]
    for one, run in zip(recipes, train(NATIVE, recipes, data), strict=True):
        training, validation, parameters = by_hand(one, data)
        assert run.training_losses == pytest.approx(training, rel=tolerances.WALKED_64["rtol"])
        assert run.validation_losses == pytest.approx(validation, rel=tolerances.WALKED_64["rtol"])
        if run.best_epoch == one.epochs:
            for found, expected in zip(run.parameters.values(), parameters, strict=True):
                assert distance(found, expected) < tolerances.WALKED_64["rtol"]


def test_masks_go_by_the_row_in_the_batch_where_a_large_batch_is_taken_in_parts():
    data, chosen = dataset(rows=(600, 20, 0)), dropping(0.5, batch_size=600, epochs=2, widths=(5,))
    (run,) = train(NATIVE, chosen, data)
    assert run.training_losses == pytest.approx(by_hand(chosen, data)[0], rel=tolerances.WALKED_64["rtol"])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_as_many_units_are_kept_as_the_rate_leaves(share: float):
    """Of 19,200 words, within four standard deviations."""
    kept = torch.cat([mask(share, seed=5, step=step, layer=0, rows=16, units=60) for step in range(20)]) > 0
    deviation = (share * (1 - share) / kept.numel()) ** 0.5
    assert abs(kept.double().mean().item() - (1 - share)) < 4 * deviation


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_with_dropout_is_that_run_alone_wherever_it_is(data: Dataset, dtype: str):
    """In full blocks of one seed, in mixed ones, and beside other rates."""
    recipes = [
        dropping(share, seed=seed, learning_rate=rate, dtype=dtype)
        for seed in (0, 1, 2)
        for share in (0.2, 0.6)
        for rate in (0.001, 0.01, 0.02)
    ]
    together = train(NATIVE, recipes, data)
    assert_all_same(together, [train(NATIVE, alone, data)[0] for alone in recipes])
    assert_all_same(reversed(train(NATIVE, recipes[::-1], data)), together)
    one, other = train(NATIVE, [recipes[0], *recipes[7:], recipes[0]], data)[:: len(recipes) - 6]
    assert_same(one, other)


def test_a_run_with_dropout_can_be_paused_and_single_stepped(data: Dataset):
    chosen = dropping(0.4)
    training = NATIVE.start(Population((chosen,)), data)
    for step in range(1, 13):
        training.advance(Step(step))
        training = NATIVE.start(Population((chosen,)), data, training.state())
    training.advance(Epoch(3))
    assert_all_same(training.trained(), train(NATIVE, chosen, data))


def test_many_points_are_evaluated_without_dropout(data: Dataset):
    chosen = dropping(0.9)
    network = network_of(chosen, data)
    points = {name: torch.stack([value] * 5).double() for name, value in network.build().named_parameters()}
    rows = feed(chosen, data, data.validation)
    found = NATIVE.outputs(network, points, rows.inputs)
    assert torch.equal(
        found, NATIVE.outputs(network_of(chosen.replace(dropout=0.0), data), renamed(points), rows.inputs)
    )


def renamed(points: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same numbers under the names of a network whose layers have no dropout between them."""
    names = [f"{2 * layer}.{part}" for layer in range(len(points) // 2) for part in ("weight", "bias")]
    return dict(zip(names, points.values(), strict=True))
