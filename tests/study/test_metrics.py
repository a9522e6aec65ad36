"""Scores: closed forms, what is not defined, and what leaves them as they are."""

import math

import numpy as np
import pytest

from fallline.core.errors import UnknownNameError
from fallline.core.task import Target, Task
from fallline.study.metrics import HIGHER_IS_BETTER, METRICS, RANKING, better, metric_named, score
from tests.reference.sets import target_of

TASKS = list(METRICS)
THREE = Target(name="y", task=Task.multiclass, reason="it is made so", classes=("a", "b", "c"))
YES_NO = target_of(Task.binary)
RANKS = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])


def numbers(truth: list[float], prediction: list[float], *, task: Task = Task.regression, weights=None) -> dict:
    weights = None if weights is None else np.array(weights)
    return score(target_of(task), np.array(truth), np.array(prediction), weights=weights)


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


def test_counts_have_their_deviance():
    truth, rate = [1.0, 4.0], [2.0, 2.0]
    deviance = 2 * ((math.log(1 / 2) - (1 - 2)) + (4 * math.log(4 / 2) - (4 - 2))) / 2
    assert numbers(truth, rate, task=Task.counts)["poisson_deviance"] == pytest.approx(deviance)


def test_a_count_that_was_deemed_impossible_has_no_deviance_but_other_scores():
    scores = numbers([1.0, 4.0], [0.0, 2.0], task=Task.counts)
    assert scores["poisson_deviance"] is None
    assert scores["mae"] == 1.5


def test_two_classes_have_their_closed_forms():
    scores = score(YES_NO, np.array([0, 0, 1, 1]), RANKS.argmax(1), probability=RANKS)
    # The yes-row at 0.35 ranks below the no-row at 0.4: three of the four pairs are in order.
    log_loss = -(math.log(0.9) + math.log(0.6) + math.log(0.35) + math.log(0.8)) / 4
    expected = {"accuracy": 0.75, "balanced_accuracy": 0.75, "log_loss": log_loss, "roc_auc": 0.75}
    assert scores == pytest.approx(expected)


def test_balanced_accuracy_counts_each_class_the_same():
    truth = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    prediction = np.array([0, 0, 0, 0, 1, 0, 0, 0])
    scores = score(THREE, truth, prediction)
    assert scores["accuracy"] == 5 / 8
    assert scores["balanced_accuracy"] == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_without_probabilities_neither_log_loss_nor_roc_auc_is_defined():
    scores = score(YES_NO, np.array([0, 1]), np.array([0, 1]))
    assert scores == {"accuracy": 1.0, "balanced_accuracy": 1.0, "log_loss": None, "roc_auc": None}


def test_a_class_without_rows_leaves_only_roc_auc_undefined():
    probability = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2]])
    scores = score(THREE, np.array([0, 1, 1]), probability.argmax(1), probability=probability)
    assert scores["roc_auc"] is None
    assert scores["balanced_accuracy"] == pytest.approx((1 + 1 / 2) / 2)  # over the two classes that are there
    assert scores["log_loss"] == pytest.approx(-(math.log(0.5) + math.log(0.7) + math.log(0.2)) / 3)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("task", TASKS)
def test_a_prediction_that_is_not_finite_has_no_score(task: Task, value: float):
    truth = np.array([0, 1, 1])
    prediction = np.array([0.0, value, 1])
    assert score(target_of(task), truth, prediction) == dict.fromkeys(METRICS[task])


def test_a_probability_that_is_not_finite_has_no_score():
    probability = np.array([[0.5, 0.5], [math.nan, math.nan]])
    scores = score(YES_NO, np.array([0, 1]), np.array([0, 0]), probability=probability)
    assert set(scores.values()) == {None}


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_weight_2_counts_as_two_rows(task: Task):
    generator = np.random.default_rng(3)
    target, rows = target_of(task), 30
    twice = generator.integers(1, 3, rows)
    probability = None
    if task.classifies:
        probability = generator.dirichlet(np.ones(len(target.classes)), rows)
        truth, prediction = np.arange(rows) % len(target.classes), probability.argmax(1)
    else:
        truth, prediction = generator.poisson(3, rows).astype(float), generator.uniform(1, 5, rows)
    repeated = np.repeat(np.arange(rows), twice)
    weighted = score(target, truth, prediction, probability=probability, weights=twice.astype(float))
    unrolled = score(
        target,
        truth[repeated],
        prediction[repeated],
        probability=None if probability is None else probability[repeated],
    )
    assert list(weighted) == list(METRICS[task])
    assert weighted == pytest.approx(unrolled)


@pytest.mark.parametrize("task", TASKS)
def test_the_order_of_the_rows_does_not_matter(task: Task):
    generator = np.random.default_rng(4)
    target = target_of(task)
    probability = generator.dirichlet(np.ones(max(2, len(target.classes))), 20)
    truth, prediction, order = np.arange(20) % 2, 1.0 + np.arange(20) % 3, generator.permutation(20)
    if task.classifies:
        truth, prediction = np.arange(20) % len(target.classes), probability.argmax(1)
    one = score(target, truth, prediction, probability=probability)
    other = score(target, truth[order], prediction[order], probability=probability[order])
    assert one == pytest.approx(other)


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
    assert RANKING[task] in METRICS[task]
    assert {name for names in METRICS.values() for name in names} >= HIGHER_IS_BETTER


def test_a_metric_of_another_task_is_refused_and_the_nearest_of_this_one_suggested():
    with pytest.raises(UnknownNameError, match="roc_auc") as caught:
        metric_named("acuracy", Task.binary)
    assert "accuracy" in str(caught.value.hints["do"])
    with pytest.raises(UnknownNameError):
        metric_named("rmse", Task.binary)
