"""Every loss: its value and gradient, against torch's own class and against plain Python row by row."""

import importlib

import pytest
import torch
from torch import Tensor

from fallline.catalogue.builders import Criterion
from fallline.catalogue.losses import Loss
from fallline.catalogue.registry import find, names
from fallline.core.recipe import Recipe
from tests import tolerances
from tests.reference import losses as reference

ROWS, CLASSES = 12, 4
VARIANTS = [
    ("mse", {}),
    ("l1", {}),
    ("huber", {}),
    ("huber", {"delta": 0.3}),
    ("cross_entropy", {}),
    ("cross_entropy", {"label_smoothing": 0.2}),
    ("bce_with_logits", {}),
    ("bce_with_logits", {"pos_weight": 3.5}),
    ("poisson_nll", {}),
    ("gaussian_nll", {}),
    ("gaussian_nll", {"eps": 0.5}),  # above some of the variances
]
SMOOTH = VARIANTS[:-1]  # where a variance is raised to eps, torch lets the slope through as if it were not
every_variant = pytest.mark.parametrize(("loss", "options"), VARIANTS, ids=str)


def sample(entry: Loss, *, dtype: torch.dtype = torch.float64, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Outputs ``(row, unit)`` that ask for their gradient, and targets as the loss wants them."""
    g = torch.Generator().manual_seed(seed)
    units = {"per_target": 1, "per_class": CLASSES, "two_per_target": 2}[entry.contract.outputs]
    outputs = torch.randn(ROWS, units, generator=g, dtype=dtype) * 1.5
    targets = {
        "standardized": torch.randn(ROWS, 1, generator=g, dtype=dtype),
        "as_is": torch.randint(0, 6, (ROWS, 1), generator=g).to(dtype),
        "class_id": torch.randint(0, CLASSES, (ROWS,), generator=g),
        "zero_one": torch.randint(0, 2, (ROWS, 1), generator=g).to(dtype),
    }[entry.contract.targets]
    return outputs.requires_grad_(), targets


def sample_weights(*, dtype: torch.dtype = torch.float64) -> Tensor:
    return 0.1 + 3 * torch.rand(ROWS, generator=torch.Generator().manual_seed(5), dtype=dtype)


def criterion(loss: str, options: dict, dtype: torch.dtype = torch.float64) -> Criterion:
    return Criterion(Recipe(loss=loss, loss_options=options), dtype=dtype)


def value_and_gradient(loss: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
    (gradient,) = torch.autograd.grad(loss, outputs)
    return loss.detach(), gradient


def test_every_loss_is_in_the_reference_and_among_the_variants():
    assert list(reference.LOSSES) == names("loss")
    assert {loss for loss, _ in VARIANTS} == set(names("loss"))


def test_every_option_of_a_loss_is_varied():
    varied = {(loss, option) for loss, options in VARIANTS for option in options}
    assert varied == {(loss, option.name) for loss in names("loss") for option in find("loss", loss).card.options}


@every_variant
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_value_and_gradient_are_those_of_plain_python_row_by_row(loss: str, options: dict, weighted: bool):
    outputs, targets = sample(find("loss", loss))
    weights = sample_weights() if weighted else None
    found = value_and_gradient(criterion(loss, options)(outputs, targets, weights), outputs)
    value, gradient = reference.mean(
        loss, outputs.tolist(), targets.flatten().tolist(), None if weights is None else weights.tolist(), **options
    )
    expected = (torch.tensor(value, dtype=torch.float64), torch.tensor(gradient, dtype=torch.float64))
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


@every_variant
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_value_and_gradient_are_those_of_torchs_class(loss: str, options: dict, dtype: torch.dtype):
    entry = find("loss", loss)
    module, _, name = entry.card.torch.rpartition(".")
    in_torchs_words = {
        option: torch.tensor(value, dtype=dtype) if option == "pos_weight" else value
        for option, value in options.items()
    }
    plain = getattr(importlib.import_module(module), name)(**in_torchs_words)
    outputs, targets = sample(entry, dtype=dtype)
    if loss == "gaussian_nll":
        theirs = plain(outputs[:, :1], targets, torch.nn.functional.softplus(outputs[:, 1:]))
    else:
        theirs = plain(outputs, targets)
    found = value_and_gradient(criterion(loss, options, dtype)(outputs, targets), outputs)
    torch.testing.assert_close(found, value_and_gradient(theirs, outputs), **tolerances.SAME)
    assert found[0].dtype is dtype


@every_variant
@pytest.mark.parametrize("weight", [0.01, 1.0, 7.0])
def test_equal_weights_are_as_none(loss: str, options: dict, weight: float):
    outputs, targets = sample(find("loss", loss))
    compute = criterion(loss, options)
    weights = torch.full((ROWS,), weight, dtype=torch.float64)
    found = value_and_gradient(compute(outputs, targets, weights), outputs)
    torch.testing.assert_close(found, value_and_gradient(compute(outputs, targets), outputs), **tolerances.FLOAT64)


@every_variant
def test_a_row_of_weight_2_is_that_row_twice(loss: str, options: dict):
    outputs, targets = sample(find("loss", loss))
    compute = criterion(loss, options)
    weights = torch.ones(ROWS, dtype=torch.float64)
    weights[[0, 3]] = 2
    twice = torch.cat((torch.arange(ROWS), torch.tensor([0, 3])))
    found = value_and_gradient(compute(outputs, targets, weights), outputs)
    expected = value_and_gradient(compute(outputs[twice], targets[twice]), outputs)
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


@every_variant
def test_a_row_of_weight_0_is_no_row(loss: str, options: dict):
    outputs, targets = sample(find("loss", loss))
    compute = criterion(loss, options)
    weights = torch.ones(ROWS, dtype=torch.float64)
    weights[4:] = 0
    found = value_and_gradient(compute(outputs, targets, weights), outputs)
    expected = value_and_gradient(compute(outputs[:4], targets[:4]), outputs)
    torch.testing.assert_close(found, expected, **tolerances.FLOAT64)


@pytest.mark.parametrize(("loss", "options"), SMOOTH, ids=str)
def test_the_gradient_is_that_of_finite_differences(loss: str, options: dict):
    outputs, targets = sample(find("loss", loss), seed=1)
    compute, weights = criterion(loss, options), sample_weights()
    assert torch.autograd.gradcheck(lambda z: compute(z, targets, weights), (outputs,))


@every_variant
def test_the_order_of_the_rows_does_not_count(loss: str, options: dict):
    outputs, targets = sample(find("loss", loss))
    compute, weights = criterion(loss, options), sample_weights()
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(
        compute(outputs[order], targets[order], weights[order]),
        compute(outputs, targets, weights),
        **tolerances.FLOAT64,
    )


@pytest.mark.parametrize("loss", ["mse", "l1", "huber"])
def test_shifting_outputs_and_targets_together_changes_nothing(loss: str):
    outputs, targets = sample(find("loss", loss))
    compute = criterion(loss, {})
    torch.testing.assert_close(compute(outputs + 2, targets + 2), compute(outputs, targets), **tolerances.FLOAT64)


def test_cross_entropy_does_not_see_what_all_scores_have_in_common():
    outputs, targets = sample(find("loss", "cross_entropy"))
    compute = criterion("cross_entropy", {})
    torch.testing.assert_close(compute(outputs + 7, targets), compute(outputs, targets), **tolerances.FLOAT64)


def test_cross_entropy_of_two_classes_is_binary_cross_entropy_of_their_difference():
    scores, targets = sample(find("loss", "cross_entropy"))
    scores, targets = scores[:, :2], targets % 2
    binary = criterion("bce_with_logits", {})((scores[:, 1] - scores[:, 0]).unsqueeze(1), targets.double().unsqueeze(1))
    torch.testing.assert_close(criterion("cross_entropy", {})(scores, targets), binary, **tolerances.FLOAT64)


def test_an_untrained_cross_entropy_is_the_logarithm_of_the_number_of_classes():
    scores, targets = torch.zeros(ROWS, CLASSES, dtype=torch.float64), torch.arange(ROWS) % CLASSES
    expected = torch.tensor(CLASSES, dtype=torch.float64).log()
    torch.testing.assert_close(criterion("cross_entropy", {})(scores, targets), expected, **tolerances.FLOAT64)


@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_huber_is_delta_times_torchs_smooth_l1(delta: float):
    outputs, targets = sample(find("loss", "huber"))
    torch.testing.assert_close(
        criterion("huber", {"delta": delta})(outputs, targets),
        delta * torch.nn.SmoothL1Loss(beta=delta)(outputs, targets),
        **tolerances.FLOAT64,
    )


@pytest.mark.parametrize("score", [-1e4, 1e4])
@pytest.mark.parametrize("loss", ["bce_with_logits", "cross_entropy"])
def test_extreme_scores_have_a_finite_loss(loss: str, score: float):
    outputs = torch.tensor([[score] if loss == "bce_with_logits" else [score, 0.0]], requires_grad=True)
    targets = torch.zeros(1, 1) if loss == "bce_with_logits" else torch.zeros(1, dtype=torch.int64)
    value, gradient = value_and_gradient(criterion(loss, {}, torch.float32)(outputs, targets), outputs)
    assert value.isfinite()
    assert gradient.isfinite().all()
