"""The two ends of every loss's contract: targets on their way in, outputs on their way back."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fallline.catalogue.contract import Contract, Loss
from fallline.catalogue.criteria import Criterion
from fallline.catalogue.losses import LOSSES
from fallline.catalogue.readout import Prediction, encoded_targets, read_outputs
from fallline.catalogue.registry import contract_of
from fallline.catalogue.resolution import resolved
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task
from fallline.study.metrics import Guess, Scorer
from tests import tolerances
from tests.reference.loss_samples import headed
from tests.reference.sets import LABELS, target_of, values_of

ROWS = 40


class Case(NamedTuple):
    """A loss at some of its options, for a task; ``several``: of two target columns."""

    loss: str
    task: Task
    options: dict[str, Any]
    several: bool = False

    def __str__(self) -> str:
        options = "".join(f" {name}={value}" for name, value in self.options.items())
        return f"{self.loss} {self.task.value}{' of two columns' if self.several else ''}{options}"

    @property
    def target(self) -> Target:
        return target_of(self.task, several=self.several)

    @property
    def recipe(self) -> Recipe:
        return resolved(Recipe(loss=self.loss, loss_options=self.options), self.target, rows=ROWS)

    @property
    def contract(self) -> Contract:
        return contract_of(self.recipe)

    @property
    def values(self) -> Tensor:
        g = torch.Generator().manual_seed(0)
        return values_of(self.task, torch.randn(ROWS, 5, generator=g), g, several=self.several)

    def encoded(self, dtype: torch.dtype = torch.float64) -> Tensor:
        return encoded_targets(self.contract, self.target, self.values, dtype=dtype)

    def random_outputs(self, *, size: float = 1.0, seed: int = 1) -> Tensor:
        """What a network returns, its head included."""
        g = torch.Generator().manual_seed(seed)
        last = size * torch.randn(ROWS, self.contract.width(self.target), generator=g, dtype=torch.float64)
        return headed(self.contract, last)

    def perfect_outputs(self) -> Tensor:
        """Outputs of a network that knows the truth."""
        holds = self.values.double() if self.values.ndim == 2 else self.values.double().unsqueeze(1)
        match self.contract.reading:
            case "number":
                return self.encoded()
            case "exp":
                return self.encoded().log()  # of 0: minus infinity, whose exp is 0 again
            case "mean_and_variance":
                return torch.cat((self.encoded(), torch.full_like(self.encoded(), -20.0)), dim=1)
            case "logit" | "sign":
                return 30 * (2 * holds - 1)
            case "probability":
                return holds
            case "distance":
                return float(self.recipe.loss_options["margin"]) * (1 - holds)
            case "logits" | "scores" | "log_probability":
                return headed(self.contract, 30 * functional.one_hot(self.values, len(self.target.classes)).double())

    def read(self, outputs: Tensor) -> Prediction:
        return read_outputs(self.recipe, self.target, outputs)


CASES = [
    *(Case(entry.card.name, task, {}) for entry in LOSSES for task in entry.contract.tasks),
    *(Case(entry.card.name, Task.regression, {}, True) for entry in LOSSES if Task.regression in entry.contract.tasks),
    Case("poisson_nll", Task.counts, {"log_input": False}),
    Case("hinge_embedding", Task.binary, {"margin": 3.0}),
    Case("quantile", Task.regression, {"quantile": 0.9}),
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)
CLASSIFYING = [case for case in CASES if case.task in (Task.binary, Task.multiclass, Task.multilabel)]
every_classifying_case = pytest.mark.parametrize("case", CLASSIFYING, ids=str)
every_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


def test_every_task_has_a_loss():
    assert {case.task for case in CASES} == set(Task)


@every_case
@every_dtype
def test_perfect_outputs_give_back_the_target_in_its_own_unit(case: Case, dtype: torch.dtype):
    prediction = case.read(case.perfect_outputs().to(dtype))
    tolerance = tolerances.UNIT_32 if dtype is torch.float32 else tolerances.FLOAT64
    torch.testing.assert_close(prediction.value, case.values, **tolerance)  # of the same shape and dtype
    assert prediction.value.dtype is (torch.int64 if case in CLASSIFYING else torch.float64)


@every_case
@every_dtype
def test_the_loss_takes_what_the_contract_gives(case: Case, dtype: torch.dtype):
    loss = Criterion(case.recipe, dtype=dtype)(case.random_outputs().to(dtype), case.encoded(dtype))
    assert loss.shape == ()
    assert loss.dtype is dtype
    assert loss.isfinite()


@every_case
@every_dtype
def test_targets_have_the_shape_and_the_dtype_that_the_loss_wants(case: Case, dtype: torch.dtype):
    encoded, whole = case.encoded(dtype), case.contract.targets in ("class_id", "label_ids")
    assert encoded.dtype is (torch.int64 if whole else dtype)
    expected = {"class_id": (ROWS,), "one_hot": (ROWS, len(case.target.classes))}
    assert encoded.shape == expected.get(case.contract.targets, (ROWS, case.target.width))


@every_case
def test_the_network_is_as_wide_as_the_loss_wants(case: Case):
    target, columns = case.target, {Task.multilabel: LABELS}.get(case.task, 2 if case.several else 1)
    expected = {"per_target": columns, "per_class": len(target.classes), "two_per_target": 2 * columns}
    assert case.contract.width(target) == expected[case.contract.outputs]


@every_case
def test_no_outputs_have_a_lower_loss_than_perfect_ones(case: Case):
    compute, encoded = Criterion(case.recipe, dtype=torch.float64), case.encoded()
    best = compute(case.perfect_outputs().clamp(min=-1e3), encoded)  # 0 times infinity is no number
    for seed in range(5):
        assert best < compute(case.random_outputs(seed=seed), encoded)


@every_classifying_case
@pytest.mark.parametrize("size", [0.0, 1.0, 1e4])
def test_probabilities_lie_between_0_and_1_and_those_of_classes_sum_to_1(case: Case, size: float):
    prediction = case.read(case.random_outputs(size=size))
    assert prediction.probability == case.contract.probability
    assert prediction.score is not None
    assert prediction.score.shape == (ROWS, len(case.target.classes) or LABELS)
    assert prediction.score.dtype is torch.float64
    if prediction.probability:
        assert ((prediction.score >= 0) & (prediction.score <= 1)).all()
    if prediction.probability and case.task is not Task.multilabel:
        total = prediction.score.sum(1)
        torch.testing.assert_close(total, torch.ones_like(total), **tolerances.FLOAT64)


@every_classifying_case
def test_the_class_is_the_one_with_the_highest_score(case: Case):
    prediction = case.read(case.random_outputs(size=2))
    if case.task is Task.multilabel:
        expected = (prediction.score > (0.5 if prediction.probability else 0.0)).long()
    elif case.contract.reading == "distance":
        expected = (case.random_outputs(size=2)[:, 0] < float(case.recipe.loss_options["margin"]) / 2).long()
    else:
        expected = prediction.score.argmax(1)
    assert torch.equal(prediction.value, expected)
    assert set(prediction.value.flatten().tolist()) == set(range(len(case.target.classes) or 2))


@every_case
def test_numbers_have_no_score(case: Case):
    assert (case.read(case.random_outputs()).score is None) == (case not in CLASSIFYING)


def scores(case: Case, outputs: Tensor) -> dict[str, float | None]:
    prediction = case.read(outputs)
    score = None if prediction.score is None else prediction.score.numpy()
    return Scorer(case.target).score(
        case.values.numpy(), Guess(prediction.value.numpy(), score, prediction.probability)
    )


@every_case
def test_perfect_outputs_have_perfect_scores(case: Case):
    found = scores(case, case.perfect_outputs())
    if case not in CLASSIFYING:
        assert found["r2"] == pytest.approx(1)
        return
    assert (found["accuracy"], found["balanced_accuracy"], found["roc_auc"]) == (1, 1, 1)
    assert (found["log_loss"] is None) == (not case.contract.probability)
    assert found["log_loss"] is None or found["log_loss"] == pytest.approx(0, abs=1e-9)


@every_classifying_case
def test_the_worst_outputs_rank_all_rows_the_wrong_way_round(case: Case):
    if case.contract.reading in ("probability", "distance"):
        worst = case.perfect_outputs().max() - case.perfect_outputs()
    else:
        worst = headed(case.contract, -case.perfect_outputs())
    assert scores(case, worst)["roc_auc"] == 0


@pytest.mark.parametrize("task", [Task.binary, Task.multiclass])
def test_scores_do_not_see_what_all_outputs_of_a_row_have_in_common(task: Task):
    """Nor does the loss, so a network may add anything to them: rows ranked by the outputs would be by chance."""
    case = Case("multi_margin", task, {})
    common = 1e3 * torch.randn(ROWS, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert scores(case, case.perfect_outputs() + common)["roc_auc"] == 1
    found, expected = case.read(case.random_outputs() + common).score, case.read(case.random_outputs()).score
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)  # roundings of numbers of size 1,000


def test_a_classs_score_is_its_lead_over_the_best_other_class():
    target, recipe = target_of(Task.multiclass), Case("multi_margin", Task.multiclass, {}).recipe
    prediction = read_outputs(recipe, target, torch.tensor([[1.0, 4.0, 2.0], [3.0, 3.0, -1.0]]))
    assert prediction.score.tolist() == [[-3.0, 2.0, -2.0], [0.0, 0.0, -4.0]]


@every_case
def test_a_deviation_is_given_by_the_loss_that_learns_one(case: Case):
    outputs = case.random_outputs(size=2)
    prediction = case.read(outputs)
    assert (prediction.deviation is not None) == (case.loss == "gaussian_nll")
    if prediction.deviation is not None:
        scale = torch.tensor(case.target.scale, dtype=torch.float64)
        spreads = outputs[:, case.target.width :]
        expected = spreads.exp().log1p().sqrt() * scale  # softplus, by its definition
        torch.testing.assert_close(prediction.deviation, expected.reshape(prediction.value.shape), **tolerances.FLOAT64)


def test_standardized_targets_have_each_columns_mean_and_deviation_taken_off():
    target = Target(name="y", columns=("a", "b"), task=Task.regression, reason="r", mean=(20.0, 1.0), scale=(4.0, 0.5))
    contract = contract_of(Recipe(loss="mse"))
    values = torch.tensor([[20.0, 1.0], [24.0, 0.0], [12.0, 1.5]]).double()
    encoded = encoded_targets(contract, target, values, dtype=torch.float32)
    assert encoded.tolist() == [[0.0, 0.0], [1.0, -2.0], [-2.0, 1.0]]


def test_the_labels_that_hold_are_padded_with_minus_1():
    contract = contract_of(Recipe(loss="multilabel_margin"))
    values = torch.tensor([[0, 1, 1], [0, 0, 0], [1, 1, 1], [1, 0, 0]])
    encoded = encoded_targets(contract, target_of(Task.multilabel), values, dtype=torch.float32)
    assert encoded.tolist() == [[1, 2, -1], [-1, -1, -1], [0, 1, 2], [0, -1, -1]]


@pytest.mark.parametrize("case", [case for case in CASES if case.task is not Task.regression], ids=str)
def test_counts_and_classes_are_never_standardized(case: Case):
    shifted = case.target.model_copy(update={"mean": (5.0,), "scale": (2.0,)})
    assert torch.equal(encoded_targets(case.contract, shifted, case.values, dtype=torch.float64), case.encoded())
    outputs = case.random_outputs()
    assert torch.equal(read_outputs(case.recipe, shifted, outputs).value, case.read(outputs).value)


@every_case
def test_targets_and_predictions_are_on_the_cpu_whatever_the_default_device(case: Case):
    values, outputs = case.values, case.random_outputs()
    with torch.device("meta"):
        encoded = encoded_targets(case.contract, case.target, values, dtype=torch.float64)
        prediction = case.read(outputs)
    assert encoded.device.type == "cpu"
    assert torch.equal(prediction.value, case.read(outputs).value)


@pytest.mark.parametrize("entry", LOSSES, ids=lambda entry: entry.card.name)
def test_a_loss_whose_outputs_are_bounded_has_the_head_that_bounds_them(entry: Loss):
    heads = {"bce": "sigmoid", "nll": "log_softmax", "kl_div": "log_softmax", "hinge_embedding": "softplus"}
    assert entry.contract.head == heads.get(entry.card.name, "none")


def test_options_that_change_what_the_output_means_change_the_contract():
    assert Case("poisson_nll", Task.counts, {"log_input": False}).contract.head == "softplus"
    assert Case("quantile", Task.regression, {"quantile": 0.9}).contract.ranking == "pinball"
    assert Case("quantile", Task.regression, {}).contract.ranking == ""
