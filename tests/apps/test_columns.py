"""What is said of a table on the command line: its columns, its layout, its split. Each flag does what it says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import fallline as fl
from fallline.study.record import Study
from tests.apps.command import Command

ROWS = 120
SHORT = ["--epochs", "1", "--widths", "4", "--lr", "0.02"]
GRADES = ["small", "middling", "large"]


@pytest.fixture
def messy(home: Path) -> pl.DataFrame:
    """A table as people make them, also as ``messy.csv``: a row number, gaps as ?, dates, patients, grades, codes."""
    generator, number = np.random.default_rng(11), np.arange(ROWS)
    height, code, grade = generator.normal(170, 9, ROWS), generator.integers(1, 5, ROWS), generator.integers(0, 3, ROWS)
    signal = (height - 170) / 9 + grade - (code == 2)
    frame = pl.DataFrame(
        {
            "row": number + 1,
            "seen": pl.Series(np.datetime64("2021-01-01") + generator.permutation(ROWS)).cast(pl.Date),
            "patient": generator.integers(0, 12, ROWS),
            "height": np.where(number % 13 == 0, "?", np.char.mod("%.1f", height)),
            "code": code,
            "grade": np.array(GRADES)[grade],
            "score": 50 + 4 * signal + generator.normal(0, 1, ROWS),
            "rain": (signal > 1).astype(int),
            "wind": (generator.random(ROWS) < 0.5).astype(int),
        }
    )
    frame.write_csv(home / "messy.csv")
    return frame


@pytest.fixture
def trained(fallline: Command, messy: pl.DataFrame) -> Callable[..., Study]:
    """Train on ``messy.csv``, or another file, and open the study."""

    def train(*arguments: str, target: str = "score", source: str = "messy.csv") -> Study:
        number = len(list(Path().glob("study*")))
        out = f"study{number}"
        ended = fallline("train", source, "--target", target, *SHORT, "--quiet", "--out", out, *arguments)
        assert (ended.code, ended.err) == (0, "")
        return fl.open(out)

    return train


def kinds(study: Study) -> dict[str, str]:
    return {column.name: column.kind for column in study.schema.columns}


def rows_of(study: Study) -> dict[str, int]:
    return study.to_dict()["rows"]


# --- the columns ---


def test_without_a_word_each_column_is_what_it_looks_like(trained: Callable[..., Study]):
    study = trained()
    assert kinds(study) == {
        "row": "dropped",
        "seen": "date",
        "patient": "numeric",
        "height": "numeric",
        "code": "numeric",
        "grade": "categorical",
        "rain": "numeric",
        "wind": "numeric",
    }
    assert "height missing" in study.schema.features


def test_dropped_columns_give_no_features(trained: Callable[..., Study]):
    study = trained("--drop", "rain, wind,seen")
    assert {name for name, kind in kinds(study).items() if kind == "dropped"} == {"row", "rain", "wind", "seen"}
    assert not any(feature.startswith(("rain", "wind", "seen")) for feature in study.schema.features)
    assert any("Dropped seen, rain, wind: asked for" in note for note in study.header.notes)


def test_only_the_columns_that_are_named_give_features(trained: Callable[..., Study]):
    study = trained("--only", "code,grade")
    assert study.schema.features == ("code", "grade=large", "grade=middling", "grade=small")


def test_a_column_may_be_named_by_its_position(trained: Callable[..., Study]):
    assert trained("--only", "5,-4").schema.features == trained("--only", "code,grade").schema.features


def test_numbers_may_be_categories(trained: Callable[..., Study]):
    study = trained("--categorical", "code,patient")
    assert (kinds(study)["code"], kinds(study)["patient"]) == ("categorical", "categorical")
    assert {"code=1", "code=4", "patient=7"} <= set(study.schema.features)


def test_what_looks_like_an_identifier_may_be_a_number(trained: Callable[..., Study]):
    study = trained("--numeric", "row")
    assert kinds(study)["row"] == "numeric"
    assert "row" in study.schema.features


def test_categories_may_have_an_order(trained: Callable[..., Study]):
    study = trained("--ordered", "grade=small, middling, large", "--ordered", "code=4,3,2,1", "--only", "grade,code")
    assert study.schema.features == ("code", "grade")
    assert (kinds(study)["grade"], kinds(study)["code"]) == ("ordered", "ordered")
    new = pl.DataFrame({"grade": GRADES * 4, "code": [4] * 12})
    first = study.predict(new).values
    assert np.array_equal(first, study.predict(new.with_columns(code=pl.lit("4"))).values)
    assert len(set(first)) == 3


def test_what_was_said_of_the_columns_holds_for_new_rows(
    fallline: Command, trained: Callable[..., Study], messy: pl.DataFrame
):
    study = trained("--drop", "seen", "--categorical", "code", "--ordered", "grade=small,middling,large")
    needed = messy.drop("seen", "row", "score")
    needed.write_csv("new.csv")
    ended = fallline("predict", study.path, "new.csv")
    assert (ended.code, ended.err, len(ended.out.splitlines())) == (0, "", ROWS + 1)
    needed.with_columns(code=pl.lit(9)).write_csv("new.csv")
    assert (
        "code: 120 rows with a category that training never saw ('9')" in fallline("predict", study.path, "new.csv").err
    )
    needed.with_columns(grade=pl.lit("huge")).write_csv("new.csv")
    assert "'huge'" in fallline("predict", study.path, "new.csv").err


# --- the layout ---


def test_a_first_line_of_numbers_is_names_where_that_is_said(trained: Callable[..., Study]):
    Path("years.csv").write_text("2020,2021,2022\n" + "".join(f"{n},{n % 7},{n * 1.5}\n" for n in range(60)))
    found = trained(target="-1", source="years.csv")
    assert (found.header.data.target, sum(rows_of(found).values())) == ("column_3", 61)
    assert any("No header" in note for note in found.header.notes)
    said = trained("--header", target="2022", source="years.csv")
    assert (said.header.data.target, sum(rows_of(said).values())) == ("2022", 60)
    assert not any("No header" in note for note in said.header.notes)


def test_a_first_line_of_text_is_a_row_where_that_is_said(trained: Callable[..., Study]):
    Path("words.csv").write_text("level,answer\n" + "1,no\n2,yes\n3,no\n" * 20)
    found = trained(target="answer", source="words.csv")
    assert (kinds(found), sum(rows_of(found).values())) == ({"level": "numeric"}, 60)
    said = trained("--no-header", target="2", source="words.csv")
    assert (said.header.data.target, sum(rows_of(said).values())) == ("column_2", 61)
    assert said.schema.target.classes == ("answer", "no", "yes")
    assert {"column_1=1", "column_1=2", "column_1=3"} <= set(said.schema.features)


@pytest.mark.parametrize(("delimiter", "name"), [("~", "~"), ("\t", "tab"), ("|", "bar"), (";", ";")])
def test_the_delimiter_may_be_said(trained: Callable[..., Study], messy: pl.DataFrame, delimiter: str, name: str):
    Path("messy.txt").write_text(messy.write_csv(separator=delimiter))
    study = trained("--delimiter", name, source="messy.txt")
    assert study.schema.features == trained().schema.features
    assert study.predictions().equals(trained().predictions())


# --- the split ---


def test_by_time_the_latest_rows_are_test_rows(trained: Callable[..., Study], messy: pl.DataFrame):
    study = trained("--split-by", "time:seen")
    tested = set(study.predictions()["row"])
    latest = messy.with_row_index().sort("seen").tail(len(tested))["index"]
    assert tested == set(latest)
    assert rows_of(study) == {"train": 72, "validation": 24, "test": 24}
    assert kinds(study)["seen"] == "dropped"
    assert any(note.startswith("Split by time") for note in study.header.notes)


def test_by_group_no_group_is_in_two_parts(trained: Callable[..., Study], messy: pl.DataFrame):
    study = trained("--split-by", "group:patient", "--split-seed", "4")
    tested = study.predictions()["row"].to_list()
    groups = set(messy[tested]["patient"])
    assert set(tested) == set(messy.with_row_index().filter(pl.col("patient").is_in(list(groups)))["index"])
    assert 0 < len(groups) < 10
    assert kinds(study)["patient"] == "dropped"


def test_at_random_or_by_classes(trained: Callable[..., Study], messy: pl.DataFrame):
    share = messy["rain"].mean()
    for how, close in {"stratified": 1 / 24, "random": 1.0}.items():
        tested = trained("--split-by", how, target="rain").predictions()["row"].to_list()
        assert abs(messy[tested]["rain"].mean() - share) <= close


def test_a_test_set_that_is_given_is_the_only_one(trained: Callable[..., Study], messy: pl.DataFrame):
    messy[:90].write_csv("own.csv")
    messy[90:].select(reversed(messy.columns)).write_csv("given.csv")
    study = trained("--test", "given.csv", source="own.csv")
    assert rows_of(study) == {"train": 72, "validation": 18, "test": 30}
    assert study.predictions()["row"].to_list() == list(range(30))
    assert study.predictions()["truth"].to_list() == messy[90:]["score"].to_list()
    assert any("given.csv" in note for note in study.header.notes)
    again = study.predict("given.csv").values
    assert np.allclose(again, study.predictions()["prediction"], rtol=1e-5)


def test_a_test_set_and_a_split_by_group_go_together(trained: Callable[..., Study], messy: pl.DataFrame):
    messy[:90].write_csv("own.csv")
    messy[90:].write_csv("given.csv")
    study = trained("--test", "given.csv", "--split-by", "group:patient", source="own.csv")
    assert rows_of(study)["test"] == 30
    assert rows_of(study)["train"] + rows_of(study)["validation"] == 90


# --- several targets ---


@pytest.mark.parametrize(
    ("target", "task", "columns"),
    [
        ("score,height", "regression", ["prediction of score", "prediction of height"]),
        ("score, -1", "regression", ["prediction of score", "prediction of wind"]),
        (
            "rain,wind",
            "multilabel",
            ["prediction of rain", "prediction of wind", "probability of rain", "probability of wind"],
        ),
    ],
)
def test_several_targets_are_predicted_together(
    fallline: Command, trained: Callable[..., Study], target: str, task: str, columns: list[str]
):
    study = trained(target=target)
    assert study.header.task == task
    truths = [name.replace("prediction", "truth") for name in columns if name.startswith("prediction")]
    assert study.predictions().columns == ["row", *truths, *columns]
    assert (study.path / "report.html").is_file()
    ended = fallline("predict", study.path, "messy.csv")
    assert ended.out.splitlines()[0] == ",".join(columns)
    assert len(ended.out.splitlines()) == 1 + ROWS
    assert list(fallline("predict", study.path, "messy.csv", "--json").json["predictions"][0]) == columns


def test_rows_that_lack_one_of_several_targets_are_left_out(trained: Callable[..., Study]):
    study = trained(target="height,score")
    assert sum(rows_of(study).values()) == ROWS - 10
    assert any("10 rows without a value of height or score left out" in note for note in study.header.notes)


# --- in Python ---


def test_python_says_it_with_lists(trained: Callable[..., Study], messy: pl.DataFrame, home: Path):
    said = trained(
        "--drop", "wind", "--categorical", "code", "--ordered", "grade=small,middling,large", target="score,rain"
    )
    study = fl.train(
        home / "messy.csv",
        ["score", "rain"],
        drop=["wind"],
        categorical=["code"],
        ordered={"grade": GRADES},
        epochs=1,
        widths=(4,),
        learning_rate=0.02,
        out="python",
    )
    assert study.schema == said.schema
    assert study.predictions().equals(said.predictions())
    assert study.header.test == said.header.test
