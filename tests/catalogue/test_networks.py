"""Feedforward networks against the same layers written out by hand under the same seed."""

import math
from collections.abc import Callable, Iterable
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from fallline.catalogue.activations import ACTIVATIONS
from fallline.catalogue.networks import Feedforward, Imported, has_batch_norm, network_for
from fallline.catalogue.structure import INITIALIZATIONS, NORMALIZATIONS
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe
from fallline.core.seeds import initialised

CARD = {activation.card.name: activation.card for activation in ACTIVATIONS}
INITIALIZATION_NAMES = [entry.card.name for entry in INITIALIZATIONS]
NORMALIZATION_NAMES = [entry.card.name for entry in NORMALIZATIONS]

TORCH_GAINS = {
    "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2 / (1 + 0.01**2)),
    "prelu": math.sqrt(2 / (1 + 0.25**2)),
    "selu": 3 / 4,
    "tanh": 5 / 3,
    "sigmoid": 1.0,
}


def assert_equal_states(first: nn.Module, second: nn.Module) -> None:
    ours, theirs = first.state_dict(), second.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def linear(module: nn.Module) -> list[nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


def initialised_by_hand(draw: Callable[[Tensor], object]) -> Callable[[], nn.Sequential]:
    """What a script does: build, then go over the layers."""

    def build() -> nn.Sequential:
        module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
        for layer in linear(module):
            draw(layer.weight)
            nn.init.zeros_(layer.bias)
        return module

    return build


BY_HAND: list[tuple[Feedforward, Callable[[], nn.Module]]] = [
    (Feedforward(inputs=3, widths=(), outputs=2), lambda: nn.Sequential(nn.Linear(3, 2))),
    (
        Feedforward(inputs=5, widths=(7, 6), outputs=1, dropout=0.2),
        lambda: nn.Sequential(
            nn.Linear(5, 7), nn.ReLU(), nn.Dropout(0.2), nn.Linear(7, 6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 1)
        ),
    ),
    (
        Feedforward(inputs=4, widths=(6,), outputs=3, normalization="batch", dropout=0.1, head="log_softmax"),
        lambda: nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.1), nn.Linear(6, 3), nn.LogSoftmax(dim=1)
        ),
    ),
    (
        Feedforward(inputs=4, widths=(6, 5), outputs=1, normalization="layer", activation="silu", head="softplus"),
        lambda: nn.Sequential(
            *(nn.Linear(4, 6), nn.LayerNorm(6), nn.SiLU()),
            *(nn.Linear(6, 5), nn.LayerNorm(5), nn.SiLU()),
            *(nn.Linear(5, 1), nn.Softplus()),
        ),
    ),
    (
        Feedforward(
            inputs=2, widths=(3,), outputs=1, activation="prelu", activation_options={"init": 0.1}, head="sigmoid"
        ),
        lambda: nn.Sequential(nn.Linear(2, 3), nn.PReLU(init=0.1), nn.Linear(3, 1), nn.Sigmoid()),
    ),
    (
        Feedforward(inputs=6, widths=(8, 4), outputs=2, initialization="kaiming_uniform"),
        initialised_by_hand(lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="relu")),
    ),
    (
        Feedforward(inputs=6, widths=(8, 4), outputs=2, initialization="kaiming_normal"),
        initialised_by_hand(lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu")),
    ),
    (
        Feedforward(inputs=6, widths=(8, 4), outputs=2, initialization="xavier_uniform"),
        initialised_by_hand(lambda weight: nn.init.xavier_uniform_(weight, gain=math.sqrt(2))),
    ),
    (
        Feedforward(inputs=6, widths=(8, 4), outputs=2, initialization="xavier_normal"),
        initialised_by_hand(lambda weight: nn.init.xavier_normal_(weight, gain=math.sqrt(2))),
    ),
    (
        Feedforward(inputs=6, widths=(8, 4), outputs=2, initialization="orthogonal"),
        initialised_by_hand(lambda weight: nn.init.orthogonal_(weight, gain=math.sqrt(2))),
    ),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("network", "by_hand"), BY_HAND)
def test_it_is_what_a_script_would_write_parameter_by_parameter(network, by_hand, dtype):
    ours, theirs = (initialised(build, seed=3, dtype=dtype) for build in (network.build, by_hand))
    assert str(ours.module) == str(theirs.module)
    assert_equal_states(ours.module, theirs.module)
    assert torch.equal(ours.random_state, theirs.random_state)
    rows = torch.linspace(-2, 2, 4 * network.inputs, dtype=dtype).reshape(4, -1)
    assert torch.equal(ours.module.eval()(rows), theirs.module.eval()(rows))


@pytest.mark.parametrize(
    ("widths", "normalization", "activation", "head"),
    list(product([(), (3,), (4, 3)], NORMALIZATION_NAMES, ["relu", "prelu"], ["none", "log_softmax"])),
)
def test_its_parameters_are_counted_without_building_it(widths, normalization, activation, head):
    network = Feedforward(
        inputs=5, widths=widths, outputs=2, normalization=normalization, activation=activation, head=head
    )
    assert network.parameters == sum(parameter.numel() for parameter in network.build().parameters())


def test_normalization_dropout_and_head_leave_the_initial_weights_as_they_are():
    def weights(network: Feedforward) -> Iterable[Tensor]:
        return [layer.weight for layer in linear(initialised(network.build, seed=0, dtype=torch.float32).module)]

    plain = weights(Feedforward(inputs=3, widths=(4, 4), outputs=2))
    more = weights(
        Feedforward(inputs=3, widths=(4, 4), outputs=2, normalization="batch", dropout=0.5, head="log_softmax")
    )
    assert all(torch.equal(one, other) for one, other in zip(plain, more, strict=True))


@pytest.mark.parametrize("initialization", [name for name in INITIALIZATION_NAMES if name != "default"])
@pytest.mark.parametrize("activation", list(CARD))
def test_the_gain_is_torchs_for_the_activation_and_1_where_it_has_none(activation: str, initialization: str):
    gain, inputs, outputs = TORCH_GAINS.get(activation, 1.0), 400, 300
    network = Feedforward(
        inputs=inputs,
        widths=(),
        outputs=outputs,
        activation=activation,
        activation_options=CARD[activation].complete({}),
        initialization=initialization,
    )
    torch.manual_seed(0)
    (layer,) = linear(network.build())
    spread = {"kaiming": gain / math.sqrt(inputs), "xavier": gain * math.sqrt(2 / (inputs + outputs))}
    spread["orthogonal"] = gain / math.sqrt(inputs)
    expected = spread[initialization.partition("_")[0]]
    # the standard error of a spread from 120,000 draws is 0.2 %
    assert layer.weight.std().item() == pytest.approx(expected, rel=0.01)
    assert layer.weight.mean().item() == pytest.approx(0, abs=0.01 * expected)
    assert not layer.bias.any()


def test_orthogonal_weights_are_at_right_angles():
    network = Feedforward(inputs=5, widths=(9,), outputs=3, activation="tanh", initialization="orthogonal")
    first, last = (layer.weight.double() for layer in linear(network.build()))
    for weight in (first.T @ first, last @ last.T):
        assert torch.allclose(weight, (5 / 3) ** 2 * torch.eye(len(weight), dtype=torch.float64), atol=1e-5)


def test_an_initialization_leaves_normalizations_and_slopes_as_torch_has_them():
    network = Feedforward(
        inputs=3, widths=(4,), outputs=1, activation="prelu", normalization="layer", initialization="xavier_normal"
    )
    module = network.build()
    assert module[1].weight.tolist() == [1.0] * 4
    assert module[1].bias.tolist() == [0.0] * 4
    assert module[2].weight.item() == 0.25


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_what_reaches_the_activation_is_standardized(normalization: str):
    torch.manual_seed(0)
    module = Feedforward(inputs=6, widths=(32,), outputs=1, normalization=normalization).build()
    hidden = module[:2](10 * torch.randn(64, 6))
    over = 0 if normalization == "batch" else 1
    assert torch.allclose(hidden.mean(over), torch.zeros(hidden.shape[1 - over]), atol=1e-5)
    assert torch.allclose(hidden.var(over, correction=0), torch.ones(hidden.shape[1 - over]), atol=1e-3)


def test_a_head_keeps_outputs_where_its_loss_wants_them():
    rows = 30 * torch.randn(50, 3)
    outputs = {
        head: Feedforward(inputs=3, widths=(4,), outputs=2, head=head).build()(rows)
        for head in ("sigmoid", "log_softmax", "softplus")
    }
    assert outputs["sigmoid"].min() >= 0
    assert outputs["sigmoid"].max() <= 1
    assert torch.allclose(outputs["log_softmax"].exp().sum(1), torch.ones(50))
    assert outputs["softplus"].min() >= 0


def test_every_name_of_the_catalogue_can_be_built():
    for initialization, normalization in product(INITIALIZATION_NAMES, NORMALIZATION_NAMES):
        network = Feedforward(
            inputs=2, widths=(3,), outputs=1, initialization=initialization, normalization=normalization
        )
        assert network.build()(torch.ones(4, 2)).shape == (4, 1)


@pytest.mark.parametrize("entry", [*INITIALIZATIONS, *NORMALIZATIONS], ids=lambda entry: entry.card.name)
def test_its_torch_name_exists(entry):
    found: object = {"torch": torch}
    for part in filter(None, entry.card.torch.split(".")):
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found
    assert entry.card.torch or entry.card.name == "none"


def test_a_network_is_read_from_every_field_of_a_recipe_that_speaks_of_it():
    recipe = Recipe(
        widths=(4, 3),
        activation="elu",
        activation_options={"alpha": 0.5},
        dropout=0.1,
        normalization="batch",
        initialization="orthogonal",
    )
    network = network_for(recipe, inputs=7, outputs=2, head="sigmoid")
    assert network == Feedforward(
        inputs=7,
        widths=(4, 3),
        outputs=2,
        activation="elu",
        activation_options={"alpha": 0.5},
        dropout=0.1,
        normalization="batch",
        initialization="orthogonal",
        head="sigmoid",
    )
    imported = network_for(Recipe(network="mine:net"), inputs=7, outputs=2, head="none")
    assert imported == Imported(reference="mine:net", inputs=7, outputs=2)


def test_layer_normalization_over_a_single_unit_is_refused_as_it_says_nothing():
    module = Feedforward(inputs=3, widths=(1,), outputs=1, normalization="layer").build()
    assert module(torch.randn(20, 3)).unique().numel() == 1
    with pytest.raises(RecipeError, match="same number for every row"):
        network_for(Recipe(widths=(8, 1), normalization="layer"), inputs=3, outputs=1, head="none")
    assert network_for(Recipe(widths=(8, 2), normalization="layer"), inputs=3, outputs=1, head="none")


def test_batch_normalization_is_found_wherever_it_is():
    assert has_batch_norm(Feedforward(inputs=2, widths=(3,), outputs=1, normalization="batch").build())
    assert has_batch_norm(nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), nn.Sigmoid()))
    assert not has_batch_norm(Feedforward(inputs=2, widths=(3,), outputs=1, normalization="layer").build())
    assert not has_batch_norm(nn.Sequential(nn.InstanceNorm1d(2), nn.GroupNorm(1, 2)))
