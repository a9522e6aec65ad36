"""What a network has to beat: scikit-learn's models, fitted by hand on the same rows."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV

from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.study.baselines import baselines
from fallline.study.metrics import METRICS, Scorer, Scores
from tests.reference.sets import dataset

SIZES = (90, 30, 40)
OF_CLASSES, OF_NUMBERS = ["majority", "logistic", "gradient_boosting"], ["mean", "ridge", "gradient_boosting"]


def rivals(data: Dataset, *, quantile: float | None = None) -> dict[str, Scores]:
    return baselines(data, Scorer(data.target, quantile))


def parts(data: Dataset) -> tuple[np.ndarray, ...]:
    """Inputs, truth and weights of the training rows, then of the test rows."""
    return tuple(
        None if values is None else values.double().numpy()
        for split in (data.train, data.test)
        for values in (split.inputs, split.targets, split.weights)
    )


@pytest.mark.parametrize("task", METRICS)
def test_a_task_has_three_baselines_with_all_its_metrics(task: Task):
    found = rivals(dataset(task, rows=SIZES))
    assert list(found) == (OF_CLASSES if task.classifies or task is Task.multilabel else OF_NUMBERS)
    assert all(list(scores) == list(METRICS[task]) for scores in found.values())
    undefined = {(name, metric) for name, scores in found.items() for metric, value in scores.items() if value is None}
    # A line knows no bounds: where it gives a count below 0, that count has no deviance.
    assert undefined <= {("ridge", "poisson_deviance")}


@pytest.mark.parametrize("weighted", [False, True])
def test_the_mean_is_that_of_the_training_rows(weighted: bool):
    data = dataset(rows=SIZES, weighted=weighted)
    _, truth, weights, _, unseen, unseen_weights = parts(data)
    errors = unseen - np.average(truth, weights=weights)
    scores = rivals(data)["mean"]
    assert scores["rmse"] == pytest.approx(np.sqrt(np.average(errors**2, weights=unseen_weights)))
    assert scores["mae"] == pytest.approx(np.average(abs(errors), weights=unseen_weights))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_majority_is_the_training_rows_most_frequent_class_with_its_shares_as_probabilities(weighted: bool):
    data = dataset(Task.multiclass, rows=SIZES, weighted=weighted)
    _, truth, weights, _, unseen, unseen_weights = parts(data)
    shares = np.bincount(truth.astype(int), weights=weights) / np.sum(np.ones(90) if weights is None else weights)
    scores = rivals(data)["majority"]
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
    assert rivals(data)[name] == {
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
    assert rivals(data)[name] == pytest.approx(
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
    assert rivals(data)["gradient_boosting"]["poisson_deviance"] == deviance


def test_a_class_without_training_rows_is_given_no_probability():
    data = dataset(Task.multiclass, rows=SIZES)
    missing = data.train.targets == 2
    data.train.targets[missing] = 1
    data.test.targets[:3] = 2
    scores = rivals(data)["logistic"]
    assert scores["log_loss"] > 3 / 40 * 30  # each of its rows costs -log of the smallest number above 0
    assert scores["roc_auc"] is not None


# --- several columns ---


def columnwise(data: Dataset) -> list[Dataset]:
    """Each target column as a data set of its own, its target one column of the same task."""
    one = Task.binary if data.target.task is Task.multilabel else data.target.task
    target = dataset(one).target
    return [
        replace(
            data,
            target=target,
            **{
                part: replace(getattr(data, part), targets=getattr(data, part).targets[:, place])
                for part in ("train", "validation", "test")
            },
        )
        for place in range(data.target.width)
    ]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", [Task.regression, Task.multilabel])
def test_of_several_columns_each_has_models_of_its_own(task: Task, weighted: bool):
    data = dataset(task, rows=SIZES, several=True, weighted=weighted)
    alone = [rivals(column) for column in columnwise(data)]
    for name, scores in rivals(data).items():
        for metric, value in scores.items():
            assert value == pytest.approx(np.mean([each[name][metric] for each in alone]), rel=1e-12)


def test_a_label_that_all_training_rows_agree_on_is_guessed_as_they_are():
    data = dataset(Task.multilabel, rows=SIZES)
    data.train.targets[:, 0] = 1
    found = rivals(data)
    assert list(found) == OF_CLASSES
    assert all(value is not None for scores in found.values() for value in scores.values())
    hit = (data.test.targets[:, 0] == 1).double().mean().item()
    data.test.targets[:, 1:] = data.test.targets[:, :1]
    data.train.targets[:, 1:] = 1
    for scores in rivals(data).values():
        assert scores["accuracy"] == pytest.approx(hit)


# --- quantiles ---


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("quantile", [0.1, 0.75])
def test_a_quantile_has_to_beat_models_of_the_same_quantile(quantile: float, several: bool):
    data = dataset(rows=SIZES, several=several)
    inputs, truth, _, unseen_inputs, unseen, _ = parts(data)
    found = rivals(data, quantile=quantile)
    assert list(found) == ["quantile", "gradient_boosting"]
    constant = np.broadcast_to(np.quantile(truth, quantile, axis=0), unseen.shape)
    assert found["quantile"]["pinball"] == pytest.approx(metrics.mean_pinball_loss(unseen, constant, alpha=quantile))
    columns = truth.reshape(len(truth), -1).T
    boosted = [
        HistGradientBoostingRegressor(loss="quantile", quantile=quantile, random_state=0)
        .fit(inputs, column)
        .predict(unseen_inputs)
        for column in columns
    ]
    expected = metrics.mean_pinball_loss(unseen, np.stack(boosted, axis=1).reshape(unseen.shape), alpha=quantile)
    assert found["gradient_boosting"]["pinball"] == pytest.approx(expected)
