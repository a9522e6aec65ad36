"""A study as the plain data that is drawn."""

import pytest

from fallline.core.task import Task
from fallline.study.record import Study
from fallline.study.reporting import html, report_of, summary_html


def test_truth_and_predictions_are_numbers_or_class_ids(study: Study):
    report, frame = report_of(study), study.predictions()
    if study.schema.target.columns:
        assert (report.truth, report.prediction) == ((), ())  # one figure cannot show several
        assert "no predictions" not in html(study)
        of_numbers = study.schema.target.columns if study.header.task is Task.regression else ()
        assert [one.target for one in report.several] == list(of_numbers)
        for one in report.several:
            assert list(one.truth) == frame[f"truth of {one.target}"].to_list()
            assert list(one.prediction) == frame[f"prediction of {one.target}"].to_list()
            assert f"Predicted against true {one.target}, 30 test rows" in html(study)
        return
    assert report.several == ()
    assert len(report.truth) == len(report.prediction) == 30
    if report.classes:
        assert [report.classes[int(place)] for place in report.truth] == [str(label) for label in frame["truth"]]
        assert [report.classes[int(place)] for place in report.prediction] == [
            str(label) for label in frame["prediction"]
        ]
    else:
        assert list(report.truth) == frame["truth"].to_list()
        assert list(report.prediction) == frame["prediction"].to_list()


def test_the_network_stands_above_its_baselines(study: Study):
    report = report_of(study)
    assert [name for name, _ in report.scores] == ["network", *study.header.baselines]
    assert dict(report.scores)["network"] == study.header.test
    assert tuple(report.metrics) == study.header.metrics


def test_every_run_is_drawn_with_its_curve(steep: Study):
    report, results, curves = report_of(steep), steep.frame(), steep.curves()
    assert [run.learning_rate for run in report.runs] == results["learning_rate"].to_list()
    assert [run.outcome for run in report.runs] == results["outcome"].to_list()
    assert [len(run.validation) for run in report.runs] == results["epochs"].to_list()
    assert [value for run in report.runs for value in run.training] == curves["training_loss"].to_list()
    assert report.best == steep.header.best.run


def test_a_study_without_a_best_run_is_drawn_without_its_predictions(hopeless: Study):
    report = report_of(hopeless)
    assert (report.best, report.truth, report.prediction, report.recipe) == (None, (), (), ())
    assert [name for name, _ in report.scores] == list(hopeless.header.baselines)


def test_what_was_done_to_the_data_and_how_is_told(study: Study):
    report = report_of(study)
    facts, recipe = dict(report.facts), dict(report.recipe)
    assert study.header.task.value in facts["task"]
    assert "90 training, 30 validation, 30 test" in facts["rows"]
    assert (recipe["learning_rate"], recipe["widths"]) == ("0.02", "8")
    assert [line["column"] for line in report.treatment] == ["size", "age", "colour", "ripe"]
    assert report.notes == study.header.notes


@pytest.mark.parametrize("page", [html, summary_html])
def test_what_a_table_holds_is_text_on_a_page_never_markup(study_of, page):
    study = study_of("multiclass")
    nasty = "<script>alert(1)</script>"
    header = study.header.model_copy(update={"conclusion": nasty, "notes": (nasty,), "name": nasty})
    copy = Study(study.path)
    copy.header = header
    text = page(copy)
    assert nasty not in text
    assert "&lt;script&gt;" in text
