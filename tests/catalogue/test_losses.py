"""Every loss: its value and gradient, against torch's own class and against plain Python row by row."""

import importlib
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fallline.catalogue.losses import LEFT_OUT, LOSSES
from fallline.catalogue.registry import find, names
from tests import tolerances
from tests.reference import losses as reference
from tests.reference.loss_samples import COLUMNS, ROWS, VARIANTS, Variant, headed, row_weights

every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)
every_reduction = pytest.mark.parametrize("reduction", ["mean", "sum"])
both_weightings = pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])

KINKED = [Variant("gaussian_nll", {"eps": 0.5})]  # torch lets the slope through a variance raised to eps
UNBOUNDED = [v for v in VARIANTS if v.loss == "poisson_nll" and v.complete["log_input"]]  # exp(1e4) is the loss itself


def value_and_gradient(loss: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
    (gradient,) = torch.autograd.grad(loss, outputs)
    return loss.detach(), gradient


def test_every_loss_is_in_the_reference_and_among_the_variants():
    assert list(reference.LOSSES) == names("loss")
    assert {variant.loss for variant in VARIANTS} == set(names("loss"))


def test_every_option_of_a_loss_is_varied():
    varied = {(variant.loss, option) for variant in VARIANTS for option in variant.options}
    options = {(entry.card.name, option.name) for entry in LOSSES for option in entry.card.options}
    assert varied == {(loss, option) for loss, option in options if option != "reduction"}
    assert {loss for loss, option in options if option == "reduction"} == set(names("loss"))


def test_every_loss_of_torch_is_in_the_catalogue_or_left_out_with_a_reason():
    known = {entry.card.torch.rpartition(".")[2] for entry in LOSSES} | set(LEFT_OUT)
    assert {name for name in dir(torch.nn) if "Loss" in name} <= known
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())


@every_variant
@every_reduction
@both_weightings
def test_value_and_gradient_are_those_of_plain_python_row_by_row(variant: Variant, reduction: str, weighted: bool):
    outputs, targets = variant.sample()
    weights = row_weights() if weighted else None
    compute = variant.criterion(reduction=reduction)
    options = {**variant.complete, "reduction": reduction}
    value, gradient = reference.reduced(
        variant.loss, outputs.tolist(), targets.tolist(), None if weights is None else weights.tolist(), **options
    )
    expected = (torch.tensor(value, dtype=torch.float64), torch.tensor(gradient, dtype=torch.float64))
    found = value_and_gradient(compute(outputs, targets, weights), outputs)
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


def of_torch(variant: Variant, reduction: str, dtype: torch.dtype) -> Callable[[Tensor, Tensor], Tensor]:
    """Torch's class with the options as its arguments, as a script has it."""
    module, _, name = find("loss", variant.loss).card.torch.rpartition(".")
    arguments = {
        option: torch.tensor(value, dtype=dtype) if isinstance(value, tuple) else value
        for option, value in variant.options.items()
    }
    if variant.loss == "kl_div" and reduction == "mean":
        reduction = "batchmean"
    plain = getattr(importlib.import_module(module), name)(reduction=reduction, **arguments)
    if variant.loss != "gaussian_nll":
        return plain
    return lambda z, y: plain(z[:, :COLUMNS], y, functional.softplus(z[:, COLUMNS:]))


@pytest.mark.parametrize("variant", [v for v in VARIANTS if find("loss", v.loss).card.torch], ids=str)
@every_reduction
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_value_and_gradient_are_those_of_torchs_class(variant: Variant, reduction: str, dtype: torch.dtype):
    outputs, targets = variant.sample(dtype=dtype)
    found = value_and_gradient(variant.criterion(dtype=dtype, reduction=reduction)(outputs, targets), outputs)
    expected = value_and_gradient(of_torch(variant, reduction, dtype)(outputs, targets), outputs)
    tolerance = tolerances.SAME
    if variant.loss == "soft_margin":  # another formula, as torch's own overflows
        tolerance = tolerances.FLOAT32 if dtype is torch.float32 else tolerances.FLOAT64
    torch.testing.assert_close(found, expected, **tolerance)
    assert found[0].dtype is dtype


@every_variant
@every_reduction
@both_weightings
def test_what_is_reported_is_the_mean_whatever_the_reduction(variant: Variant, reduction: str, weighted: bool):
    outputs, targets = variant.sample()
    weights = row_weights() if weighted else None
    compute, by_mean = variant.criterion(reduction=reduction), variant.criterion()
    assert compute.sums == (reduction == "sum")
    assert compute.mean(outputs, targets, weights) == by_mean(outputs, targets, weights)
    found = compute.mean(outputs, targets, weights) * compute.divisor(targets, weights)
    expected = variant.criterion(reduction="sum")(outputs, targets, weights)
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


@every_variant
@both_weightings
def test_means_of_chunks_times_their_divisors_add_up_to_the_mean_of_all(variant: Variant, weighted: bool):
    outputs, targets = variant.sample()
    weights = row_weights() if weighted else None
    compute, total = variant.criterion(), 0.0
    for chunk in (slice(0, 5), slice(5, 6), slice(6, ROWS)):
        some = None if weights is None else weights[chunk]
        total += compute.mean(outputs[chunk], targets[chunk], some).item() * compute.divisor(targets[chunk], some)
    found = torch.tensor(total / compute.divisor(targets, weights), dtype=torch.float64)
    torch.testing.assert_close(found, compute.mean(outputs, targets, weights).detach(), **tolerances.FLOAT64)


@every_variant
@pytest.mark.parametrize("weight", [0.01, 1.0, 7.0])
def test_equal_weights_are_as_none(variant: Variant, weight: float):
    outputs, targets = variant.sample()
    compute, weights = variant.criterion(), torch.full((ROWS,), weight, dtype=torch.float64)
    found = value_and_gradient(compute(outputs, targets, weights), outputs)
    torch.testing.assert_close(found, value_and_gradient(compute(outputs, targets), outputs), **tolerances.FLOAT64)


@every_variant
@every_reduction
def test_a_row_of_weight_2_is_that_row_twice(variant: Variant, reduction: str):
    outputs, targets = variant.sample()
    compute, weights = variant.criterion(reduction=reduction), torch.ones(ROWS, dtype=torch.float64)
    weights[[0, 3]] = 2
    twice = torch.cat((torch.arange(ROWS), torch.tensor([0, 3])))
    found = value_and_gradient(compute(outputs, targets, weights), outputs)
    expected = value_and_gradient(compute(outputs[twice], targets[twice]), outputs)
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


@every_variant
@every_reduction
def test_a_row_of_weight_0_is_no_row(variant: Variant, reduction: str):
    outputs, targets = variant.sample()
    compute, weights = variant.criterion(reduction=reduction), torch.ones(ROWS, dtype=torch.float64)
    weights[4:] = 0
    found = value_and_gradient(compute(outputs, targets, weights), outputs)
    expected = value_and_gradient(compute(outputs[:4], targets[:4]), outputs)
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant not in KINKED], ids=str)
@every_reduction
def test_the_gradient_is_that_of_finite_differences(variant: Variant, reduction: str):
    outputs, targets = variant.sample(seed=1)
    compute, weights = variant.criterion(reduction=reduction), row_weights()
    assert torch.autograd.gradcheck(lambda z: compute(z, targets, weights), (outputs,))


@every_variant
@both_weightings
def test_the_order_of_the_rows_does_not_count(variant: Variant, weighted: bool):
    outputs, targets = variant.sample()
    compute, weights = variant.criterion(), row_weights() if weighted else None
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(2))
    found = compute(outputs[order], targets[order], None if weights is None else weights[order])
    torch.testing.assert_close(found, compute(outputs, targets, weights), **tolerances.FLOAT64)


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant not in UNBOUNDED], ids=str)
@every_reduction
@pytest.mark.parametrize("size", [-1e4, 1e4])
def test_extreme_outputs_have_a_finite_loss_and_gradient(variant: Variant, reduction: str, size: float):
    outputs, targets = variant.sample(dtype=torch.float32)
    last = torch.zeros_like(outputs)
    last[::2] = size  # every second row
    last[:, ::2] += size  # every second unit, so that some are at twice that
    last.requires_grad_()
    value = variant.criterion(dtype=torch.float32, reduction=reduction)(headed(variant.contract, last), targets)
    assert value.isfinite()
    assert torch.autograd.grad(value, last)[0].isfinite().all()


@every_variant
@every_reduction
@both_weightings
def test_outputs_that_are_no_numbers_have_a_loss_that_is_none(variant: Variant, reduction: str, weighted: bool):
    outputs, targets = variant.sample()
    broken = outputs.detach().clone()
    broken[5:7] = torch.nan
    compute, weights = variant.criterion(reduction=reduction), row_weights() if weighted else None
    assert compute(broken, targets, weights).isnan()
    assert compute.mean(broken, targets, weights).isnan()


MARGINS = {"multi_margin": torch.tensor([0, 2]), "multilabel_margin": torch.tensor([[0, -1, -1], [2, -1, -1]])}
"""Losses of leads, with targets: of two rows, whose first unit and whose last is to lead."""


@pytest.mark.parametrize("loss", MARGINS)
@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((math.inf, math.inf, 0.0), math.nan),
        ((-math.inf, 0.0, -math.inf), math.nan),
        ((0.0, math.nan, 0.0), math.nan),
        ((math.inf, 0.0, 0.0), 0.0),
        ((0.0, -math.inf, -math.inf), 0.0),
        ((0.0, math.inf, 0.0), math.inf),
    ],
    ids=str,
)
def test_a_lead_of_an_infinity_over_itself_is_no_number_and_any_other_is_what_it_says(
    loss: str, scores: tuple[float, ...], expected: float
):
    beside = (-5.0, -5.0, 5.0)  # a row beyond the margin
    outputs, targets = torch.tensor([scores, beside], dtype=torch.float64), MARGINS[loss]
    found = Variant(loss, {}).criterion()(outputs, targets)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), equal_nan=True)


@every_variant
def test_a_single_row_is_a_batch(variant: Variant):
    outputs, targets = variant.sample()
    assert variant.criterion()(outputs[:1], targets[:1]).shape == ()


def test_options_are_tensors_on_the_cpu_whatever_the_default_device():
    with torch.device("meta"):
        compute = Variant("cross_entropy", {"weight": (1.0, 2.0)}).criterion()
    scores, targets = torch.zeros(3, 2, dtype=torch.float64), torch.tensor([0, 1, 1])
    assert compute(scores, targets).isfinite()
    assert compute.divisor(targets) == 5.0
