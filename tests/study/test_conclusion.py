"""The one sentence that a study's numbers support."""

import re
from pathlib import Path

import polars as pl
import pytest

from fallline.study.conclusion import conclusion
from fallline.study.header import Header
from fallline.study.record import Study
from tests.study.contests import SPACE, contest
from tests.study.jobs import table, train


@pytest.fixture
def header(study_of) -> Header:
    return study_of("multiclass").header


def said(header: Header, mine: float | None, *, test: int = 500, **rivals: float | None) -> str:
    scores = {name: {"balanced_accuracy": value} for name, value in rivals.items()}
    split = header.split.model_copy(update={"test": test})
    return conclusion(
        header.model_copy(update={"test": {"balanced_accuracy": mine}, "baselines": scores, "split": split})
    )


def test_the_sentence_of_a_study_is_that_of_its_header(study: Study):
    assert study.header.conclusion == conclusion(study.header)


def test_baselines_are_beaten_met_or_ahead(header: Header):
    assert said(header, 0.8, majority=0.3, logistic=0.8, gradient_boosting=0.9) == (
        "adamw at learning rate 0.02 reaches balanced accuracy 0.8 on 500 test rows: "
        "better than the majority class (0.3), level with logistic regression (0.8), behind gradient boosting (0.9)."
    )


def test_baselines_of_one_kind_are_listed_together(header: Header):
    text = said(header, 0.95, majority=0.3, logistic=0.8, gradient_boosting=0.9)
    assert text.endswith("better than the majority class (0.3), logistic regression (0.8) and gradient boosting (0.9).")


def test_scores_that_read_the_same_are_level(header: Header):
    assert "level with logistic regression" in said(header, 0.80000001, logistic=0.8)


def test_a_lower_error_is_better(study_of):
    header = study_of("regression").header
    baselines = {"mean": {"rmse": 10.0}, "ridge": {"rmse": 1.0}}
    changed = header.model_copy(update={"test": {"rmse": 5.0}, "baselines": baselines})
    assert "RMSE 5 on 30 test rows: better than the mean (10), behind ridge regression (1)" in conclusion(changed)


def test_few_test_rows_are_cautioned_of(header: Header):
    assert "chance" in said(header, 0.8, test=199, majority=0.3)
    assert "chance" not in said(header, 0.8, test=200, majority=0.3)


def test_a_score_that_is_not_defined_is_compared_with_nothing(header: Header):
    assert said(header, None, majority=0.3) == (
        "adamw at learning rate 0.02 has no balanced accuracy on 500 test rows: it is not defined for what they hold."
    )


def test_a_baseline_without_a_score_is_not_compared_with(header: Header):
    assert said(header, 0.1, majority=None).endswith(" reaches balanced accuracy 0.1 on 500 test rows.")
    assert said(header, 0.1, test=9, majority=None).endswith(
        " on 9 test rows; with so few test rows, small differences are chance."
    )
    assert said(header, 0.1, majority=None, logistic=0.2).endswith("rows: behind logistic regression (0.2).")


def test_where_every_run_diverged_that_is_the_sentence(hopeless: Study):
    assert conclusion(hopeless.header).startswith("Every run diverged")


def test_every_task_has_its_sentence(study: Study):
    assert study.header.conclusion.startswith("adamw at learning rate 0.02 reaches ")
    # So few steps may not get beyond the majority.
    assert re.search(r" on 30 test rows: (better than|level with) the ", study.header.conclusion)


def test_a_suspected_leak_is_part_of_the_sentence(header: Header):
    one, two = (header.model_copy(update={"leaks": columns}) for columns in (("id",), ("id", "name")))
    assert "leak" not in said(header, 0.9, majority=0.3)
    assert said(one, 0.9, majority=0.3).endswith("(0.3); suspect a leak, as id alone tells the target.")
    assert said(two, 0.9, majority=0.3).endswith("(0.3); suspect a leak, as id and name each alone tell the target.")


def test_a_table_with_a_leak_has_it_in_its_studys_sentence(tmp_path):
    leaky = table("price").with_columns(cents=pl.col("price") * 100)
    header = train(leaky, target="price", epochs=2, widths=(4,), learning_rate=0.01, out=tmp_path / "study").header
    assert header.leaks == ("cents",)
    assert header.conclusion.endswith("suspect a leak, as cents alone tells the target.")


@pytest.mark.parametrize(
    ("level", "expected"), [(1, "the next one being distinguishable"), (2, "the next one being in")]
)
def test_a_single_recipe_that_follows_is_said_in_the_singular(tmp_path: Path, level: int, expected: str):
    header = contest(space={**SPACE, "optimizer": "adam"}, out=tmp_path / "study").header
    compared = header.comparison.model_copy(update={"compared": 2, "level": level})
    assert expected in conclusion(header.model_copy(update={"comparison": compared}))
