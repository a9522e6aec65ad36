"""What the losses have to do with each other, and values that pencil and paper give."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests import tolerances
from tests.reference.loss_samples import CLASSES, ROWS, WEIGHT, Variant


def loss(name: str, outputs: Tensor, targets: Tensor, **options) -> Tensor:
    return Variant(name, options).criterion()(outputs, targets)


def scores_and_classes() -> tuple[Tensor, Tensor]:
    return Variant("cross_entropy", {}).sample()


def numbers() -> tuple[Tensor, Tensor]:
    return Variant("mse", {}).sample()


def answers() -> tuple[Tensor, Tensor]:
    """Logits ``(row, 1)``, and 0 or 1."""
    outputs, targets = Variant("bce_with_logits", {}).sample()
    return outputs[:, :1], targets[:, :1]


def assert_same(found: Tensor, expected: Tensor | float) -> None:
    torch.testing.assert_close(found, torch.as_tensor(expected, dtype=torch.float64), **tolerances.FLOAT64)


# --- several classes -----------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_nll_after_log_softmax_is_cross_entropy(weight):
    scores, classes = scores_and_classes()
    options = {} if weight is None else {"weight": weight}
    expected = loss("cross_entropy", scores, classes, **options)
    assert_same(loss("nll", scores.log_softmax(1), classes, **options), expected)


def test_kl_div_from_a_single_class_is_cross_entropy():
    scores, classes = scores_and_classes()
    truths = functional.one_hot(classes, CLASSES).double()
    assert_same(loss("kl_div", scores.log_softmax(1), truths), loss("cross_entropy", scores, classes))


def test_kl_div_from_itself_is_0():
    probabilities = scores_and_classes()[0].softmax(1)
    assert_same(loss("kl_div", probabilities.log(), probabilities), 0.0)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_focal_of_gamma_0_is_cross_entropy(weight):
    scores, classes = scores_and_classes()
    options = {} if weight is None else {"weight": weight}
    expected = loss("cross_entropy", scores, classes, **options)
    assert_same(loss("focal", scores, classes, gamma=0.0, **options), expected)


def test_focal_of_two_equal_scores_is_a_quarter_of_log_2():
    """Half a chance: (1 - 1/2)² log 2."""
    assert_same(loss("focal", torch.zeros(3, 2).double(), torch.tensor([0, 1, 1])), math.log(2) / 4)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_focal_of_a_row_that_is_certain_is_0_with_a_gradient_of_0(gamma: float):
    scores = torch.tensor([[1e4, 0.0]], dtype=torch.float64, requires_grad=True)
    value = loss("focal", scores, torch.tensor([0]), gamma=gamma)
    value.backward()
    assert value == 0
    assert not scores.grad.any()


def test_cross_entropy_does_not_see_what_all_scores_have_in_common():
    scores, classes = scores_and_classes()
    for name in ("cross_entropy", "focal", "multi_margin"):
        assert_same(loss(name, scores + 7, classes), loss(name, scores, classes))


def test_cross_entropy_of_two_classes_is_binary_cross_entropy_of_their_difference():
    scores, classes = scores_and_classes()
    scores, classes = scores[:, :2], classes % 2
    binary = loss("bce_with_logits", (scores[:, 1] - scores[:, 0]).unsqueeze(1), classes.double().unsqueeze(1))
    assert_same(loss("cross_entropy", scores, classes), binary)


def test_an_untrained_cross_entropy_is_the_logarithm_of_the_number_of_classes():
    scores, classes = torch.zeros(ROWS, CLASSES, dtype=torch.float64), torch.arange(ROWS) % CLASSES
    assert_same(loss("cross_entropy", scores, classes), math.log(CLASSES))


def test_multi_margin_by_hand():
    """Of scores 0.2, 1, 0.5 with the second true, leads of 0.8 and 0.5 fall short of 1 by 0.2 and 0.5."""
    scores, classes = torch.tensor([[0.2, 1.0, 0.5]], dtype=torch.float64), torch.tensor([1])
    assert_same(loss("multi_margin", scores, classes), 0.7 / 3)
    assert_same(loss("multi_margin", scores, classes, p=2), (0.04 + 0.25) / 3)
    assert_same(loss("multi_margin", scores, classes, margin=0.5), 0.0)


def test_class_weights_weigh_the_mean_of_cross_entropy_but_not_that_of_multi_margin():
    scores, classes = torch.tensor([[0.0, 1.0], [0.0, 1.0]], dtype=torch.float64), torch.tensor([0, 1])
    wrong, right = (loss("cross_entropy", scores[:1], classes[i : i + 1]).item() for i in (0, 1))
    assert_same(loss("cross_entropy", scores, classes, weight=(3.0, 1.0)), (3 * wrong + right) / 4)
    assert_same(loss("multi_margin", scores, classes, weight=(3.0, 1.0)), (3 * (1 + 1) / 2 + 0.0) / 2)


# --- yes or no -----------------------------------------------------------------------------------


def test_soft_margin_is_bce_with_logits_in_another_notation():
    logits, targets = answers()
    assert_same(loss("soft_margin", logits, 2 * targets - 1), loss("bce_with_logits", logits, targets))


def test_bce_after_a_sigmoid_is_bce_with_logits():
    logits, targets = answers()
    assert_same(loss("bce", logits.sigmoid(), targets), loss("bce_with_logits", logits, targets))


def test_multilabel_soft_margin_is_bce_with_logits():
    logits, targets = Variant("multilabel_soft_margin", {}).sample()
    assert_same(loss("multilabel_soft_margin", logits, targets), loss("bce_with_logits", logits, targets))


def test_a_pos_weight_of_1_is_none():
    logits, targets = answers()
    assert_same(loss("bce_with_logits", logits, targets, pos_weight=(1.0,)), loss("bce_with_logits", logits, targets))


def test_soft_margin_of_a_hopeless_row_is_its_distance_where_torchs_is_infinite():
    logits = torch.tensor([[-1e3]], requires_grad=True)
    value = Variant("soft_margin", {}).criterion(dtype=torch.float32)(logits, torch.ones(1, 1))
    value.backward()
    assert value == 1e3
    assert logits.grad.item() == -1.0
    assert torch.nn.SoftMarginLoss()(logits, torch.ones(1, 1)).isinf()


def test_hinge_embedding_by_hand():
    """A yes costs its distance, a no what its distance lacks of the margin."""
    distances = torch.tensor([[0.3], [0.3], [2.0]], dtype=torch.float64)
    targets = torch.tensor([[1.0], [-1.0], [-1.0]], dtype=torch.float64)
    assert_same(loss("hinge_embedding", distances, targets), (0.3 + 0.7 + 0.0) / 3)
    assert_same(loss("hinge_embedding", distances, targets, margin=3.0), (0.3 + 2.7 + 1.0) / 3)


def test_multilabel_margin_by_hand():
    """Labels 0 and 3 hold, 1 and 2 do not: 1 - (0.1 - 0.2), 1 - (0.1 - 0.4), 1 - (0.8 - 0.2), 1 - (0.8 - 0.4)."""
    scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]], dtype=torch.float64)
    ids = torch.tensor([[0, 3, -1, -1]])
    assert_same(loss("multilabel_margin", scores, ids), (1.1 + 1.3 + 0.4 + 0.6) / 4)


def test_multilabel_margin_learns_nothing_of_a_row_where_all_labels_hold_or_none():
    scores = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    value = loss("multilabel_margin", scores, torch.tensor([[0, 1, 2], [-1, -1, -1]]))
    value.backward()
    assert value == 0
    assert not scores.grad.any()


# --- numbers -------------------------------------------------------------------------------------


def test_the_median_quantile_is_half_of_l1():
    outputs, targets = numbers()
    assert_same(loss("quantile", outputs, targets), loss("l1", outputs, targets) / 2)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_constant_of_least_quantile_loss_is_the_quantile(quantile: float):
    targets = torch.arange(101, dtype=torch.float64).unsqueeze(1)
    losses = [loss("quantile", torch.full_like(targets, c), targets, quantile=quantile) for c in range(101)]
    assert min(range(101), key=lambda c: losses[c]) == round(100 * quantile)


@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_huber_is_delta_times_smooth_l1(delta: float):
    outputs, targets = numbers()
    expected = delta * loss("smooth_l1", outputs, targets, beta=delta)
    assert_same(loss("huber", outputs, targets, delta=delta), expected)


def test_smooth_l1_of_beta_0_is_l1():
    outputs, targets = numbers()
    assert_same(loss("smooth_l1", outputs, targets, beta=0.0), loss("l1", outputs, targets))


def test_huber_beyond_all_errors_is_half_of_mse():
    outputs, targets = numbers()
    assert_same(loss("huber", outputs, targets, delta=100.0), loss("mse", outputs, targets) / 2)


def test_log_cosh_is_the_logarithm_of_the_hyperbolic_cosine_and_its_slope_the_tangent():
    error = torch.linspace(-5, 5, 21, dtype=torch.float64).unsqueeze(1).requires_grad_()
    value = loss("log_cosh", error, torch.zeros_like(error))
    value.backward()
    assert_same(value, error.cosh().log().mean())
    assert_same(21 * error.grad, error.tanh())


def test_log_cosh_far_out_is_the_distance_less_log_2():
    for dtype in (torch.float32, torch.float64):
        far = torch.tensor([[1e4], [-1e4]], dtype=dtype)
        found = Variant("log_cosh", {}).criterion(dtype=dtype)(far, torch.zeros_like(far))
        assert found.item() == pytest.approx(1e4 - math.log(2))


@pytest.mark.parametrize("name", ["mse", "l1", "smooth_l1", "huber", "log_cosh", "quantile"])
def test_shifting_outputs_and_targets_together_changes_nothing(name: str):
    outputs, targets = numbers()
    assert_same(loss(name, outputs + 2, targets + 2), loss(name, outputs, targets))


def test_poisson_nll_of_a_logarithm_is_that_of_the_rate():
    logs, targets = Variant("poisson_nll", {}).sample()
    assert_same(
        loss("poisson_nll", logs.exp(), targets, log_input=False, eps=1e-300), loss("poisson_nll", logs, targets)
    )


def test_poisson_nll_is_least_where_the_rate_is_the_mean_of_the_counts():
    targets = torch.tensor([[0.0], [2.0], [7.0]], dtype=torch.float64)
    log_mean = torch.full((3, 1), math.log(3), dtype=torch.float64, requires_grad=True)
    loss("poisson_nll", log_mean, targets).backward()
    assert_same(log_mean.grad.sum(), 0.0)


def test_gaussian_nll_of_variance_1_is_half_of_mse_and_in_full_the_density():
    outputs, targets = numbers()
    spread = torch.full_like(outputs, math.log(math.e - 1))  # whose softplus is 1
    both = torch.cat((outputs, spread), dim=1)
    assert_same(loss("gaussian_nll", both, targets), loss("mse", outputs, targets) / 2)
    density = torch.distributions.Normal(outputs, 1.0).log_prob(targets)
    assert_same(loss("gaussian_nll", both, targets, full=True), -density.mean())
