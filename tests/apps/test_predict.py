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


# --- more rows than are predicted at a time ---

MANY = 100_070


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 100,070 rows; the first three and the last four are of a colour that training never saw."""
    number = pl.int_range(pl.len())
    new = (number < 3) | (number >= MANY - 4)
    frame = table()[[row % 150 for row in range(MANY)]]
    path = tmp_path_factory.mktemp("many") / "many.csv"
    frame.with_columns(colour=pl.when(new).then(pl.lit("purple")).otherwise("colour")).write_csv(path)
    return path


def test_a_large_file_is_predicted_to_a_file_as_to_standard_output(fallline: Command, shelf: Path, many: Path):
    shown = fallline("predict", shelf / "kind", many)
    written = fallline("predict", shelf / "kind", many, "--out", "p.csv")
    assert (shown.code, written.code, written.out) == (0, 0, "")
    assert Path("p.csv").read_text() == shown.out
    assert shown.out.count("prediction") == 1  # one header for all batches
    found, expected = read(shown.out), fl.predict(shelf / "kind", many).frame()
    assert found["prediction"].equals(expected["prediction"])
    assert found.columns == expected.columns
    assert "100,070 predictions written to p.csv" in written.err


def test_what_was_done_to_the_rows_of_all_batches_is_said_once(fallline: Command, shelf: Path, many: Path):
    said = fallline("predict", shelf / "kind", many, "--out", "p.csv").err.splitlines()
    (note,) = [line for line in said if "purple" in line]
    assert note.startswith("· colour: 7 rows ")
    assert fallline("predict", shelf / "kind", many, "--out", "p.csv", "--quiet").err == ""


@pytest.mark.parametrize("line", ["1.5,old,red,true", "1.5,3"])
def test_an_error_in_a_late_row_leaves_no_file_and_harms_none(fallline: Command, shelf: Path, many: Path, line: str):
    Path("late.csv").write_text(many.read_text() + line + "\n")
    Path("mine.csv").write_text("mine")
    for out in ("p.csv", "mine.csv"):
        ended = fallline("predict", shelf / "kind", "late.csv", "--out", out)
        assert (ended.code, ended.out) == (2, "")
        assert is_house_form(ended.err), ended.err
        assert f"{MANY + (1 if 'old' in line else 2)}" in ended.err  # the row, or the line, that is wrong
    assert Path("mine.csv").read_text() == "mine"
    assert {path.name for path in Path().iterdir()} == {"late.csv", "mine.csv"}


def test_an_error_in_a_late_row_ends_standard_output_where_it_is(fallline: Command, shelf: Path, many: Path):
    Path("late.csv").write_text(many.read_text() + "1.5,old,red,true\n")
    ended = fallline("predict", shelf / "kind", "late.csv")
    assert ended.code == 2
    assert is_house_form(ended.err), ended.err
    assert len(ended.out.splitlines()) == 100_001


# --- how the new rows are written ---


def test_a_headers_absence_and_the_delimiter_may_be_said(fallline: Command, shelf: Path, rows: Path):
    expected = fallline("predict", shelf / "kind", rows).out
    Path("tilde.txt").write_text(rows.read_text().replace(",", "~"))
    assert fallline("predict", shelf / "kind", "tilde.txt", "--delimiter", "~", "--header").out == expected
    assert "missing" in fallline("predict", shelf / "kind", rows, "--no-header").err
    assert "single character" in fallline("predict", shelf / "kind", rows, "--delimiter", "::").err


def test_rows_without_a_header_are_told_from_those_with_one(fallline: Command):
    lines = [f"{row + 0.5},{row % 3},{row * 2.5}\n" for row in range(40)]
    Path("bare.csv").write_text("".join(lines))
    fallline("train", "bare.csv", "--target", "-1", "--epochs", "1", "--lr", "0.1", "--out", "study")
    Path("new.csv").write_text("".join(line.rpartition(",")[0] + "\n" for line in lines[:5]))
    for arguments in (["new.csv"], ["new.csv", "--no-header"]):
        assert len(fallline("predict", "study", *arguments).out.splitlines()) == 6
    assert "column_1" in fallline("predict", "study", "new.csv", "--header").err
