"""Metrics over draws of rows: scikit-learn's on the rows repeated, as often as they are counted."""

from __future__ import annotations

import numpy as np
import pytest

from fallline.core.task import Target, Task
from fallline.study.metrics import Guess, Scorer
from fallline.study.rescoring import rescored, scored

ROWS = 40
GENERATOR = np.random.default_rng(3)
COUNTS = GENERATOR.multinomial(ROWS, np.full(ROWS, 1 / ROWS), size=12).astype(float)


def target(task: Task, *, classes: int = 0, columns: tuple[str, ...] = ()) -> Target:
    return Target(name="y", task=task, reason="", classes=tuple(range(classes)), columns=columns)


def probabilities(classes: int) -> np.ndarray:
    scores = np.round(GENERATOR.random((ROWS, classes)), 1) + 0.05  # rounded: ties
    return scores / scores.sum(axis=1, keepdims=True)


def of_classes(classes: int, *, probability: bool = True) -> tuple[Scorer, np.ndarray, Guess]:
    task = Task.binary if classes == 2 else Task.multiclass
    truth, score = GENERATOR.integers(classes, size=ROWS), probabilities(classes)
    return Scorer(target(task, classes=classes)), truth, Guess(score.argmax(axis=1), score, probability)


def of_labels() -> tuple[Scorer, np.ndarray, Guess]:
    truth, yes = GENERATOR.integers(2, size=(ROWS, 3)), np.round(GENERATOR.random((ROWS, 3)), 1)
    scorer = Scorer(target(Task.multilabel, columns=("a", "b", "c")))
    return scorer, truth, Guess((yes > 0.5).astype(int), yes, probability=True)


def of_numbers(columns: int = 1, *, quantile: float | None = None, shift: float = 0.0):
    shape = (ROWS,) if columns == 1 else (ROWS, columns)
    truth = GENERATOR.normal(size=shape) + shift
    names = () if columns == 1 else tuple("abc"[:columns])
    scorer = Scorer(target(Task.regression, columns=names), quantile=quantile)
    return scorer, truth, Guess(truth + GENERATOR.normal(size=shape) / 2)


def of_counts() -> tuple[Scorer, np.ndarray, Guess]:
    return Scorer(target(Task.counts)), GENERATOR.poisson(2, ROWS), Guess(GENERATOR.random(ROWS) + 0.5)


CASES = {
    "two classes": of_classes(2),
    "four classes": of_classes(4),
    "no probability": of_classes(3, probability=False),
    "labels": of_labels(),
    "numbers": of_numbers(),
    "numbers far from 0": of_numbers(shift=1e6),
    "several numbers": of_numbers(3),
    "a quantile": of_numbers(quantile=0.9),
    "counts": of_counts(),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_draw_scores_as_its_rows_do_by_scikit_learn(case: tuple[Scorer, np.ndarray, Guess]):
    scorer, truth, guess = case
    for metric in scorer.names:
        by_draw = rescored(scorer, metric, truth, guess, COUNTS)
        for drawn, counts in zip(by_draw, COUNTS.astype(int), strict=True):
            rows = np.repeat(np.arange(ROWS), counts)
            score = None if guess.score is None else guess.score[rows]
            expected = scorer.score(truth[rows], Guess(guess.value[rows], score, guess.probability))[metric]
            if expected is None:
                assert np.isnan(drawn), metric
            else:
                np.testing.assert_allclose(drawn, expected, rtol=1e-7, atol=1e-9, err_msg=metric)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_all_rows_once_score_as_the_scorer_says(case: tuple[Scorer, np.ndarray, Guess], weighted: bool):
    scorer, truth, guess = case
    weights = GENERATOR.uniform(0.5, 2, ROWS) if weighted else None
    for name, expected in scorer.score(truth, guess, weights=weights).items():
        got = scored(scorer, name, truth, guess, weights)
        assert np.isnan(got) if expected is None else got == pytest.approx(expected, rel=1e-7, abs=1e-9), name


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_many_runs_at_once_score_as_each_of_them_does(case: tuple[Scorer, np.ndarray, Guess]):
    scorer, truth, guess = case
    rolled = [
        Guess(
            *(None if each is None else np.roll(each, by, axis=0) for each in (guess.value, guess.score)),
            guess.probability,
        )
        for by in range(3)
    ]
    score = None if guess.score is None else np.stack([each.score for each in rolled])
    together = Guess(np.stack([each.value for each in rolled]), score, guess.probability)
    for metric in scorer.names:
        expected = [rescored(scorer, metric, truth, each, COUNTS) for each in rolled]
        np.testing.assert_allclose(rescored(scorer, metric, truth, together, COUNTS), expected, rtol=1e-12)


def test_the_area_is_the_same_by_pairs_and_by_order(monkeypatch: pytest.MonkeyPatch):
    scorer, truth, guess = CASES["four classes"]
    by_pairs = rescored(scorer, "roc_auc", truth, guess, COUNTS)
    monkeypatch.setattr("fallline.study.rescoring._PAIRS", 0)
    np.testing.assert_allclose(rescored(scorer, "roc_auc", truth, guess, COUNTS), by_pairs, rtol=1e-12)


def test_the_score_of_one_run_may_be_missing_among_others():
    scorer, truth, guess = CASES["two classes"]
    broken = np.where(np.arange(ROWS)[:, None] == 3, np.nan, guess.score)
    together = Guess(np.stack((guess.value, guess.value)), np.stack((broken, guess.score)), guess.probability)
    found = rescored(scorer, "roc_auc", truth, together, np.ones((1, ROWS)))
    assert np.isnan(found[0, 0])
    assert found[1, 0] == scored(scorer, "roc_auc", truth, guess)


def test_a_draw_without_one_of_two_classes_has_no_area():
    scorer, truth, guess = CASES["two classes"]
    assert np.isnan(rescored(scorer, "roc_auc", truth, guess, (truth == 0)[None].astype(float)))[0]


def test_predictions_that_are_no_numbers_have_no_score():
    scorer, truth, guess = CASES["numbers"]
    broken = Guess(np.full_like(guess.value, np.nan))
    assert all(np.isnan(scored(scorer, metric, truth, broken)) for metric in scorer.names)
