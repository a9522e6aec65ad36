"""Two losses on 3×5 inputs: value and gradient are what the formulas say."""

import math

import torch

from fallline.catalogue.criteria import Criterion
from fallline.core.recipe import Recipe
from tests import tolerances

MSE = Criterion(Recipe(loss="mse", loss_options={"reduction": "mean"}), dtype=torch.float64)
CROSS_ENTROPY = Criterion(Recipe(loss="cross_entropy", loss_options={"reduction": "mean"}), dtype=torch.float64)


def drawn(seed: int) -> torch.Tensor:
    return torch.randn(3, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_mean_squared_error_is_the_sum_of_squares_over_all_15_elements():
    outputs = torch.arange(15, dtype=torch.float64).reshape(3, 5).requires_grad_()
    targets = torch.ones(3, 5, dtype=torch.float64)
    loss = MSE(outputs, targets)
    loss.backward()
    # The errors are -1, 0, 1, …, 13: their squares sum to 1 + 13 · 14 · 27 / 6 = 820.
    assert loss.item() == 820 / 15
    torch.testing.assert_close(outputs.grad, 2 * (outputs.detach() - 1) / 15, **tolerances.FLOAT64)


def test_mean_squared_error_of_random_numbers_is_its_closed_form():
    outputs, targets = drawn(0).requires_grad_(), drawn(1)
    loss = MSE(outputs, targets)
    loss.backward()
    pairs = list(zip(outputs.flatten().tolist(), targets.flatten().tolist(), strict=True))
    value = math.fsum((z - y) ** 2 for z, y in pairs) / 15
    slopes = torch.tensor([2 * (z - y) / 15 for z, y in pairs], dtype=torch.float64).reshape(3, 5)
    torch.testing.assert_close(loss.item(), value, **tolerances.FLOAT64)
    torch.testing.assert_close(outputs.grad, slopes, **tolerances.FLOAT64)


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_5():
    scores, classes = torch.zeros(3, 5, dtype=torch.float64, requires_grad=True), torch.tensor([1, 0, 4])
    loss = CROSS_ENTROPY(scores, classes)
    loss.backward()
    # Every class has probability 1/5; the slope is (probability - truth) / rows.
    expected = torch.tensor([[1, -4, 1, 1, 1], [-4, 1, 1, 1, 1], [1, 1, 1, 1, -4]], dtype=torch.float64) / 15
    torch.testing.assert_close(loss.item(), math.log(5), **tolerances.FLOAT64)
    torch.testing.assert_close(scores.grad, expected, **tolerances.FLOAT64)


def test_cross_entropy_of_one_score_of_log_4_among_zeros():
    """Odds of 4 to 1, 1, 1, 1: the class with the score has probability 1/2, the others 1/8 each."""
    scores = torch.zeros(3, 5, dtype=torch.float64)
    scores[:, 2] = math.log(4)
    scores.requires_grad_()
    loss = CROSS_ENTROPY(scores, torch.tensor([2, 2, 0]))
    loss.backward()
    expected = torch.full((3, 5), 1 / 8, dtype=torch.float64)
    expected[:, 2] = 1 / 2
    expected[[0, 1, 2], [2, 2, 0]] -= 1
    torch.testing.assert_close(loss.item(), (math.log(2) + math.log(2) + math.log(8)) / 3, **tolerances.FLOAT64)
    torch.testing.assert_close(scores.grad, expected / 3, **tolerances.FLOAT64)


def test_cross_entropy_of_random_scores_is_its_closed_form():
    scores, classes = drawn(2).requires_grad_(), torch.tensor([1, 0, 4])
    loss = CROSS_ENTROPY(scores, classes)
    loss.backward()
    value, slopes = 0.0, []
    for row, truth in zip(scores.tolist(), classes.tolist(), strict=True):
        total = math.fsum(math.exp(score) for score in row)
        value += (math.log(total) - row[truth]) / 3
        slopes.append([(math.exp(score) / total - (place == truth)) / 3 for place, score in enumerate(row)])
    torch.testing.assert_close(loss.item(), value, **tolerances.FLOAT64)
    torch.testing.assert_close(scores.grad, torch.tensor(slopes, dtype=torch.float64), **tolerances.FLOAT64)
