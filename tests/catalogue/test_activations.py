"""Every activation against its formula, written down again in plain Python, and torch's own list of them."""

import inspect
import math
import re

import pytest
import torch
from torch import nn
from torch.nn.modules import activation as torchs

from fallline.catalogue.activations import ACTIVATIONS, LEFT_OUT
from fallline.catalogue.networks import Feedforward
from fallline.core.recipe import Recipe

CARD = {activation.card.name: activation.card for activation in ACTIVATIONS}
NAMES = list(CARD)

FORMULA = 1e-12
"""Float64; torch takes expm1, log1p and the like where the formula here has exp and log."""
DIFFERENCE = 1e-6
"""Central differences of step 1e-6 in float64: truncation and rounding are both near 1e-10 at values of order 1."""
KINKS = (-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def ramp(x: float) -> float:
    return min(max(0.0, x / 6 + 0.5), 1.0)


REFERENCE = {
    "relu": lambda x: max(0.0, x),
    "leaky_relu": lambda x, negative_slope: x if x > 0 else negative_slope * x,
    "prelu": lambda x, init: x if x > 0 else init * x,
    "relu6": lambda x: min(max(0.0, x), 6.0),
    "hardtanh": lambda x, min_val, max_val: min(max(x, min_val), max_val),
    "hardsigmoid": ramp,
    "hardshrink": lambda x, lambd: x if abs(x) > lambd else 0.0,
    "softshrink": lambda x, lambd: math.copysign(max(abs(x) - lambd, 0.0), x),
    "threshold": lambda x, threshold, value: x if x > threshold else value,
    "identity": lambda x: x,
    "elu": lambda x, alpha: x if x > 0 else alpha * (math.exp(x) - 1),
    "celu": lambda x, alpha: x if x > 0 else alpha * (math.exp(x / alpha) - 1),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
    "gelu": lambda x, approximate: (
        x * (1 + math.erf(x / math.sqrt(2))) / 2
        if approximate == "none"
        else x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    ),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "hardswish": lambda x: x * ramp(x),
    "softplus": lambda x, beta, threshold: x if beta * x > threshold else math.log1p(math.exp(beta * x)) / beta,
    "log_sigmoid": lambda x: -math.log1p(math.exp(-x)),
    "tanh": math.tanh,
    "sigmoid": sigmoid,
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - math.tanh(x),
}
CASES = [
    *((name, {}) for name in NAMES),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("prelu", {"init": -0.125}),
    ("hardtanh", {"min_val": -0.25, "max_val": 2.0}),
    ("hardshrink", {"lambd": 1.5}),
    ("softshrink", {"lambd": 0.0}),
    ("threshold", {"threshold": 0.75, "value": -2.0}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 2.0}),
    ("gelu", {"approximate": "tanh"}),
    ("softplus", {"beta": 3.0, "threshold": 4.0}),
]


def module(name: str, options: dict) -> nn.Module:
    """The activation as a network holds it, in float64."""
    complete = CARD[name].complete(options)
    network = Feedforward(inputs=1, widths=(1,), outputs=1, activation=name, activation_options=complete)
    return network.build()[1].double()


@pytest.mark.parametrize(("name", "options"), CASES)
def test_its_values_are_those_of_its_formula(name: str, options: dict):
    points = torch.linspace(-8, 8, 65, dtype=torch.float64)
    expected = [REFERENCE[name](x, **CARD[name].complete(options)) for x in points.tolist()]
    assert module(name, options)(points).tolist() == pytest.approx(expected, rel=FORMULA, abs=FORMULA)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_its_gradient_is_the_slope_of_its_formula(name: str, options: dict):
    complete, step = CARD[name].complete(options), 1e-6
    points = torch.linspace(-7.93, 7.89, 97, dtype=torch.float64, requires_grad=True)
    module(name, options)(points).sum().backward()
    assert points.grad is not None
    for x, slope in zip(points.tolist(), points.grad.tolist(), strict=True):
        rise = REFERENCE[name](x + step, **complete) - REFERENCE[name](x - step, **complete)
        assert slope == pytest.approx(rise / (2 * step), abs=DIFFERENCE)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_value_and_gradient_are_finite_far_out_and_at_every_kink(name: str, options: dict, dtype: torch.dtype):
    far = (1e-30, 88.8, 1e3, 1e10)
    points = torch.tensor([*KINKS, *far, *(-x for x in far)], dtype=dtype, requires_grad=True)
    values = module(name, options).to(dtype)(points)
    values.sum().backward()
    assert values.isfinite().all()
    assert points.grad is not None
    assert points.grad.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_its_values_lie_in_the_range_on_its_card_and_fill_it(name: str):
    matched = re.fullmatch(r"any to ([(\[])(.+), (.+)([)\]])", CARD[name].ranges)
    assert matched, CARD[name].ranges
    low, high = float(matched[2]), float(matched[3])
    values = module(name, {})(torch.linspace(-1000, 1000, 200_001, dtype=torch.float64))
    rounded = 6e-5 if name != "softsign" else 1e-3  # four digits on the card; softsign is slow to get there
    assert low - rounded <= values.min() <= max(low + rounded, -9)
    assert min(high - rounded, 9) <= values.max() <= high + rounded
    assert (matched[1] == "(") == math.isinf(low)
    assert (matched[4] == ")") == math.isinf(high)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_it_has_finite_gradients_everywhere(name: str):
    torch.manual_seed(0)
    options = CARD[name].complete({})
    network = Feedforward(inputs=5, widths=(8, 8, 8), outputs=2, activation=name, activation_options=options).build()
    network(torch.randn(16, 5)).square().sum().backward()
    gradients = [parameter.grad for parameter in network.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    assert gradients[-1].abs().sum() > 0


def test_prelu_has_one_slope_per_layer_and_the_others_have_no_parameters():
    for name in NAMES:
        shapes = [tuple(parameter.shape) for parameter in module(name, {}).parameters()]
        assert shapes == ([(1,)] if name == "prelu" else [])


def test_every_activation_of_torch_is_in_the_catalogue_or_left_out_with_a_reason():
    ours = {card.torch.removeprefix("torch.nn.") for card in CARD.values()}
    assert ours - {"Identity"} | LEFT_OUT.keys() == set(torchs.__all__)
    assert not ours & LEFT_OUT.keys()
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())


@pytest.mark.parametrize("name", NAMES)
def test_its_options_are_those_of_its_torch_class_at_the_same_defaults(name: str):
    known = inspect.signature(getattr(nn, CARD[name].aliases[1])).parameters
    by_torch = {
        each.name: each.default
        for each in known.values()
        if each.name not in ("inplace", "device", "dtype", "num_parameters", "min_value", "max_value")
        and each.kind is each.POSITIONAL_OR_KEYWORD
    }
    ours = {option.name: option.default for option in CARD[name].options}
    assert ours.keys() == by_torch.keys()
    for option, default in by_torch.items():
        assert default in (inspect.Parameter.empty, ours[option])


def test_a_flag_means_one_thing():
    seen: dict[str, str] = {}
    fields = {"--" + field.replace("_", "-") for field in Recipe.model_fields}
    for card in CARD.values():
        for option in card.options:
            assert option.command_line not in fields
            assert seen.setdefault(option.command_line, option.name) == option.name
    assert set(seen) == {
        "--negative-slope", "--prelu-init", "--min-val", "--max-val", "--shrink-lambd", "--activation-threshold",
        "--activation-value", "--activation-alpha", "--approximate", "--activation-beta",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("hardtanh", {"min_val": 0.5}),
        ("hardtanh", {"max_val": 0.0}),
        ("celu", {"alpha": 0.0}),
        ("softplus", {"beta": 0.0}),
        ("gelu", {"approximate": "sigmoid"}),
        ("softshrink", {"lambd": -1.0}),
        ("leaky_relu", {"negative_slope": -0.1}),
    ],
)
def test_options_out_of_range_are_refused(name: str, options: dict):
    with pytest.raises(ValueError, match="out of its range"):
        CARD[name].complete(options)
