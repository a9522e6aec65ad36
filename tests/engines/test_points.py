"""Many parameter vectors at once: what the module gives for each of them, one by one."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.losses import LOSSES
from fallline.catalogue.networks import Feedforward, Imported
from fallline.core.recipe import Recipe
from fallline.core.seeds import initialised
from fallline.core.task import Task
from fallline.engines.chooser import ENGINES
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Engine, Rows
from tests import tolerances
from tests.engines.runs import KINDS, SEARCHING, recipe, train
from tests.reference.sets import dataset

MANY_ROWS = 70_000  # more than one chunk of any engine should hold
NETWORKS = [
    Feedforward(inputs=5, widths=(8,), outputs=1),
    Feedforward(inputs=5, widths=(8, 4), outputs=3, activation="gelu", dropout=0.5),
    Feedforward(inputs=5, widths=(), outputs=2),
    Feedforward(inputs=5, widths=(6,), outputs=2, activation="prelu", normalization="batch", head="log_softmax"),
    Feedforward(inputs=5, widths=(6,), outputs=2, normalization="layer", head="sigmoid"),
    Imported(reference="tests.reference.user_networks:residual", inputs=5, outputs=1, head="softplus"),
]
NAMES = ["plain", "deep with dropout", "linear", "batch normalization", "layer normalization", "a user's"]
Network = Feedforward | Imported
every_network = pytest.mark.parametrize("network", NETWORKS, ids=NAMES)
every_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


def assert_as_torch(engine: Engine, found: Tensor, expected: Tensor, dtype: torch.dtype) -> None:
    """The loop's numbers are torch's to the last bit; those of an engine that sums in another order are close."""
    close = tolerances.POINTS_64 if dtype is torch.float64 else tolerances.POINTS_32
    torch.testing.assert_close(found, expected, **(tolerances.SAME if engine.name == "loop" else close))


def modules_of(network: Network, *, points: int = 4, dtype: torch.dtype = torch.float32) -> list[nn.Module]:
    modules = [initialised(network.build, seed=seed, dtype=dtype).module for seed in range(points)]
    with torch.random.fork_rng(devices=[]):
        for module in modules:
            module(rows_of(20, dtype=dtype).inputs)  # batch normalization remembers it
    return [module.eval() for module in modules]


def stacked(modules: list[nn.Module]) -> dict[str, Tensor]:
    states = [module.state_dict() for module in modules]
    return {name: torch.stack([state[name] for state in states]) for name in states[0]}


def rows_of(count: int, *, dtype: torch.dtype = torch.float32, weighted: bool = False, outputs: int = 1) -> Rows:
    g = torch.Generator().manual_seed(7)
    inputs, targets = torch.randn(count, 5, generator=g), torch.randn(count, outputs, generator=g)
    weights = 0.1 + torch.rand(count, generator=g) if weighted else None
    return Rows(inputs.to(dtype), targets.to(dtype), None if weights is None else weights.to(dtype))


@every_network
@every_dtype
def test_outputs_are_those_of_the_module_one_point_after_the_other(
    engine: Engine, network: Network, dtype: torch.dtype
):
    modules, inputs = modules_of(network, dtype=dtype), rows_of(30, dtype=dtype).inputs
    found = engine.outputs(network, stacked(modules), inputs)
    with torch.no_grad():
        expected = torch.stack([module(inputs) for module in modules])
    assert found.shape == (4, 30, network.outputs)
    assert not found.requires_grad
    assert_as_torch(engine, found, expected, dtype)


@every_network
def test_outputs_of_many_rows_are_those_of_the_rows_in_parts(engine: Engine, network: Network):
    modules, inputs = modules_of(network, points=2), rows_of(MANY_ROWS).inputs
    found = engine.outputs(network, stacked(modules), inputs)
    for part in (slice(0, 5), slice(65_530, 65_545), slice(MANY_ROWS - 5, MANY_ROWS)):
        with torch.no_grad():
            expected = torch.stack([module(inputs[part]) for module in modules])
        torch.testing.assert_close(found[:, part], expected, **tolerances.ONE_BY_ONE_32)


def test_no_rows_have_no_outputs(engine: Engine):
    found = engine.outputs(NETWORKS[0], stacked(modules_of(NETWORKS[0])), torch.empty(0, 5))
    assert found.shape == (4, 0, 1)


@every_dtype
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@pytest.mark.parametrize("loss", ["mse", "l1", "huber"])
def test_evaluate_is_the_loss_of_each_point(engine: Engine, loss: str, weighted: bool, dtype: torch.dtype):
    modules, criterion = modules_of(NETWORKS[0], dtype=dtype), Criterion(recipe(loss=loss), dtype=dtype)
    for count in range(1, 50, 7):
        rows = rows_of(count, dtype=dtype, weighted=weighted)
        found = engine.evaluate(NETWORKS[0], stacked(modules), rows, criterion)
        with torch.no_grad():
            expected = [criterion(module(rows.inputs), rows.targets, rows.weights).item() for module in modules]
        assert found.dtype is torch.float64
        assert_as_torch(engine, found, torch.tensor(expected, dtype=torch.float64), dtype)


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_evaluate_counts_every_one_of_many_rows_by_its_weight(engine: Engine, weighted: bool):
    modules = modules_of(NETWORKS[0], points=2, dtype=torch.float64)
    rows = rows_of(MANY_ROWS, dtype=torch.float64, weighted=weighted)
    found = engine.evaluate(NETWORKS[0], stacked(modules), rows, Criterion(recipe(), dtype=torch.float64))
    weights = torch.ones(MANY_ROWS, dtype=torch.float64) if rows.weights is None else rows.weights
    with torch.no_grad():
        errors = torch.stack([(module(rows.inputs) - rows.targets).squeeze(1) ** 2 for module in modules])
    torch.testing.assert_close(found, (weights * errors).sum(1) / weights.sum(), **tolerances.REORDERED_64)


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_evaluate_counts_every_one_of_many_rows_by_the_weight_of_its_class(engine: Engine, weighted: bool):
    """A chunk of rows counts by what its mean divides by, which is not the number of its rows."""
    chosen = recipe(Task.multiclass, loss="cross_entropy", loss_options={"weight": (0.2, 1.0, 5.0)})
    network = Feedforward(inputs=5, widths=(4,), outputs=3)
    modules, rows = modules_of(network, points=2, dtype=torch.float64), rows_of(MANY_ROWS, dtype=torch.float64)
    classes = torch.arange(MANY_ROWS) * 3 // MANY_ROWS  # in order, so that chunks are unlike
    weights = rows.inputs[:, 0].abs() if weighted else None
    found = engine.evaluate(
        network, stacked(modules), Rows(rows.inputs, classes, weights), Criterion(chosen, dtype=torch.float64)
    )
    of_rows = torch.tensor([0.2, 1.0, 5.0], dtype=torch.float64)[classes] * (1 if weights is None else weights)
    with torch.no_grad():
        missed = [-module(rows.inputs).log_softmax(1).gather(1, classes.unsqueeze(1)).squeeze(1) for module in modules]
    expected = torch.stack([(of_rows * each).sum() / of_rows.sum() for each in missed])
    torch.testing.assert_close(found, expected, **tolerances.REORDERED_64)


POINTS = {**KINDS, "lbfgs": SEARCHING, "of two targets": recipe(several=True)}


@pytest.mark.parametrize("chosen", POINTS.values(), ids=POINTS)
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_a_trained_runs_parameters_have_its_best_validation_loss(engine: Engine, chosen: Recipe, weighted: bool):
    data = dataset(weighted=weighted, several=chosen == POINTS["of two targets"])
    (run,) = train(engine, chosen, data)
    points = {name: value.unsqueeze(0) for name, value in run.parameters.items()}
    criterion = Criterion(chosen, dtype=getattr(torch, chosen.dtype))
    found = engine.evaluate(network_of(chosen, data), points, feed(chosen, data, data.validation), criterion)
    expected = torch.tensor([run.best_loss], dtype=torch.float64)
    assert_as_torch(engine, found, expected, getattr(torch, chosen.dtype))


def test_points_and_rows_are_left_as_they_were_and_so_is_the_callers_random_state(engine: Engine):
    network = NETWORKS[1]
    points, rows = stacked(modules_of(network)), rows_of(30, outputs=3)
    copies, before = {name: value.clone() for name, value in points.items()}, torch.get_rng_state()
    engine.outputs(network, points, rows.inputs)
    engine.evaluate(network, points, rows, Criterion(recipe(), dtype=torch.float32))
    assert all(torch.equal(points[name], value) for name, value in copies.items())
    assert torch.equal(rows.inputs, rows_of(30, outputs=3).inputs)
    assert torch.equal(torch.get_rng_state(), before)


@every_network
def test_the_callers_default_device_and_dtype_change_nothing(engine: Engine, network: Network):
    points, rows = stacked(modules_of(network, points=2)), rows_of(30, outputs=network.outputs)
    criterion = Criterion(recipe(), dtype=torch.float32)
    expected = engine.outputs(network, points, rows.inputs), engine.evaluate(network, points, rows, criterion)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            found = engine.outputs(network, points, rows.inputs), engine.evaluate(network, points, rows, criterion)
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(found, expected, **tolerances.SAME)


# --- outputs that are no numbers -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "loss"), [(task, entry.card.name) for entry in LOSSES for task in entry.contract.tasks], ids=str
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_loss_of_outputs_that_are_not_finite_is_the_loops(engine: Engine, task: Task, loss: str, value: float):
    """At four points: all outputs are so or the first alone, and the others 0."""
    chosen, data = recipe(task, loss=loss, dtype="float64"), dataset(task)
    network, rows = network_of(chosen, data), feed(chosen, data, data.train)
    shapes = {name: parameter.shape for name, parameter in network.build().named_parameters()}
    points = {name: torch.zeros(4, *shape, dtype=torch.float64) for name, shape in shapes.items()}
    last = list(points)[-1]
    points[last][:2] = value
    points[last][2:, 0] = value
    criterion = Criterion(chosen, dtype=torch.float64)
    found, expected = (each.evaluate(network, points, rows, criterion) for each in (engine, ENGINES["loop"]))
    torch.testing.assert_close(found, expected, **tolerances.POINTS_64, equal_nan=True)
