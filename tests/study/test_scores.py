"""Test scores and predictions of every kind of study: scikit-learn's, computed afresh from what the folder holds."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import torch
from sklearn import metrics

from fallline.core.task import Task
from fallline.data.schema import encode
from fallline.study.metrics import METRICS
from fallline.study.record import Study
from tests.study.jobs import columns_of, table, titled, train
from tests.tolerances import UNIT_32

NO_PROBABILITY = ("classes by margins", "yes or no by distance", "labels by margins")


def source_rows(study: Study) -> pl.DataFrame:
    """The test rows as they came."""
    return table(*columns_of(study), "weight")[study.predictions()["row"].to_list()]


def outputs_of(study: Study) -> np.ndarray:
    """What the best model says of the test rows ``(row, unit)``."""
    inputs = torch.from_numpy(encode(study.schema, source_rows(study)).inputs)
    with torch.no_grad():
        return study.best.model(inputs.to(getattr(torch, study.best.recipe.dtype))).double().numpy()


def ranks_of(study: Study) -> np.ndarray:
    """How likely the model finds each class or label, by its outputs: of two classes the second alone."""
    outputs, loss = outputs_of(study), study.header.loss
    if loss == "hinge_embedding":
        return -outputs[:, 0]  # a distance: the nearer, the likelier
    if loss == "multi_margin":
        rivals = [np.delete(outputs, label, axis=1).max(axis=1) for label in range(outputs.shape[1])]
        return outputs - np.stack(rivals, axis=1)
    if loss == "multilabel_margin":
        return outputs
    probability = study.predictions().select("^probability of .*$").to_numpy()
    return probability[:, 1] if study.header.task is Task.binary else probability


def of_classes(truth, prediction, ranks, *, probability: bool, weights) -> dict[str, float | None]:
    labels = sorted(set(truth))
    areas = [(truth == labels[-1], ranks)]
    if ranks.ndim == 2:
        areas = [(truth == label, ranks[:, place]) for place, label in enumerate(labels)]
    return {
        "accuracy": metrics.accuracy_score(truth, prediction, sample_weight=weights),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, prediction, sample_weight=weights),
        "log_loss": metrics.log_loss(truth, ranks, sample_weight=weights) if probability else None,
        "roc_auc": np.mean([metrics.roc_auc_score(yes, by, sample_weight=weights) for yes, by in areas]),
    }


def by_scikit_learn(study: Study) -> dict[str, float | None]:
    """The scores of predictions.parquet, column by column, then their mean."""
    frame, task = study.predictions(), study.header.task
    weights = None if study.header.data.weight is None else source_rows(study)["weight"].to_numpy()
    probability = any(name.startswith("probability") for name in frame.columns)
    pairs = zip(titled(study, "truth"), titled(study, "prediction"), strict=True)
    columns = [(frame[truth].to_numpy(), frame[prediction].to_numpy()) for truth, prediction in pairs]
    if task is Task.multilabel:
        ranks = ranks_of(study).T
        each = [
            of_classes(*column, by, probability=probability, weights=weights)
            for column, by in zip(columns, ranks, strict=True)
        ]
    elif task.classifies:
        each = [of_classes(*columns[0], ranks_of(study), probability=probability, weights=weights)]
    else:
        each = [of_numbers(study, *column, weights) for column in columns]
    return {
        name: None if each[0][name] is None else float(np.mean([scores[name] for scores in each])) for name in each[0]
    }


def of_numbers(study: Study, truth: np.ndarray, prediction: np.ndarray, weights) -> dict[str, float]:
    scores = {
        "r2": metrics.r2_score(truth, prediction, sample_weight=weights),
        "rmse": metrics.root_mean_squared_error(truth, prediction, sample_weight=weights),
        "mae": metrics.mean_absolute_error(truth, prediction, sample_weight=weights),
    }
    if study.header.task is Task.counts:
        scores["poisson_deviance"] = metrics.mean_poisson_deviance(truth, prediction)
    if study.header.loss == "quantile":
        scores["pinball"] = metrics.mean_pinball_loss(truth, prediction, alpha=0.9)
    return scores


def test_test_scores_are_scikit_learns_of_the_predictions(study: Study):
    assert tuple(study.header.test) == study.header.metrics
    # Row weights go through float32 on their way into training: 6e-8 relative.
    relative = 1e-12 if study.header.data.weight is None else 1e-6
    expected = by_scikit_learn(study)
    undefined = [name for name, value in expected.items() if value is None]
    assert [name for name, value in study.header.test.items() if value is None] == undefined
    for name in set(expected) - set(undefined):
        assert study.header.test[name] == pytest.approx(expected[name], rel=relative)


def test_the_headers_metrics_are_the_tasks_and_what_its_loss_adds(study: Study):
    added = ("pinball",) if study.header.loss == "quantile" else ()
    assert study.header.metrics == (*METRICS[study.header.task], *added)
    assert all(tuple(scores) == study.header.metrics for scores in study.header.baselines.values())
    assert {f"validation_{name}" for name in study.header.metrics} <= set(study.frame().columns)


# --- the columns of the predictions ---


def test_a_prediction_is_the_class_of_the_highest_probability(study: Study):
    frame = study.predictions()
    if not study.header.task.classifies or not any("probability" in name for name in frame.columns):
        return
    probability = frame.select("^probability of .*$")
    labels = [name.removeprefix("probability of ") for name in probability.columns]
    assert labels == [str(label) for label in study.schema.target.classes]
    assert probability.sum_horizontal().is_close(1.0).all()
    highest = [labels[row.index(max(row))] for row in probability.rows()]
    assert [str(label) for label in frame["prediction"]] == highest


def test_a_study_of_every_kind_has_the_columns_of_its_kind(study: Study):
    target, loss = study.schema.target, study.header.loss
    expected = ["row", *titled(study, "truth"), *titled(study, "prediction")]
    if loss not in ("multi_margin", "hinge_embedding", "multilabel_margin"):
        labels = target.columns if study.header.task is Task.multilabel else target.classes
        expected += [f"probability of {label}" for label in labels]
    if loss == "gaussian_nll":
        expected += titled(study, "standard deviation")
    assert study.predictions().columns == expected


def test_a_label_is_predicted_where_it_is_likelier_than_not(study_of: Callable[[str], Study]):
    frame = study_of("labels").predictions()
    for label in ("sold", "let"):
        yes = frame[f"probability of {label}"]
        assert yes.is_between(0, 1).all()
        assert frame[f"prediction of {label}"].to_list() == (yes > 0.5).cast(pl.Int64).to_list()


def test_several_numbers_are_each_in_their_own_unit(study_of: Callable[[str], Study]):
    frame = study_of("two numbers").predictions()
    for column in ("price", "rent"):
        truth = frame[f"truth of {column}"]
        assert truth.min() - truth.std() < frame[f"prediction of {column}"].mean() < truth.max() + truth.std()


@pytest.mark.parametrize("kind", ["regression with a deviation", "two numbers with deviations"])
def test_a_gaussian_loss_predicts_a_deviation_in_the_targets_unit(study_of: Callable[[str], Study], kind: str):
    study = study_of(kind)
    target, frame = study.schema.target, study.predictions()
    spread = np.sqrt(np.log1p(np.exp(outputs_of(study)[:, target.width :])))
    for place, (name, scale) in enumerate(zip(titled(study, "standard deviation"), target.scale, strict=True)):
        assert (frame[name] > 0).all()
        torch.testing.assert_close(frame[name].to_torch(), torch.from_numpy(spread[:, place] * scale), **UNIT_32)
    assert "standard deviation" not in study_of("regression").predictions().columns


# --- what has no probability, what is a quantile ---


@pytest.mark.parametrize("kind", NO_PROBABILITY)
def test_a_loss_without_probabilities_has_no_log_loss_and_ranks_by_its_scores(study_of, kind: str):
    study = study_of(kind)
    assert (study.header.test["log_loss"], study.frame()["validation_log_loss"].to_list()) == (None, [None])
    assert 0 < study.header.test["roc_auc"] <= 1
    assert all(scores["log_loss"] is not None for scores in study.header.baselines.values())
    assert not any("probability" in name for name in study.predict(source_rows(study)).frame().columns)
    assert study.report().read_text(encoding="utf-8").count("log loss")
    (study.path / "report.html").unlink()


def test_a_quantile_is_ranked_by_its_pinball_loss_beside_models_of_the_same_quantile(study_of):
    header = study_of("a quantile").header
    assert header.ranking == "pinball"
    assert list(header.baselines) == ["quantile", "gradient_boosting"]
    assert "reaches pinball loss" in header.conclusion
    assert "the quantile of all rows" in header.conclusion


def test_the_median_is_a_regression_like_any_other(tmp_path):
    given = {"loss": "quantile", "loss_options": {"quantile": 0.5}, "epochs": 1, "learning_rate": 0.01}
    header = train(table("price"), "price", **given, out=tmp_path / "study").header
    assert (header.ranking, header.metrics) == ("rmse", METRICS[Task.regression])
    assert list(header.baselines) == ["mean", "ridge", "gradient_boosting"]
