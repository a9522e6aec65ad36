"""Feedforward: a description, and the plain module that it builds."""

import copy

import pytest
import torch
from torch import nn

from fallline.catalogue.networks import Feedforward
from fallline.catalogue.registry import find, names, resolved
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from tests import tolerances

SHAPES = [(5, (5,), 1), (13, (64, 64), 1), (30, (128, 128), 2), (4, (), 3), (1, (3, 2, 4), 1)]
POINTS = [-3.0, -0.5493, 0.0, 0.1, 1.3435]
FORMULAS = {
    "relu": lambda x: x.clamp(min=0),
    "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "gelu": lambda x: x * torch.distributions.Normal(0, 1).cdf(x),
    "silu": lambda x: x / (1 + torch.exp(-x)),
    "tanh": lambda x: (torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1),
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
    "identity": lambda x: x,
}


@pytest.mark.parametrize(("inputs", "widths", "outputs"), SHAPES, ids=str)
def test_parameters_are_counted_as_torch_counts_them(inputs: int, widths: tuple[int, ...], outputs: int):
    network = Feedforward(inputs=inputs, widths=widths, outputs=outputs)
    assert network.parameters == sum(parameter.numel() for parameter in network.build().parameters())


def test_modules_stand_in_the_order_linear_activation_dropout():
    network = Feedforward(inputs=5, widths=(8, 3), outputs=2, activation="tanh", dropout=0.25).build()
    assert [type(module) for module in network] == [
        nn.Linear, nn.Tanh, nn.Dropout, nn.Linear, nn.Tanh, nn.Dropout, nn.Linear,
    ]  # fmt: skip
    assert [(layer.in_features, layer.out_features) for layer in network if isinstance(layer, nn.Linear)] == [
        (5, 8),
        (8, 3),
        (3, 2),
    ]
    assert {layer.p for layer in network if isinstance(layer, nn.Dropout)} == {0.25}


def test_without_dropout_there_is_no_dropout_module():
    assert [type(module) for module in Feedforward(inputs=5, widths=(8,), outputs=1).build()] == [
        nn.Linear, nn.ReLU, nn.Linear,
    ]  # fmt: skip


def test_without_hidden_layers_it_is_a_linear_model():
    assert [type(module) for module in Feedforward(inputs=5, widths=(), outputs=1, dropout=0.5).build()] == [nn.Linear]


def test_the_state_has_a_plain_sequentials_names_and_shapes_in_order():
    state = Feedforward(inputs=5, widths=(8,), outputs=2, dropout=0.5).build().state_dict()
    assert [(name, tuple(value.shape)) for name, value in state.items()] == [
        ("0.weight", (8, 5)),
        ("0.bias", (8,)),
        ("3.weight", (2, 8)),
        ("3.bias", (2,)),
    ]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_parameters_are_drawn_in_module_order_whatever_the_dropout(dropout: float):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        built = Feedforward(inputs=5, widths=(8, 4), outputs=1, dropout=dropout).build()
        torch.manual_seed(3)
        plain = [nn.Linear(5, 8), nn.Linear(8, 4), nn.Linear(4, 1)]
    expected = [parameter for layer in plain for parameter in layer.parameters()]
    assert all(torch.equal(one, other) for one, other in zip(built.parameters(), expected, strict=True))


def test_a_recipe_describes_its_network():
    recipe = resolved(
        Recipe(widths=(7,), activation="LeakyReLU", activation_options={"negative_slope": 0.2}, dropout=0.1),
        Task.regression,
    )
    network = Feedforward.of(recipe, inputs=5, outputs=2)
    expected = Feedforward(
        inputs=5,
        widths=(7,),
        outputs=2,
        activation="leaky_relu",
        activation_options={"negative_slope": 0.2},
        dropout=0.1,
    )
    assert network == expected
    assert network.build()[1].negative_slope == 0.2


def test_every_activation_has_its_formula():
    assert list(FORMULAS) == names("activation")


@pytest.mark.parametrize("activation", names("activation"))
def test_an_activation_is_torchs_own_and_computes_its_formula(activation: str):
    options = find("activation", activation).card.complete({})
    network = Feedforward(inputs=1, widths=(1,), outputs=1, activation=activation, activation_options=options).build()
    assert f"torch.nn.{type(network[1]).__name__}" == find("activation", activation).card.torch
    x = torch.tensor(POINTS, dtype=torch.float64)
    torch.testing.assert_close(network[1](x), FORMULAS[activation](x), **tolerances.FLOAT64)


def test_a_network_is_what_its_description_says_however_often_it_is_built():
    network = Feedforward(inputs=5, widths=(8,), outputs=1)
    assert str(network.build()) == str(network.build())
    assert copy.copy(network) == network
