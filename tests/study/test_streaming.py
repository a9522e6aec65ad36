"""Predictions batch by batch: what they are of the whole, and nothing more than a batch is held."""

import gzip
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fallline.core.errors import DataError, FalllineError, StudyError
from fallline.data.remarks import sentences
from fallline.study.job import Job
from fallline.study.predicting import Predictions, predict, predict_batches
from fallline.study.record import Study
from fallline.study.training import train
from tests.study.jobs import table

BATCH = 100_000
"""Rows that are predicted at a time."""
ROWS = BATCH + 70


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    """More rows than a batch: some values are missing, and one category is new in the first and in the last rows."""
    number = pl.int_range(pl.len())
    new = (number < 3) | (number >= ROWS - 4)
    rows = table()[np.arange(ROWS) % 150]
    return rows.with_columns(colour=pl.when(new).then(pl.lit("purple")).otherwise("colour"))


@pytest.fixture(scope="module")
def expected(many: pl.DataFrame, study_of: Callable[[str], Study]) -> Predictions:
    """The rows predicted as a whole."""
    return predict(study_of("multiclass"), many)


def written(rows: pl.DataFrame, folder: Path, form: str) -> Path:
    path = folder / f"many.{form}"
    if form == "csv":
        rows.write_csv(path)
    elif form == "csv.gz":
        path.write_bytes(gzip.compress(rows.write_csv().encode(), 1))
    elif form == "jsonl":
        rows.write_ndjson(path)
    else:
        rows.write_parquet(path)
    return path


def together(batches: list[Predictions]) -> pl.DataFrame:
    return pl.concat([batch.frame() for batch in batches])


def same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """A row's sums are taken in another order where it stands elsewhere in a batch."""
    assert one.columns == other.columns
    assert one["prediction"].equals(other["prediction"])
    for name in one.columns[1:]:
        assert (one[name] - other[name]).abs().max() < 1e-6


@pytest.mark.parametrize("form", ["csv", "csv.gz", "jsonl", "parquet"])
def test_a_file_in_batches_is_predicted_as_a_whole(
    many: pl.DataFrame, expected: Predictions, study_of: Callable[[str], Study], tmp_path: Path, form: str
):
    batches = list(predict_batches(study_of("multiclass"), written(many, tmp_path, form)))
    assert [len(batch) for batch in batches] == [BATCH, ROWS - BATCH]
    same(together(batches), expected.frame())


def test_what_was_done_to_the_rows_adds_up_over_the_batches(
    many: pl.DataFrame, expected: Predictions, study_of: Callable[[str], Study], tmp_path: Path
):
    batches = list(predict_batches(study_of("multiclass"), written(many, tmp_path, "csv")))
    assert [any("purple" in note for note in batch.notes) for batch in batches] == [True, True]
    assert sentences(remark for batch in batches for remark in batch.remarks) == expected.notes
    assert "colour: 7 rows with a category that training never saw ('purple')" in " ".join(expected.notes)


def test_rows_in_memory_come_in_batches_too(
    many: pl.DataFrame, expected: Predictions, study_of: Callable[[str], Study]
):
    batches = list(predict_batches(study_of("multiclass"), many))
    assert [len(batch) for batch in batches] == [BATCH, ROWS - BATCH]
    same(together(batches), expected.frame())


def test_a_batch_is_predicted_before_the_next_is_looked_at(
    many: pl.DataFrame, study_of: Callable[[str], Study], tmp_path: Path
):
    wrong = (pl.int_range(pl.len()) == ROWS - 10).alias("wrong")
    path = tmp_path / "many.csv"
    many.with_columns(age=pl.when(wrong).then(pl.lit("old")).otherwise(pl.col("age").cast(str))).write_csv(path)
    batches = predict_batches(study_of("multiclass"), path)
    assert isinstance(batches, Iterator)
    assert len(next(batches)) == BATCH
    with pytest.raises(DataError, match=f"row {ROWS - 9} ") as caught:
        next(batches)
    assert "old" in caught.value.hints["got"]


def test_a_line_that_is_cut_short_is_named_by_its_place_in_the_file(
    many: pl.DataFrame, study_of: Callable[[str], Study], tmp_path: Path
):
    path = written(many, tmp_path, "csv")
    path.write_text(path.read_text() + "1.5,3\n")
    with pytest.raises(FalllineError, match=f"line {ROWS + 2}"):
        list(predict_batches(study_of("multiclass"), path))


def test_what_can_only_be_read_whole_is_read_as_in_training(tmp_path: Path):
    rows = "".join(f"{code};{number},5;{number}\n" for number in range(40) for code in ("01", "02", "x3"))
    (tmp_path / "old.csv").write_text("code;size;y\n" + rows)
    job = Job(source=tmp_path / "old.csv", target="y", recipe={"epochs": 2, "learning_rate": 0.01}, out=tmp_path / "s")
    study = train(job, lambda event: None)
    new = "code;size\n01;1,500\n02;2,250\n"
    (tmp_path / "new.csv").write_text(new)
    (tmp_path / "wide.csv").write_text(new, encoding="utf-16")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(new,))
    writer.start()
    found = [together(list(predict_batches(study, tmp_path / name))) for name in ("new.csv", "wide.csv", "pipe")]
    writer.join()
    assert found[0]["prediction"].n_unique() == 2
    same(found[1], found[0])
    same(found[2], found[0])


def test_a_study_that_cannot_predict_says_so_before_anything_is_read(hopeless: Study):
    with pytest.raises(StudyError, match="diverged"):
        next(predict_batches(hopeless, "no-such-file.csv"))


def test_a_headers_absence_and_the_delimiter_may_be_said(study_of: Callable[[str], Study], tmp_path: Path):
    study, rows = study_of("multiclass"), table().head(12)
    path = tmp_path / "rows.txt"
    path.write_text(rows.write_csv(separator="~", null_value=""))
    (found,) = predict_batches(study, path, header=True, delimiter="~")
    same(found.frame(), predict(study, rows).frame())
    same(predict(study, path, header=True, delimiter="~").frame(), found.frame())
    with pytest.raises(DataError, match="a column is missing"):
        list(predict_batches(study, path, header=False, delimiter="~"))
