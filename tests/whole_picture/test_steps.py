"""One training step of a small network, three times: through Fallline, through torch.optim, and written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from fallline.catalogue.networks import Feedforward
from fallline.catalogue.resolution import resolved
from fallline.catalogue.stepping import optimizer_for
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task
from fallline.data.dataset import Dataset, Split
from fallline.engines.loop import Loop
from fallline.engines.protocol import Step
from tests import tolerances

TARGET = Target(name="y", task=Task.regression, reason="a number")
SMALL = {"widths": (5,), "batch_size": 3, "dtype": "float64"}
SGD = resolved(Recipe(optimizer="sgd", learning_rate=0.1, **SMALL), TARGET, rows=3)
ADAM = resolved(Recipe(optimizer="adam", learning_rate=0.001, **SMALL), TARGET, rows=3)
STEPS = 3


def inputs_and_targets() -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(1)
    return torch.randn(3, 5, generator=g).double(), torch.randn(3, 1, generator=g).double()


def network() -> nn.Sequential:
    """Drawn in float32, then widened, as a seed says."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 1)).double()


def backpropagated(parameters: list[Tensor], x: Tensor, y: Tensor) -> list[Tensor]:
    """The gradient of the mean squared error for each parameter, by the chain rule, layer by layer."""
    weight_1, bias_1, weight_2, bias_2 = parameters
    summed = x @ weight_1.T + bias_1  # (row, hidden)
    hidden = summed.clamp(min=0)
    outputs = hidden @ weight_2.T + bias_2  # (row, 1)
    along_outputs = 2 * (outputs - y) / len(x)
    along_hidden = along_outputs @ weight_2 * (summed > 0)
    return [along_hidden.T @ x, along_hidden.sum(0), along_outputs.T @ hidden, along_outputs.sum(0)]


def sgd_by_hand() -> list[Tensor]:
    parameters = [parameter.detach().clone() for parameter in network().parameters()]
    x, y = inputs_and_targets()
    for _ in range(STEPS):
        gradients = backpropagated(parameters, x, y)
        parameters = [theta - 0.1 * g for theta, g in zip(parameters, gradients, strict=True)]
    return parameters


def adam_by_hand() -> list[Tensor]:
    parameters = [parameter.detach().clone() for parameter in network().parameters()]
    means, squares = ([torch.zeros_like(theta) for theta in parameters] for _ in range(2))
    x, y = inputs_and_targets()
    for t in range(1, STEPS + 1):
        gradients = backpropagated(parameters, x, y)
        means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)]
        squares = [0.999 * v + 0.001 * g**2 for v, g in zip(squares, gradients, strict=True)]
        parameters = [
            theta - 0.001 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
            for theta, m, v in zip(parameters, means, squares, strict=True)
        ]
    return parameters


def stepped(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[Tensor]:
    x, y = inputs_and_targets()
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    return [parameter.detach() for parameter in model.parameters()]


def sgd_of_torch() -> list[Tensor]:
    model = network()
    return stepped(model, torch.optim.SGD(model.parameters(), lr=0.1))


def adam_of_torch() -> list[Tensor]:
    model = network()
    return stepped(model, torch.optim.Adam(model.parameters(), lr=0.001))


def trained_by_the_engine(recipe: Recipe) -> list[Tensor]:
    """The same three rows, all in one batch; the order within it is the seed's, so sums may round otherwise."""
    x, y = inputs_and_targets()
    rows = Split(x.float(), y.squeeze(1), None, torch.arange(3))
    data = Dataset(rows, rows, rows, TARGET, tuple("abcde"))
    training = Loop().start(Population((recipe,)), data)
    training.advance(Step(STEPS))
    return list(training.trained()[0].parameters.values())


BOTH = pytest.mark.parametrize(
    ("recipe", "of_torch", "by_hand"),
    [(SGD, sgd_of_torch, sgd_by_hand), (ADAM, adam_of_torch, adam_by_hand)],
    ids=["sgd at 0.1", "adam at 0.001"],
)
Path = Callable[[], list[Tensor]]


def test_the_network_is_torchs_sequential():
    built = Feedforward(inputs=5, widths=(5,), outputs=1).build()
    assert str(built) == str(nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 1)))


@BOTH
def test_our_optimizer_steps_as_torchs_to_the_last_bit(recipe: Recipe, of_torch: Path, by_hand: Path):
    model = network()
    found = stepped(model, optimizer_for(recipe, model))
    torch.testing.assert_close(found, of_torch(), **tolerances.SAME)


@BOTH
def test_torchs_optimizer_steps_as_the_update_written_by_hand(recipe: Recipe, of_torch: Path, by_hand: Path):
    torch.testing.assert_close(of_torch(), by_hand(), **tolerances.FLOAT64)


@BOTH
def test_the_engine_steps_as_the_update_written_by_hand(recipe: Recipe, of_torch: Path, by_hand: Path):
    torch.testing.assert_close(trained_by_the_engine(recipe), by_hand(), **tolerances.FLOAT64)


@BOTH
def test_steps_go_downhill(recipe: Recipe, of_torch: Path, by_hand: Path):
    x, y = inputs_and_targets()
    model = network()
    before = nn.functional.mse_loss(model(x), y).item()
    model.load_state_dict(dict(zip(model.state_dict(), of_torch(), strict=True)))
    assert nn.functional.mse_loss(model(x), y).item() < before


def test_backpropagation_gives_what_the_chain_rule_gives_by_hand():
    model, (x, y) = network(), inputs_and_targets()
    nn.functional.mse_loss(model(x), y).backward()
    found = [parameter.grad for parameter in model.parameters()]
    expected = backpropagated([parameter.detach() for parameter in model.parameters()], x, y)
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


def test_gradients_accumulate_unless_zeroed():
    model, (x, y) = network(), inputs_and_targets()
    optimizer = optimizer_for(SGD, model)

    def gradients() -> list[Tensor]:
        nn.functional.mse_loss(model(x), y).backward()
        return [parameter.grad.clone() for parameter in model.parameters()]

    once, twice = gradients(), gradients()
    torch.testing.assert_close(twice, [2 * gradient for gradient in once], **tolerances.SAME)
    optimizer.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())
    torch.testing.assert_close(gradients(), once, **tolerances.SAME)


def test_a_forgotten_zero_grad_steps_along_the_sum_of_all_gradients_so_far():
    model, (x, y) = network(), inputs_and_targets()
    optimizer = optimizer_for(SGD, model)
    expected, total = [parameter.detach().clone() for parameter in model.parameters()], None
    for _ in range(STEPS):
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        gradients = backpropagated(expected, x, y)
        total = gradients if total is None else [old + new for old, new in zip(total, gradients, strict=True)]
        expected = [theta - 0.1 * g for theta, g in zip(expected, total, strict=True)]
    torch.testing.assert_close([parameter.detach() for parameter in model.parameters()], expected, **tolerances.FLOAT64)


def test_the_first_step_of_adam_is_the_learning_rate_times_the_gradients_sign():
    """Up to eps: m / (1 - 0.9) is the gradient, and the square root of v / (1 - 0.999) is its size."""
    model, (x, y) = network(), inputs_and_targets()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    nn.functional.mse_loss(model(x), y).backward()
    optimizer_for(ADAM, model).step()
    for parameter, old in zip(model.parameters(), before, strict=True):
        expected = old - 0.001 * parameter.grad / (parameter.grad.abs() + 1e-8)
        torch.testing.assert_close(parameter.detach(), expected, **tolerances.FLOAT64)


def test_relu_keeps_what_is_positive_and_zeroes_what_is_negative():
    relu = Feedforward(inputs=1, widths=(1,), outputs=1, activation="relu").build()[1]
    x = torch.tensor([1.3435, -0.5493], requires_grad=True)
    y = relu(x)
    y.sum().backward()
    assert torch.equal(y, torch.tensor([1.3435, 0.0]))
    assert x.grad.tolist() == [1.0, 0.0]
