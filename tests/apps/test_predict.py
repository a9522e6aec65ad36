"""`fallline predict`: predictions as CSV or JSON; what was done to the rows on standard error."""

import io
from pathlib import Path

import polars as pl
import pytest

import fallline as fl
from tests.apps.command import Command, is_house_form
from tests.study.jobs import table


def read(text: str) -> pl.DataFrame:
    return pl.read_csv(io.StringIO(text))


def test_predictions_are_csv_on_standard_output(fallline: Command, shelf: Path, rows: Path):
    ended = fallline("predict", shelf / "kind", rows)
    expected = fl.predict(shelf / "kind", rows).frame()
    assert (ended.code, ended.err) == (0, "")
    assert read(ended.out).equals(expected)
    assert ended.out == expected.write_csv()


def test_a_number_comes_with_its_deviation_where_the_loss_gives_one(fallline: Command, shelf: Path, rows: Path):
    assert fallline("predict", shelf / "price", rows).out.startswith("prediction,standard deviation\n")


def test_out_takes_the_predictions_and_standard_output_stays_empty(fallline: Command, shelf: Path, rows: Path):
    ended = fallline("predict", shelf / "kind", rows, "--out", "p.csv")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "12 predictions written to p.csv\n"
    assert read(Path("p.csv").read_text()).equals(fl.predict(shelf / "kind", rows).frame())
    assert fallline("predict", shelf / "kind", rows, "--out", "p.csv", "--quiet").err == ""  # there already: replaced


def test_json_is_one_object_with_these_keys(fallline: Command, shelf: Path, rows: Path):
    found = fallline("predict", shelf / "kind", rows, "--json").json
    assert {name: type(value) for name, value in found.items()} == {
        "study": str,
        "rows": int,
        "predictions": list,
        "notes": list,
    }
    assert (found["study"], found["rows"], found["notes"]) == (str(shelf / "kind"), 12, [])
    assert found["predictions"] == fl.predict(shelf / "kind", rows).frame().to_dicts()


def test_json_and_out_can_both_be_had(fallline: Command, shelf: Path, rows: Path):
    ended = fallline("predict", shelf / "kind", rows, "--json", "--out", "p.csv")
    assert ended.json["rows"] == read(Path("p.csv").read_text()).height == 12


def test_what_was_done_to_the_rows_is_said_on_standard_error(fallline: Command, shelf: Path):
    table().head(12).with_columns(colour=pl.lit("purple"), height=pl.lit(1)).write_csv("odd.csv")
    ended = fallline("predict", shelf / "kind", "odd.csv")
    assert ended.code == 0
    assert "purple" in ended.err
    assert "height" in ended.err
    assert read(ended.out).height == 12
    assert fallline("predict", shelf / "kind", "odd.csv", "--quiet").err == ""
    assert len(fallline("predict", shelf / "kind", "odd.csv", "--json").json["notes"]) == 2


def test_columns_may_come_in_any_order(fallline: Command, shelf: Path, rows: Path):
    pl.read_csv(rows).select("ripe", "size", "colour", "age").write_csv("turned.csv")
    assert fallline("predict", shelf / "kind", "turned.csv").out == fallline("predict", shelf / "kind", rows).out


def test_a_study_is_found_by_name_and_as_the_latest(fallline: Command, rows: Path):
    table("kind").write_csv("rows.csv")
    fallline("train", "rows.csv", "--target", "kind", "--epochs", "1", "--lr", "0.1", "--out", "studies/mine")
    expected = fallline("predict", "studies/mine", rows).out
    assert fallline("predict", "mine", rows).out == expected
    assert fallline("predict", "latest", rows).out == expected


@pytest.mark.parametrize(
    ("study", "given", "out", "named"),
    [
        ("nothing", "new.csv", None, "no such folder"),
        (".", "new.csv", None, "study.toml"),
        ("new.csv", "new.csv", None, "no such folder"),
        pytest.param("x" * 300, "new.csv", None, "no such folder", id="a name that is too long"),
        ("hopeless", "new.csv", None, "diverged"),
        ("kind", "nothing.csv", None, "nothing.csv"),
        ("kind", ".", None, "directory"),
        ("kind", "empty.csv", None, "empty"),
        ("kind", "short.csv", None, "'size'"),
        ("kind", "text.csv", None, "size"),
        ("kind", "new.csv", "no/such/folder/p.csv", "no/such/folder"),
        ("kind", "new.csv", ".", "writing"),
        ("kind", "new.csv", "new.csv", "new.csv"),
    ],
)
def test_a_mistake_is_said_in_the_house_form_and_writes_nothing(
    fallline: Command, home: Path, shelf: Path, rows: Path, study: str, given: str, out: str | None, named: str
):
    new = pl.read_csv(rows)
    new.drop("size").write_csv("short.csv")
    new.with_columns(size=pl.lit("big")).write_csv("text.csv")
    Path("empty.csv").touch()
    before = {path: path.read_bytes() for path in home.iterdir()}
    study = str(shelf / study) if study in ("kind", "hopeless") else study
    ended = fallline("predict", study, given, *([] if out is None else ["--out", out]))
    assert (ended.code, ended.out) == (2, "")
    assert is_house_form(ended.err), ended.err
    assert named in ended.err
    assert {path: path.read_bytes() for path in home.iterdir()} == before
