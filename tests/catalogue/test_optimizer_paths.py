"""The path of every elementwise optimizer is that of the papers' formulas, in plain Python, number by number."""

import pytest
import torch
from torch import Tensor, nn

from fallline.catalogue.optimizers import OPTIMIZERS
from fallline.catalogue.stepping import optimizer_for
from fallline.core.recipe import Recipe
from tests import tolerances
from tests.reference.optimizer_variants import VARIED
from tests.reference.optimizers import OPTIMIZERS as REFERENCES
from tests.reference.optimizers import path

ENTRIES = {entry.card.name: entry for entry in OPTIMIZERS}
# A zero and changes of sign among them, and long enough for radam's divisor to come in.
GRADIENTS = [0.3, -1.2, 0.02, 2.5, -0.4, 0.0, 1.1, 0.9, -0.9, 0.5, 0.25, -0.1]
START = 0.7
CASES = [
    *((name, {}) for name in REFERENCES),
    *((each.name, each.options) for each in VARIED if each.name in REFERENCES),
    ("sgd", {"momentum": 0.9}),
    ("adam", {"beta2": 0.6, "amsgrad": True}),
    ("adamw", {"beta2": 0.6, "amsgrad": True}),
    ("nadam", {"weight_decay": 0.1}),
    ("radam", {"weight_decay": 0.1, "beta2": 0.6}),
    ("rmsprop", {"momentum": 0.9}),
    ("lion", {"beta1": 0.5, "beta2": 0.8, "weight_decay": 0.3}),
]


def numbers(values: float | list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def walked(name: str, options: dict, gradients: list[float], rate: float = 0.05) -> list[float]:
    """The one weight after each step of what a recipe builds."""
    module = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    nn.init.constant_(module.weight, START)
    complete = ENTRIES[name].card.complete(options)
    optimizer = optimizer_for(Recipe(optimizer=name, learning_rate=rate, optimizer_options=complete), module)
    found = []
    for gradient in gradients:
        module.weight.grad = torch.full_like(module.weight, gradient)
        optimizer.step()
        found.append(module.weight.item())
    return found


def test_every_elementwise_optimizer_has_its_formula():
    assert {name for name, entry in ENTRIES.items() if entry.elementwise} == set(REFERENCES)


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_the_path_is_that_of_the_formulas_in_plain_python(name: str, options: dict):
    expected = path(name, START, GRADIENTS, 0.05, **options)
    # torch keeps ASGD's rate and NAdam's product of momenta in float32
    tolerance = tolerances.FLOAT32 if name in ("asgd", "nadam") else tolerances.FLOAT64
    torch.testing.assert_close(numbers(walked(name, options, GRADIENTS)), numbers(expected), **tolerance)


def test_nesterov_looks_ahead():
    """The second step of momentum 0.9 along a gradient of 1 is 1.9 long, and 2.71 with Nesterov."""
    gradients, rate = [1.0, 1.0], 1.0
    plain = walked("sgd", {"momentum": 0.9}, gradients, rate)
    ahead = walked("sgd", {"momentum": 0.9, "nesterov": True}, gradients, rate)
    torch.testing.assert_close(numbers(plain), numbers([START - 1.0, START - 2.9]), **tolerances.FLOAT64)
    torch.testing.assert_close(numbers(ahead), numbers([START - 1.9, START - 4.61]), **tolerances.FLOAT64)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_is_the_learning_rate_long_whatever_the_gradients_scale(scale: float):
    (found,) = walked("adam", {"eps": 0.0}, [scale], 0.001)
    torch.testing.assert_close(numbers(found), numbers(START - 0.001), **tolerances.FLOAT64)


def test_radam_takes_five_steps_of_momentum_before_its_divisor_comes_in():
    """Along a gradient of 100 they are 100 times the rate long; the sixth is short."""
    found = walked("radam", {}, [100.0] * 6, 0.001)
    lengths = [before - after for before, after in zip([START, *found], found, strict=False)]
    torch.testing.assert_close(numbers(lengths[:5]), numbers([0.1] * 5), **tolerances.FLOAT64)
    assert lengths[5] < 1e-4
