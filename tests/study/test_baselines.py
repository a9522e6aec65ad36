"""What a network has to beat: scikit-learn's models, fitted by hand on the same rows."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV

from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.study.baselines import baselines
from fallline.study.metrics import METRICS
from tests.reference.sets import dataset

SIZES = (90, 30, 40)
NAMES = {True: ["majority", "logistic", "gradient_boosting"], False: ["mean", "ridge", "gradient_boosting"]}


def parts(data: Dataset) -> tuple[np.ndarray, ...]:
    """Inputs, truth and weights of the training rows, then of the test rows."""
    return tuple(
        None if values is None else values.double().numpy()
        for split in (data.train, data.test)
        for values in (split.inputs, split.targets, split.weights)
    )


@pytest.mark.parametrize("task", METRICS)
def test_a_task_has_three_baselines_with_all_its_metrics(task: Task):
    found = baselines(dataset(task, rows=SIZES))
    assert list(found) == NAMES[task.classifies]
    assert all(list(scores) == list(METRICS[task]) for scores in found.values())
    undefined = {(name, metric) for name, scores in found.items() for metric, value in scores.items() if value is None}
    # A line knows no bounds: where it gives a count below 0, that count has no deviance.
    assert undefined <= {("ridge", "poisson_deviance")}


@pytest.mark.parametrize("weighted", [False, True])
def test_the_mean_is_that_of_the_training_rows(weighted: bool):
    data = dataset(rows=SIZES, weighted=weighted)
    _, truth, weights, _, unseen, unseen_weights = parts(data)
    errors = unseen - np.average(truth, weights=weights)
    scores = baselines(data)["mean"]
    assert scores["rmse"] == pytest.approx(np.sqrt(np.average(errors**2, weights=unseen_weights)))
    assert scores["mae"] == pytest.approx(np.average(abs(errors), weights=unseen_weights))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_majority_is_the_training_rows_most_frequent_class_with_its_shares_as_probabilities(weighted: bool):
    data = dataset(Task.multiclass, rows=SIZES, weighted=weighted)
    _, truth, weights, _, unseen, unseen_weights = parts(data)
    shares = np.bincount(truth.astype(int), weights=weights) / np.sum(np.ones(90) if weights is None else weights)
    scores = baselines(data)["majority"]
    assert scores["accuracy"] == pytest.approx(np.average(unseen == shares.argmax(), weights=unseen_weights))
    assert scores["log_loss"] == pytest.approx(np.average(-np.log(shares[unseen.astype(int)]), weights=unseen_weights))
    assert (scores["balanced_accuracy"], scores["roc_auc"]) == (pytest.approx(1 / 3), 0.5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["ridge", "gradient_boosting"])
def test_a_regression_is_scikit_learns_on_the_same_rows(name: str, weighted: bool):
    data = dataset(rows=SIZES, weighted=weighted)
    inputs, truth, weights, unseen_inputs, unseen, unseen_weights = parts(data)
    model = {
        "ridge": RidgeCV(alphas=np.logspace(-3, 3, 13)),
        "gradient_boosting": HistGradientBoostingRegressor(random_state=0),
    }[name]
    prediction = model.fit(inputs, truth, sample_weight=weights).predict(unseen_inputs)
    assert baselines(data)[name] == {
        "r2": metrics.r2_score(unseen, prediction, sample_weight=unseen_weights),
        "rmse": metrics.root_mean_squared_error(unseen, prediction, sample_weight=unseen_weights),
        "mae": metrics.mean_absolute_error(unseen, prediction, sample_weight=unseen_weights),
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["logistic", "gradient_boosting"])
@pytest.mark.parametrize("task", [Task.binary, Task.multiclass])
def test_a_classification_is_scikit_learns_on_the_same_rows(task: Task, name: str, weighted: bool):
    data = dataset(task, rows=SIZES, weighted=weighted)
    inputs, truth, weights, unseen_inputs, unseen, unseen_weights = parts(data)
    model = {
        "logistic": LogisticRegression(max_iter=2000),
        "gradient_boosting": HistGradientBoostingClassifier(random_state=0),
    }[name]
    model.fit(inputs, truth, sample_weight=weights)
    prediction, probability = model.predict(unseen_inputs), model.predict_proba(unseen_inputs)
    ranks = probability[:, 1] if task is Task.binary else probability
    assert baselines(data)[name] == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(unseen, prediction, sample_weight=unseen_weights),
            "balanced_accuracy": metrics.balanced_accuracy_score(unseen, prediction, sample_weight=unseen_weights),
            "log_loss": metrics.log_loss(unseen, probability, sample_weight=unseen_weights),
            "roc_auc": metrics.roc_auc_score(unseen, ranks, multi_class="ovr", sample_weight=unseen_weights),
        },
        rel=1e-12,
    )


def test_counts_are_boosted_by_their_deviance():
    data = dataset(Task.counts, rows=SIZES)
    inputs, truth, _, unseen_inputs, unseen, _ = parts(data)
    prediction = HistGradientBoostingRegressor(loss="poisson", random_state=0).fit(inputs, truth).predict(unseen_inputs)
    deviance = metrics.mean_poisson_deviance(unseen, prediction)
    assert baselines(data)["gradient_boosting"]["poisson_deviance"] == deviance


def test_a_class_without_training_rows_is_given_no_probability():
    data = dataset(Task.multiclass, rows=SIZES)
    missing = data.train.targets == 2
    data.train.targets[missing] = 1
    data.test.targets[:3] = 2
    scores = baselines(data)["logistic"]
    assert scores["log_loss"] > 3 / 40 * 30  # each of its rows costs -log of the smallest number above 0
    assert scores["roc_auc"] is not None
