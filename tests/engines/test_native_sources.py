"""The compiled engine against other sources: the papers' formulas in plain Python, and torch's own tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fallline.catalogue.networks import Feedforward
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder, initialised
from fallline.core.task import Target, Task
from fallline.data.dataset import Dataset, Split
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Rows, Step
from tests import tolerances
from tests.engines.drawn import COMPILED
from tests.engines.parity import NATIVE, NEARLY_ZERO, distance, needs_native
from tests.engines.runs import recipe
from tests.reference import losses as reference
from tests.reference.loss_samples import VARIANTS, Variant, headed, row_weights
from tests.reference.optimizer_variants import DEFAULT as OPTIMIZERS
from tests.reference.optimizer_variants import VARIED
from tests.reference.optimizers import path
from tests.reference.sets import dataset

pytestmark = needs_native

# --- optimizers ----------------------------------------------------------------------------------

TALL = 1e9  # so far above all outputs that the slope of l1 is -1, whatever the parameters
FEATURES = ("x",)


def known_gradients(rows: int = 15) -> Dataset:
    """One input, whose negative is the weight's gradient of l1 on a batch of one row; the bias's is -1."""
    g = torch.Generator().manual_seed(3)
    inputs = torch.randn(rows, 1, generator=g)
    split = Split(inputs, torch.full((rows,), TALL, dtype=torch.float64), None, torch.arange(rows))
    target = Target(name="y", columns=(), task=Task.regression, reason="", classes=(), mean=(0.0,), scale=(1.0,))
    return Dataset(split, split, split, target=target, features=FEATURES)


@pytest.mark.parametrize(
    "variant",
    [variant for variant in OPTIMIZERS + VARIED if variant.name in COMPILED],
    ids=lambda variant: f"{variant.name}-{variant.options}",
)
def test_every_optimizer_takes_the_path_of_its_papers_formula(variant):
    data, epochs = known_gradients(), 2
    chosen = recipe(
        optimizer=variant.name,
        optimizer_options=variant.options,
        loss="l1",
        widths=(),
        batch_size=1,
        learning_rate=0.05,
        epochs=epochs,
        dtype="float64",
    )
    order = BatchOrder(rows=len(data.train), batch_size=1, seed=0)
    seen = torch.cat([batch for _ in range(epochs) for batch in order.epoch()])
    gradients = [(-data.train.inputs[seen, 0]).tolist(), [-1.0] * len(seen)]
    module = initialised(network_of(chosen, data).build, seed=0, dtype=torch.float64).module
    starts = torch.cat([value.detach().flatten() for value in module.parameters()]).tolist()

    training, found = NATIVE.start(Population((chosen,)), data), []
    for step in range(1, len(seen)):
        training.advance(Step(step))
        found.append(training.state()["0/arrays"][0].tolist())
    # torch, and the engine after it, keeps a product of momenta, and a rate, as floats
    close = tolerances.FLOAT32 if variant.name in ("asgd", "nadam") else tolerances.WALKED_64
    for place, (start, each) in enumerate(zip(starts, gradients, strict=True)):
        expected = path(variant.name, start, each, 0.05, **chosen.optimizer_options)[: len(found)]
        along = torch.tensor([numbers[place] for numbers in found]).double()
        torch.testing.assert_close(along, torch.tensor(expected).double(), **close)


# --- losses --------------------------------------------------------------------------------------


def before_the_head(variant: Variant, outputs: Tensor) -> Tensor:
    """Outputs of a last layer from which the head makes about such ones; log-probabilities are their own."""
    match variant.contract.head:
        case "sigmoid":
            return outputs.logit()
        case "softplus":
            return outputs + (-(-outputs).expm1()).log()
        case _:
            return outputs


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: f"{variant.loss}-{variant.options}")
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_every_loss_has_the_value_of_its_formula(variant: Variant, weighted: bool):
    """Through a linear network that says what it is told."""
    sample, targets = variant.sample()
    outputs = before_the_head(variant, sample.detach())
    units = outputs.shape[1]
    network = Feedforward(inputs=units, widths=(), outputs=units, head=variant.contract.head)
    points = {"0.weight": torch.eye(units, dtype=torch.float64)[None], "0.bias": torch.zeros(1, units).double()}
    weights = row_weights() if weighted else None
    found = NATIVE.evaluate(network, points, Rows(outputs, targets, weights), variant.criterion())
    expected, _ = reference.reduced(
        variant.loss,
        headed(variant.contract, outputs).tolist(),
        targets.tolist(),
        None if weights is None else weights.tolist(),
        **variant.complete,
    )
    assert found.tolist() == pytest.approx([expected], rel=tolerances.ONE_STEP_64)


# --- torch's own optimizer tests -----------------------------------------------------------------

PAIRS = {
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_size_min", "step_size_max"),
}
NOT_OURS = {"maximize", "foreach", "fused", "capturable", "differentiable"}


def of_torch() -> Iterable[tuple[type[torch.optim.Optimizer], dict[str, Any]]]:
    """What torch tries its optimizers with, as far as the catalogue has a word for it."""
    from torch.testing._internal.common_optimizers import optim_db

    for info in optim_db:
        if info.optim_cls.__name__.lower() not in COMPILED:
            continue
        for each in info.optim_inputs_func("cpu"):
            if each.params is None and not NOT_OURS & set(each.kwargs):
                yield info.optim_cls, each.kwargs


def as_recipe(kind: type[torch.optim.Optimizer], arguments: dict[str, Any]) -> Recipe:
    (lr,) = (group["lr"] for group in kind([torch.zeros(1)], **arguments).param_groups)
    options: dict[str, float] = {}
    for name, value in arguments.items():
        if name in PAIRS:
            options |= {part: float(number) for part, number in zip(PAIRS[name], value, strict=True)}
        elif name != "lr":
            options[name] = value if isinstance(value, bool) else float(value)
    return recipe(
        optimizer=kind.__name__.lower(),
        optimizer_options=options,
        learning_rate=float(lr),
        activation="tanh",
        dtype="float64",
    )


@pytest.mark.slow  # importing torch's tests alone takes seconds
@pytest.mark.filterwarnings("ignore")  # of torch's, about itself
def test_every_input_that_torch_tests_its_optimizers_with_gives_its_steps():
    """One step and ten, beside torch's own class on the same gradients."""
    pytest.importorskip("expecttest", reason="torch's tests need it: pip install expecttest")
    data, tried = dataset(), set()
    for kind, arguments in of_torch():
        chosen = as_recipe(kind, arguments)
        module = initialised(network_of(chosen, data).build, seed=0, dtype=torch.float64).module
        optimizer = kind(module.parameters(), **arguments)
        training = NATIVE.start(Population((chosen,)), data)
        rows, order = feed(chosen, data, data.train), BatchOrder(rows=50, batch_size=16, seed=0)
        batches = [batch for _ in range(3) for batch in order.epoch()]
        for step, batch in enumerate(batches[:10], start=1):
            optimizer.zero_grad()
            nn.functional.mse_loss(module(rows.inputs[batch]), rows.targets[batch]).backward()
            sure = torch.cat([value.grad.flatten() for value in module.parameters()]).abs() > NEARLY_ZERO
            optimizer.step()
            if step in (1, 10):
                training.advance(Step(step))
                expected = torch.cat([value.detach().flatten() for value in module.parameters()])
                off = distance(training.state()["0/arrays"][0].where(sure, expected), expected)
                assert off <= (tolerances.ONE_STEP_64 if step == 1 else tolerances.TEN_STEPS_64), (
                    kind,
                    arguments,
                    step,
                )
        tried.add(kind.__name__.lower())
    assert tried == set(COMPILED) - {"lion"}  # which torch has not
