"""Scores: closed forms, what is not defined, and what leaves them as they are."""

import math

import numpy as np
import pytest
from sklearn import metrics

from fallline.core.errors import UnknownNameError
from fallline.core.task import Target, Task
from fallline.study.metrics import HIGHER_IS_BETTER, METRICS, RANKING, Guess, Scorer, better
from tests.reference.sets import target_of

TASKS = list(METRICS)
THREE = Scorer(Target(name="y", task=Task.multiclass, reason="it is made so", classes=("a", "b", "c")))
YES_NO = Scorer(target_of(Task.binary))
TWO_NUMBERS = Scorer(target_of(Task.regression, several=True))
TWO_LABELS = Scorer(
    Target(name="rain, wind", columns=("rain", "wind"), task=Task.multilabel, reason="it is made so", mean=(0.0, 0.0))
)
RANKS = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])


def numbers(truth: list, prediction: list, *, task: Task = Task.regression, weights=None) -> dict:
    weights = None if weights is None else np.array(weights)
    return Scorer(target_of(task)).score(np.array(truth), Guess(np.array(prediction)), weights=weights)


def guessed(score: np.ndarray, *, probability: bool = True) -> Guess:
    """The classes of the highest scores."""
    return Guess(score.argmax(1), score, probability)


def drawn(task: Task, rows: int, seed: int) -> tuple[np.ndarray, Guess]:
    """A truth of any task, and a guess at random."""
    generator, target = np.random.default_rng(seed), target_of(task)
    if task.classifies:
        return np.arange(rows) % len(target.classes), guessed(generator.dirichlet(np.ones(len(target.classes)), rows))
    if task is Task.multilabel:
        yes = generator.random((rows, target.width))
        return generator.integers(0, 2, yes.shape), Guess((yes > 0.5).astype(int), yes, probability=True)
    return generator.poisson(3, rows).astype(float), Guess(generator.uniform(1, 5, rows))


def taken(guess: Guess, rows: np.ndarray) -> Guess:
    return Guess(guess.value[rows], None if guess.score is None else guess.score[rows], guess.probability)


# --- numbers ---


def test_a_regression_has_its_closed_form():
    # Squared errors 0, 0, 0, 4 and a variance of 5/4.
    assert numbers([1.0, 2, 3, 4], [1.0, 2, 3, 6]) == pytest.approx({"r2": 0.2, "rmse": 1.0, "mae": 0.5})


def test_a_perfect_regression_has_no_error():
    assert numbers([1.0, 2, 4], [1.0, 2, 4]) == {"r2": 1.0, "rmse": 0.0, "mae": 0.0}


def test_the_mean_as_prediction_has_an_r2_of_0():
    assert numbers([1.0, 2, 6], [3.0, 3, 3])["r2"] == 0.0


def test_another_unit_scales_the_errors_and_leaves_r2():
    truth, prediction = [1.0, 2, 3, 5], [1.5, 2, 2, 6]
    one = numbers(truth, prediction)
    other = numbers([100 * value + 7 for value in truth], [100 * value + 7 for value in prediction])
    assert other == pytest.approx({"r2": one["r2"], "rmse": 100 * one["rmse"], "mae": 100 * one["mae"]})


def test_of_several_columns_each_metric_is_the_mean_over_them():
    # Errors 0, 0, 0, 2 in the first column; 1, -1, 1, -1 in the second, whose variance is 5.
    truth = np.array([[1.0, 10], [2, 12], [3, 14], [4, 16]])
    prediction = np.array([[1.0, 11], [2, 11], [3, 15], [6, 15]])
    expected = {"r2": (0.2 + 0.8) / 2, "rmse": (1 + 1) / 2, "mae": (0.5 + 1) / 2}
    assert TWO_NUMBERS.score(truth, Guess(prediction)) == pytest.approx(expected)
    alone = [numbers(list(one), list(other)) for one, other in zip(truth.T, prediction.T, strict=True)]
    assert expected == pytest.approx({name: (alone[0][name] + alone[1][name]) / 2 for name in expected})


def test_counts_have_their_deviance():
    truth, rate = [1.0, 4.0], [2.0, 2.0]
    deviance = 2 * ((math.log(1 / 2) - (1 - 2)) + (4 * math.log(4 / 2) - (4 - 2))) / 2
    assert numbers(truth, rate, task=Task.counts)["poisson_deviance"] == pytest.approx(deviance)


def test_a_count_that_was_deemed_impossible_has_no_deviance_but_other_scores():
    scores = numbers([1.0, 4.0], [0.0, 2.0], task=Task.counts)
    assert scores["poisson_deviance"] is None
    assert scores["mae"] == 1.5


def test_a_quantile_has_its_pinball_loss_and_is_ranked_by_it():
    scorer = Scorer(target_of(Task.regression), quantile=0.9)
    assert scorer.names == ("r2", "rmse", "mae", "pinball")
    assert scorer.ranking == "pinball"
    assert not better("pinball", 2.0, than=1.0)
    # Two below at 0.9 each unit, one above at 0.1 each.
    scores = scorer.score(np.array([4.0, 6, 1]), Guess(np.array([3.0, 4, 6])))
    assert scores["pinball"] == pytest.approx((0.9 * 1 + 0.9 * 2 + 0.1 * 5) / 3)
    assert scores["mae"] == pytest.approx(8 / 3)


def test_the_pinball_loss_of_several_columns_is_the_mean_over_them():
    scorer = Scorer(target_of(Task.regression, several=True), quantile=0.25)
    scores = scorer.score(np.array([[1.0, 0.0], [3.0, 4.0]]), Guess(np.array([[3.0, 0.0], [3.0, 0.0]])))
    assert scores["pinball"] == pytest.approx(((0.75 * 2 + 0) / 2 + (0 + 0.25 * 4) / 2) / 2)


# --- classes ---


def test_two_classes_have_their_closed_forms():
    scores = YES_NO.score(np.array([0, 0, 1, 1]), guessed(RANKS))
    # The yes-row at 0.35 ranks below the no-row at 0.4: three of the four pairs are in order.
    log_loss = -(math.log(0.9) + math.log(0.6) + math.log(0.35) + math.log(0.8)) / 4
    expected = {"accuracy": 0.75, "balanced_accuracy": 0.75, "log_loss": log_loss, "roc_auc": 0.75}
    assert scores == pytest.approx(expected)


def test_balanced_accuracy_counts_each_class_the_same():
    truth = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    scores = THREE.score(truth, Guess(np.array([0, 0, 0, 0, 1, 0, 0, 0])))
    assert scores["accuracy"] == 5 / 8
    assert scores["balanced_accuracy"] == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_classes_alone_have_neither_log_loss_nor_roc_auc():
    scores = YES_NO.score(np.array([0, 1]), Guess(np.array([0, 1])))
    assert scores == {"accuracy": 1.0, "balanced_accuracy": 1.0, "log_loss": None, "roc_auc": None}


def test_scores_that_are_no_probabilities_rank_but_have_no_log_loss():
    truth, margins = np.array([0, 0, 1, 1]), np.array([[3.0, -3], [0.1, -0.1], [0.4, -0.4], [-9, 9]])
    scores = YES_NO.score(truth, guessed(margins, probability=False))
    assert scores["log_loss"] is None
    assert scores["roc_auc"] == metrics.roc_auc_score(truth, margins[:, 1]) == 0.75


def test_scores_of_several_classes_rank_each_class_against_the_rest():
    generator = np.random.default_rng(2)
    truth, margins = np.arange(30) % 3, generator.normal(size=(30, 3)) * 4
    scores = THREE.score(truth, guessed(margins, probability=False))
    by_hand = np.mean([metrics.roc_auc_score(truth == label, margins[:, label]) for label in range(3)])
    assert (scores["log_loss"], scores["roc_auc"]) == (None, pytest.approx(by_hand))


def test_of_probabilities_the_area_is_scikit_learns_macro_average():
    truth, guess = drawn(Task.multiclass, 40, seed=6)
    expected = metrics.roc_auc_score(truth, guess.score, multi_class="ovr")
    assert THREE.score(truth, guess)["roc_auc"] == pytest.approx(expected, rel=1e-12)


def test_a_class_without_rows_leaves_only_roc_auc_undefined():
    probability = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2]])
    scores = THREE.score(np.array([0, 1, 1]), guessed(probability))
    assert scores["roc_auc"] is None
    assert scores["balanced_accuracy"] == pytest.approx((1 + 1 / 2) / 2)  # over the two classes that are there
    assert scores["log_loss"] == pytest.approx(-(math.log(0.5) + math.log(0.7) + math.log(0.2)) / 3)


# --- several labels ---

LABELS = np.array([[0, 1], [0, 0], [1, 1], [1, 0]])
YES = np.array([[0.1, 0.9], [0.4, 0.2], [0.35, 0.7], [0.8, 0.6]])


def test_of_several_labels_each_metric_is_the_mean_over_them():
    scores = TWO_LABELS.score(LABELS, Guess((YES > 0.5).astype(int), YES, probability=True))
    rain = -(math.log(0.9) + math.log(0.6) + math.log(0.35) + math.log(0.8)) / 4
    wind = -(math.log(0.9) + math.log(0.8) + math.log(0.7) + math.log(0.4)) / 4
    expected = {"accuracy": 0.75, "balanced_accuracy": 0.75, "log_loss": (rain + wind) / 2, "roc_auc": (0.75 + 1) / 2}
    assert scores == pytest.approx(expected)


def test_labels_ranked_by_scores_have_no_log_loss():
    scores = TWO_LABELS.score(LABELS, Guess((YES > 0.5).astype(int), 10 * YES - 5))
    assert (scores["log_loss"], scores["roc_auc"]) == (None, pytest.approx((0.75 + 1) / 2))


def test_a_label_that_all_rows_agree_on_is_left_out_of_the_area_alone():
    truth = LABELS.copy()
    truth[:, 1] = 0
    scores = TWO_LABELS.score(truth, Guess((YES > 0.5).astype(int), YES, probability=True))
    assert scores["roc_auc"] == 0.75
    assert scores["accuracy"] == pytest.approx((0.75 + 0.25) / 2)
    truth[:, 0] = 1
    scores = TWO_LABELS.score(truth, Guess((YES > 0.5).astype(int), YES, probability=True))
    assert scores["roc_auc"] is None
    assert scores["log_loss"] is not None


# --- what holds for every task ---


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("task", TASKS)
def test_a_prediction_that_is_not_finite_has_no_score(task: Task, value: float):
    truth, guess = drawn(task, 6, seed=1)
    values = guess.value.astype(float)
    values.flat[1] = value
    assert Scorer(target_of(task)).score(truth, Guess(values)) == dict.fromkeys(METRICS[task])


def test_an_error_too_large_for_a_float_has_no_square_but_a_size():
    scores = numbers([1e300, -1e300, 5e299], [0.0, 0, 0])
    assert (scores["r2"], scores["rmse"]) == (None, None)
    assert scores["mae"] == pytest.approx(2.5e300 / 3)


def test_a_probability_that_is_not_finite_has_no_score():
    probability = np.array([[0.5, 0.5], [math.nan, math.nan]])
    scores = YES_NO.score(np.array([0, 1]), Guess(np.array([0, 0]), probability, probability=True))
    assert set(scores.values()) == {None}


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_weight_2_counts_as_two_rows(task: Task):
    scorer, (truth, guess) = Scorer(target_of(task)), drawn(task, 30, seed=3)
    twice = np.random.default_rng(3).integers(1, 3, 30)
    repeated = np.repeat(np.arange(30), twice)
    weighted = scorer.score(truth, guess, weights=twice.astype(float))
    assert list(weighted) == list(METRICS[task])
    assert weighted == pytest.approx(scorer.score(truth[repeated], taken(guess, repeated)))


@pytest.mark.parametrize("task", TASKS)
def test_the_order_of_the_rows_does_not_matter(task: Task):
    scorer, (truth, guess) = Scorer(target_of(task)), drawn(task, 20, seed=4)
    order = np.random.default_rng(4).permutation(20)
    assert scorer.score(truth, guess) == pytest.approx(scorer.score(truth[order], taken(guess, order)))


# --- comparing ---


@pytest.mark.parametrize(
    ("metric", "score", "than", "expected"),
    [
        ("rmse", 1.0, 2.0, True),
        ("rmse", 2.0, 1.0, False),
        ("roc_auc", 0.9, 0.8, True),
        ("roc_auc", 0.8, 0.9, False),
        ("accuracy", 0.5, 0.5, False),
        ("log_loss", 0.5, 0.5, False),
        ("r2", None, 0.1, False),
        ("r2", -5.0, None, True),
        ("r2", None, None, False),
    ],
)
def test_a_score_beats_another_if_it_is_better_or_the_only_one(metric, score, than, expected):
    assert better(metric, score, than=than) is expected


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_ranked_by_one_of_its_metrics(task: Task):
    scorer = Scorer(target_of(task))
    assert scorer.names == METRICS[task]
    assert scorer.ranking == RANKING[task]
    assert RANKING[task] in METRICS[task]
    assert {name for names in METRICS.values() for name in names} >= HIGHER_IS_BETTER


def test_a_metric_of_another_task_is_refused_and_the_nearest_of_this_one_suggested():
    assert YES_NO.named("accuracy") == "accuracy"
    with pytest.raises(UnknownNameError, match="roc_auc") as caught:
        YES_NO.named("acuracy")
    assert "accuracy" in str(caught.value.hints["do"])
    with pytest.raises(UnknownNameError):
        YES_NO.named("rmse")
    with pytest.raises(UnknownNameError):
        Scorer(target_of(Task.regression)).named("pinball")
    assert Scorer(target_of(Task.regression), quantile=0.5).named("pinball") == "pinball"
