"""The two ends of every loss's contract: targets on their way in, outputs on their way back."""

import pytest
import torch
from torch import Tensor

from fallline.catalogue.builders import Criterion, encoded_targets, read_outputs
from fallline.catalogue.losses import LOSSES, Contract, Loss
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task
from tests import tolerances
from tests.reference.sets import target_of, values_of

CASES = [
    pytest.param(entry, task, id=f"{entry.card.name} {task.value}") for entry in LOSSES for task in entry.contract.tasks
]
every_case = pytest.mark.parametrize(("entry", "task"), CASES)
ROWS = 40


def values(task: Task) -> Tensor:
    g = torch.Generator().manual_seed(0)
    return values_of(task, torch.randn(ROWS, 5, generator=g), g)


def perfect_outputs(contract: Contract, target: Target, encoded: Tensor) -> Tensor:
    """Outputs of a network that knows the truth: the head's inverse of it."""
    match contract.head:
        case "identity":
            return encoded
        case "exp":
            return encoded.log()  # of 0: minus infinity, whose exp is 0 again
        case "sigmoid":
            return (encoded * 2 - 1) * 30
        case "softmax":
            return torch.nn.functional.one_hot(encoded, len(target.classes)).double() * 30
        case "mean_and_variance":
            return torch.cat((encoded, torch.full_like(encoded, -20.0)), dim=1)


def random_outputs(contract: Contract, target: Target, *, size: float) -> Tensor:
    g = torch.Generator().manual_seed(1)
    return size * torch.randn(ROWS, contract.width(target), generator=g)


@every_case
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_perfect_outputs_give_back_the_target_in_its_own_unit(entry: Loss, task: Task, dtype: torch.dtype):
    target, truth = target_of(task), values(task)
    encoded = encoded_targets(entry.contract, target, truth, dtype=dtype)
    prediction = read_outputs(entry.contract, target, perfect_outputs(entry.contract, target, encoded).to(dtype))
    tolerance = tolerances.UNIT_32 if dtype is torch.float32 else tolerances.FLOAT64
    torch.testing.assert_close(prediction.value, truth, **tolerance)
    assert prediction.value.shape == (ROWS,)
    assert prediction.value.dtype is (torch.int64 if task.classifies else torch.float64)


@every_case
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_loss_takes_what_the_contract_gives(entry: Loss, task: Task, dtype: torch.dtype):
    target = target_of(task)
    outputs = random_outputs(entry.contract, target, size=1).to(dtype)
    encoded = encoded_targets(entry.contract, target, values(task), dtype=dtype)
    assert encoded.dtype is (torch.int64 if entry.contract.targets == "class_id" else dtype)
    loss = Criterion(Recipe(loss=entry.card.name), dtype=dtype)(outputs, encoded)
    assert loss.shape == ()
    assert loss.dtype is dtype
    assert loss.isfinite()


@every_case
def test_no_outputs_have_a_lower_loss_than_perfect_ones(entry: Loss, task: Task):
    target = target_of(task)
    encoded = encoded_targets(entry.contract, target, values(task), dtype=torch.float64)
    best = perfect_outputs(entry.contract, target, encoded).clamp(min=-1e3)  # 0 times infinity is no number
    compute = Criterion(Recipe(loss=entry.card.name), dtype=torch.float64)
    for seed in range(5):
        noise = torch.rand(best.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert compute(best, encoded) < compute(best - best.sign() * noise, encoded)


@every_case
@pytest.mark.parametrize("size", [0.0, 1.0, 1e4])
def test_probabilities_lie_between_0_and_1_and_sum_to_1(entry: Loss, task: Task, size: float):
    target = target_of(task)
    prediction = read_outputs(entry.contract, target, random_outputs(entry.contract, target, size=size))
    assert (prediction.probability is not None) == entry.contract.probability
    if prediction.probability is not None:
        assert prediction.probability.shape == (ROWS, len(target.classes))
        assert prediction.probability.dtype is torch.float64
        assert ((prediction.probability >= 0) & (prediction.probability <= 1)).all()
        total = prediction.probability.sum(1)
        torch.testing.assert_close(total, torch.ones_like(total), **tolerances.FLOAT64)


@every_case
def test_the_class_is_the_most_probable_one(entry: Loss, task: Task):
    target = target_of(task)
    prediction = read_outputs(entry.contract, target, random_outputs(entry.contract, target, size=2))
    if prediction.probability is not None:
        assert torch.equal(prediction.value, prediction.probability.argmax(1))
        assert set(prediction.value.tolist()) == set(range(len(target.classes)))


@every_case
def test_a_deviation_is_given_by_the_loss_that_learns_one(entry: Loss, task: Task):
    target = target_of(task)
    outputs = random_outputs(entry.contract, target, size=2)
    deviation = read_outputs(entry.contract, target, outputs).deviation
    assert (deviation is not None) == (entry.card.name == "gaussian_nll")
    if deviation is not None:
        expected = outputs[:, 1].double().exp().log1p().sqrt() * target.scale  # softplus, by its definition
        torch.testing.assert_close(deviation, expected, **tolerances.FLOAT64)


def test_standardized_targets_have_the_columns_mean_and_deviation_taken_off():
    target = Target(name="y", task=Task.regression, reason="r", mean=20.0, scale=4.0)
    contract = next(entry.contract for entry in LOSSES if entry.card.name == "mse")
    encoded = encoded_targets(contract, target, torch.tensor([20.0, 24.0, 12.0]).double(), dtype=torch.float32)
    assert encoded.tolist() == [[0.0], [1.0], [-2.0]]


@pytest.mark.parametrize("loss", ["poisson_nll", "bce_with_logits", "cross_entropy"])
def test_counts_and_classes_are_never_standardized(loss: str):
    entry = next(entry for entry in LOSSES if entry.card.name == loss)
    scaled = target_of(entry.contract.tasks[0]).model_copy(update={"mean": 5.0, "scale": 3.0})
    truth = torch.tensor([0, 1, 1]) if loss != "poisson_nll" else torch.tensor([0.0, 3.0, 7.0]).double()
    encoded = encoded_targets(entry.contract, scaled, truth, dtype=torch.float32)
    assert encoded.flatten().tolist() == truth.tolist()


@every_case
def test_the_network_is_as_wide_as_the_loss_wants(entry: Loss, task: Task):
    expected = {"per_target": 1, "per_class": len(target_of(task).classes), "two_per_target": 2}
    assert entry.contract.width(target_of(task)) == expected[entry.contract.outputs]


@pytest.mark.parametrize("entry", LOSSES, ids=lambda entry: entry.card.name)
def test_a_head_with_probabilities_is_one_that_classifies(entry: Loss):
    assert entry.contract.probability == (entry.contract.head in ("sigmoid", "softmax"))
    assert entry.contract.probability == all(task.classifies for task in entry.contract.tasks)
