"""Predictions for new rows, raw, as they come."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from fallline.core.errors import DataError, SourceError
from fallline.study.predicting import predict
from fallline.study.record import Study
from tests.study.jobs import columns_of, table, titled, train
from tests.tolerances import ONE_BY_ONE_32

NEW = table().head(12)


@pytest.fixture
def flowers(study_of: Callable[[str], Study]) -> Study:
    return study_of("multiclass")


def test_columns_are_found_by_name_in_any_order(study: Study):
    turned = NEW.select(reversed(NEW.columns))
    assert predict(study, turned).frame().equals(predict(study, NEW).frame())


def test_there_is_a_prediction_for_every_row_in_the_order_of_the_rows(study: Study):
    predictions = predict(study, NEW)
    assert len(predictions) == len(list(predictions)) == len(predictions.values) == predictions.frame().height == 12
    first = titled(study, "prediction")
    assert predictions.frame().columns[: len(first)] == first
    for name in first:
        assert predictions.frame().reverse()[name].equals(predict(study, NEW.reverse()).frame()[name])


def test_a_row_alone_is_predicted_as_among_others(study: Study):
    together = predict(study, NEW).frame()
    for place in (0, 5):
        alone = predict(study, NEW[place]).frame()
        for name in together.columns:
            if together[name].dtype == pl.Float64:
                one, other = (torch.tensor(frame[name][row]) for frame, row in ((alone, 0), (together, place)))
                torch.testing.assert_close(one, other, **ONE_BY_ONE_32)
            else:
                assert alone[name][0] == together[name][place]


def test_a_target_or_a_weight_among_the_columns_is_passed_over(study: Study):
    targets = columns_of(study)
    with_target = NEW.with_columns(*map(pl.lit("whatever").alias, targets), pl.lit(-1).alias("weight"))
    predictions = predict(study, with_target)
    assert predictions.frame().equals(predict(study, NEW).frame())
    ignored = [note for note in predictions.notes if "Ignored" in note]
    assert bool(ignored) == (study.header.data.weight is None)  # then it is a column that training never saw
    assert not any(target in note for note in ignored for target in targets)


def test_a_column_that_training_never_saw_is_ignored_and_named(flowers: Study):
    predictions = predict(flowers, NEW.with_columns(height=pl.lit(1.0)))
    assert predictions.frame().equals(predict(flowers, NEW).frame())
    assert any("height" in note for note in predictions.notes)


def test_a_missing_column_is_refused_by_name(flowers: Study):
    with pytest.raises(DataError, match="'colour'"):
        predict(flowers, NEW.drop("colour"))


def test_a_column_under_another_name_is_suggested(flowers: Study):
    with pytest.raises(DataError) as caught:
        predict(flowers, NEW.rename({"colour": "Colour"}))
    assert "Colour" in caught.value.hints["do"]


def test_a_category_that_training_never_saw_is_predicted_and_named(flowers: Study):
    predictions = predict(flowers, NEW.with_columns(colour=pl.lit("purple")))
    assert len(predictions) == 12
    assert any("purple" in note for note in predictions.notes)


def test_text_among_numbers_is_refused_with_its_row(flowers: Study):
    ages = ["20"] * 11 + ["old"]
    with pytest.raises(DataError, match="row 12") as caught:
        predict(flowers, NEW.with_columns(age=pl.Series(ages)))
    assert "old" in caught.value.hints["got"]


def test_missing_values_are_filled(study: Study):
    predictions = predict(study, NEW.with_columns(size=pl.lit(None), ripe=pl.lit(None)))
    assert len(predictions) == 12
    assert predictions.frame().null_count().sum_horizontal().sum() == 0
    assert any("ripe" in note for note in predictions.notes)


def test_classes_come_back_as_what_they_were(study_of: Callable[[str], Study], tmp_path: Path):
    assert set(predict(study_of("multiclass"), NEW)) <= {"Ada", "Bob", "Cyd"}
    assert set(map(type, predict(study_of("binary"), NEW))) == {bool}
    numbers = table().with_columns(grade=pl.Series([3, 7, 5] * 50))
    study = train(numbers, "grade", epochs=1, learning_rate=0.01, out=tmp_path / "study")
    assert set(predict(study, numbers)) <= {3, 5, 7}
    assert study.predictions()["truth"].dtype == pl.Int64


def test_numbers_come_back_in_their_own_unit(study_of: Callable[[str], Study]):
    price = table("price")["price"]
    assert price.min() < predict(study_of("regression"), NEW).values.mean() < price.max()
    assert (predict(study_of("counts"), NEW).values > 0).all()


def test_rows_may_be_a_path_a_frame_or_a_dictionary(flowers: Study, tmp_path: Path):
    expected = predict(flowers, NEW).frame()
    NEW.write_csv(tmp_path / "new.csv")
    NEW.write_parquet(tmp_path / "new.parquet")
    sources = [tmp_path / "new.csv", str(tmp_path / "new.parquet"), NEW.to_pandas(), NEW.to_dict(as_series=False)]
    for rows in sources:
        assert predict(flowers, rows).frame().equals(expected)


def test_categories_that_look_like_numbers_stay_categories_in_a_file(tmp_path: Path):
    rows = table("price").with_columns(colour=pl.Series(["01", "2", "x"] * 50))
    study = train(rows, "price", epochs=1, learning_rate=0.01, out=tmp_path / "study")
    new = rows.filter(pl.col("colour") == "01").drop("price")
    new.write_csv(tmp_path / "new.csv")
    assert predict(study, tmp_path / "new.csv").frame().equals(predict(study, new).frame())
    assert not predict(study, tmp_path / "new.csv").notes


def test_a_study_of_arrays_takes_arrays(tmp_path: Path):
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(60, 3))
    study = train((inputs, inputs[:, 0]), epochs=1, learning_rate=0.01, out=tmp_path / "study")
    expected = predict(study, inputs[:4]).values
    for rows in (torch.from_numpy(inputs[:4]), pl.DataFrame(inputs[:4], schema=["x1", "x2", "x3"])):
        assert np.array_equal(predict(study, rows).values, expected)
    with pytest.raises(DataError):
        predict(study, inputs[:4, :2])


def test_what_is_no_table_is_refused(flowers: Study, tmp_path: Path):
    for rows in (5, tmp_path, tmp_path / "nothing.csv"):
        with pytest.raises(SourceError):
            predict(flowers, rows)


def test_predictions_are_a_table_and_plain_data_too(study: Study):
    predictions = predict(study, NEW)
    data = predictions.to_dict()
    assert list(data) == ["rows", "predictions", "notes"]
    assert data["predictions"] == predictions.frame().to_dicts()
    assert "prediction" in predictions._repr_html_()
