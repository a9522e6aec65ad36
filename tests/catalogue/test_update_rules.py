"""The four optimizers that are met most: torch's own, with the options passed on, walking the papers' formulas."""

import itertools

import pytest
import torch
from torch import nn

from fallline.catalogue.registry import find
from fallline.catalogue.stepping import optimizer_for
from fallline.core.recipe import Recipe
from tests import tolerances
from tests.reference.optimizers import path

GRADIENTS = [0.3, -1.2, 0.02, 2.5, -0.4, 0.0, 1.1, -0.9]
START = 0.7
VARIANTS = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "dampening": 0.3}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("sgd", {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1}),
    ("adam", {}),
    ("adam", {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3}),
    ("adam", {"weight_decay": 0.1, "amsgrad": True, "beta2": 0.6}),
    ("adamw", {}),
    ("adamw", {"weight_decay": 0.3, "beta1": 0.7, "beta2": 0.95, "eps": 1e-4}),
    ("adamw", {"amsgrad": True, "beta2": 0.6}),
    ("rmsprop", {}),
    ("rmsprop", {"alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    ("rmsprop", {"centered": True, "momentum": 0.9}),
]
every_variant = pytest.mark.parametrize(("optimizer", "options"), VARIANTS, ids=str)


def full(optimizer: str, options: dict, rate: float = 0.05) -> Recipe:
    complete = find("optimizer", optimizer).card.complete(options)
    return Recipe(optimizer=optimizer, optimizer_options=complete, learning_rate=rate)


def one_number(value: float) -> tuple[nn.Module, nn.Parameter]:
    """A network that is a single parameter."""
    module = nn.ParameterList([nn.Parameter(numbers(value))])
    return module, module[0]


def numbers(values: float | list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def walked(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> list[float]:
    found = []
    for gradient in GRADIENTS:
        parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
        found.append(parameter.item())
    return found


def test_every_option_is_among_the_variants():
    for optimizer in ("sgd", "adam", "adamw", "rmsprop"):
        varied = set(itertools.chain(*(options for name, options in VARIANTS if name == optimizer)))
        assert varied == set(full(optimizer, {}).optimizer_options)


@every_variant
def test_the_path_is_that_of_the_formulas_in_plain_python(optimizer: str, options: dict):
    module, parameter = one_number(START)
    found = walked(optimizer_for(full(optimizer, options), module), parameter)
    expected = path(optimizer, START, GRADIENTS, 0.05, **options)
    torch.testing.assert_close(numbers(found), numbers(expected), **tolerances.FLOAT64)


@every_variant
def test_options_reach_torch_under_torchs_names(optimizer: str, options: dict):
    recipe = full(optimizer, options, rate=0.3)
    built = optimizer_for(recipe, nn.Linear(2, 1))
    (group,) = built.param_groups
    wanted = dict(recipe.optimizer_options)
    if "beta1" in wanted:
        wanted["betas"] = (wanted.pop("beta1"), wanted.pop("beta2"))
    assert group["lr"] == 0.3
    assert {name: group[name] for name in wanted} == wanted
    assert type(built).__name__.casefold() == optimizer


def test_nesterov_looks_ahead():
    """The second step of momentum 0.9 along a gradient of 1 is 1.9 long, and 2.71 with Nesterov."""
    gradients, rate = [1.0, 1.0], 1.0
    plain = path("sgd", 0.0, gradients, rate, momentum=0.9)
    ahead = path("sgd", 0.0, gradients, rate, momentum=0.9, nesterov=True)
    torch.testing.assert_close(numbers(plain), numbers([-1.0, -2.9]), **tolerances.FLOAT64)
    torch.testing.assert_close(numbers(ahead), numbers([-1.9, -4.61]), **tolerances.FLOAT64)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_is_the_learning_rate_long_whatever_the_gradients_scale(scale: float):
    module, parameter = one_number(0.0)
    parameter.grad = torch.tensor(scale, dtype=torch.float64)
    optimizer_for(full("adam", {"eps": 0.0}, rate=0.001), module).step()
    torch.testing.assert_close(parameter.data, numbers(-0.001), **tolerances.FLOAT64)
