"""The figures hold the data that they were given."""

import json
import math
from dataclasses import replace

import pytest

from fallline.render.figures import (
    confusion_matrix,
    learning_curves,
    loss_against_rate,
    predicted_against_true,
)
from fallline.render.number import short

DRAWINGS = [learning_curves, loss_against_rate, predicted_against_true, confusion_matrix]


def traces(figure, name):
    return [trace for trace in figure.data if (trace.name or "").startswith(name)]


def texts(value):
    """Every text in a figure, wherever it is."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_figure_is_json_without_numbers_that_json_lacks(draw, report, nothing_finite):
    for given in (report, nothing_finite):
        if draw is confusion_matrix and not given.classes:
            continue
        drawing = json.loads(draw(given).to_json(), parse_constant=lambda name: pytest.fail(name))
        assert "scattergl" not in {trace["type"] for trace in drawing["data"]}


@pytest.mark.parametrize("draw", DRAWINGS)
def test_outside_text_is_shown_and_not_read_as_markup(draw, hostile):
    drawing = json.loads(draw(hostile).to_json())
    assert not any(mark in text for text in texts(drawing) for mark in ("<script", "</script", "<img", "\x1b"))
    assert not any("alert" in trace.get("hovertemplate", "") for trace in drawing["data"])


def test_every_run_has_a_curve_of_all_its_epochs(report):
    figure = learning_curves(report)
    others = [run for run in report.ladder if run.run != report.best]
    for run, trace in zip([*others, report.chosen], traces(figure, "validation"), strict=True):
        assert trace.x == tuple(range(1, run.epochs + 1))
        assert trace.y == tuple(loss if math.isfinite(loss) else None for loss in run.validation)
    (training,) = traces(figure, "training")
    assert training.y == report.chosen.training


def test_the_best_epoch_is_marked_at_its_loss(report):
    (mark,) = traces(learning_curves(report), "best epoch")
    best = report.chosen
    assert (mark.x[0], mark.y[0]) == (best.best_epoch, min(best.validation))


def test_a_loss_that_is_not_finite_is_a_gap(regression):
    figure = learning_curves(regression)
    lost = next(run for run in regression.runs if run.diverged)
    assert math.isinf(lost.validation[-1])
    assert any(trace.y[-1] is None and trace.y[0] == lost.validation[0] for trace in traces(figure, "validation"))


def test_a_diverged_run_ends_in_a_cross_at_the_top_edge_where_it_left_the_window(regression):
    figure = learning_curves(regression)
    crosses = traces(figure, "diverged")
    assert len(crosses) == sum(run.diverged for run in regression.runs) == 2
    for cross in crosses:
        assert (cross.yaxis, cross.y[0], cross.x[0]) == ("y2", 1, 5)
    assert tuple(figure.layout.yaxis2.range) == (0, 1)


def test_diverged_runs_do_not_widen_the_loss_axis(regression):
    kept = [loss for run in regression.runs if not run.diverged for loss in run.validation]
    low, high = learning_curves(regression).layout.yaxis.range
    assert 10**high < 1.2 * max(kept)
    assert 10**low < min(kept)


def test_a_few_spikes_do_not_widen_a_linear_loss_axis(binary):
    run = binary.chosen
    spiked = replace(run, validation=(*run.validation[:-1], 2.0))
    runs = tuple(spiked if other is run else other for other in binary.runs)
    figure = learning_curves(replace(binary, runs=runs))
    assert figure.layout.yaxis.type == "linear"
    assert figure.layout.yaxis.range[1] < 1.0


def test_the_loss_axis_is_logarithmic_only_where_losses_span_much(regression, binary):
    assert learning_curves(regression).layout.yaxis.type == "log"
    assert learning_curves(binary).layout.yaxis.type == "linear"


def test_losses_below_zero_are_drawn_on_a_linear_axis(regression):
    shifted = tuple(
        replace(
            run,
            validation_loss=run.validation_loss - 1,
            validation=tuple(loss - 1 for loss in run.validation),
            training=tuple(loss - 1 for loss in run.training),
        )
        for run in regression.runs
    )
    given = replace(regression, runs=shifted)
    assert learning_curves(given).layout.yaxis.type == "linear"
    assert loss_against_rate(given).layout.yaxis.type == "linear"


def test_the_colour_of_a_run_is_ordered_by_its_learning_rate(report):
    figure = learning_curves(report)
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == pytest.approx(
        (math.log10(report.ladder[0].learning_rate), math.log10(report.ladder[-1].learning_rate))
    )
    colours = loss_against_rate(report).data[0].marker.color
    darkness = [sum(int(colour[place : place + 2], 16) for place in (1, 3, 5)) for colour in colours]
    assert darkness == sorted(darkness, reverse=True)


def test_one_learning_rate_needs_no_colour_bar(binary):
    figure = learning_curves(replace(binary, runs=(binary.chosen,)))
    assert figure.layout.coloraxis.cmin is None
    assert len(traces(figure, "validation")) == 1


def test_each_learning_rate_is_a_point_at_its_lowest_loss_or_a_cross(report):
    figure = loss_against_rate(report)
    (points,), (crosses,) = traces(figure, "lowest"), traces(figure, "diverged")
    assert dict(zip(points.x, points.y, strict=True)) == {
        run.learning_rate: run.validation_loss for run in report.runs if not run.diverged
    }
    assert set(crosses.x) == {run.learning_rate for run in report.runs if run.diverged}
    assert all("diverged" in text for text in crosses.hovertext or ())
    (best,) = [trace for trace in figure.data if trace.name == "best"]
    assert (best.x[0], best.y[0]) == (report.chosen.learning_rate, report.chosen.validation_loss)


def test_a_run_that_a_metric_has_chosen_is_not_called_the_one_of_the_lowest_loss(regression):
    lowest = regression.chosen
    other = next(run for run in regression.ladder if not run.diverged and run.lowest > lowest.lowest)
    given = replace(regression, best=other.run)
    said = f"The lowest loss is {short(lowest.lowest)}, at {short(lowest.learning_rate)}."
    for figure in (loss_against_rate(given), learning_curves(given)):
        assert any("chosen:" in note.text for note in figure.layout.annotations)
        assert "best:" not in figure.to_json()
        words = " ".join(texts(figure.to_dict()["layout"])).replace("<br>", " ")
        assert said in words
        assert "Chosen:" in words


def test_the_label_of_the_best_stands_at_the_best(report):
    figure = loss_against_rate(report)
    (label,) = [note for note in figure.layout.annotations if "best:" in note.text]
    assert 10**label.x == pytest.approx(report.chosen.learning_rate)
    height = 10**label.y if figure.layout.yaxis.type == "log" else label.y
    assert height == pytest.approx(report.chosen.validation_loss)


def test_predictions_are_drawn_against_the_truth_on_equal_axes(regression):
    figure = predicted_against_true(regression)
    (points,), (line,) = traces(figure, "test rows"), traces(figure, "exact")
    assert (tuple(points.x), tuple(points.y)) == (regression.truth, regression.prediction)
    assert line.x == line.y
    assert figure.layout.xaxis.range == figure.layout.yaxis.range


def test_many_rows_are_thinned_evenly_and_the_caption_says_so(regression):
    truth = tuple(float(row) for row in range(12_000))
    figure = predicted_against_true(replace(regression, truth=truth, prediction=truth))
    (points,) = traces(figure, "test rows")
    assert len(points.x) == 5000
    assert {round(b - a) for a, b in zip(points.x, points.x[1:], strict=False)} == {2, 3}
    (caption,) = [note.text for note in figure.layout.annotations if note.name == "caption"]
    assert "5,000 of the 12,000 rows" in caption


def test_the_scatter_names_the_median_error(regression):
    given = replace(regression, truth=(1.0, 2.0, 3.0), prediction=(1.5, 2.25, 7.0))
    (caption,) = [note.text for note in predicted_against_true(given).layout.annotations]
    assert "off by at most 0.5." in caption


def test_the_confusion_matrix_counts_true_down_and_predicted_across(multiclass):
    given = replace(multiclass, truth=(0.0, 0.0, 0.0, 1.0, 2.0), prediction=(0.0, 0.0, 2.0, 1.0, 1.0))
    (cells,) = confusion_matrix(given).data
    assert [[label.split("<br>")[0] for label in row] for row in cells.text] == [
        ["2", "0", "1"],
        ["0", "1", "0"],
        ["0", "1", "0"],
    ]
    assert [list(row) for row in cells.z] == [[2 / 3, 0, 1 / 3], [0, 1, 0], [0, 1, 0]]
    figure = confusion_matrix(given)
    assert figure.layout.yaxis.autorange == "reversed"
    assert list(figure.layout.xaxis.ticktext) == ["Adelie", "Chinstrap", "Gentoo"]
    (caption,) = [note.text.replace("<br>", " ") for note in figure.layout.annotations]
    assert "3 of 5 are right" in caption
    assert "Adelie taken for Gentoo (1)" in caption


@pytest.mark.parametrize(("classes", "label"), [(8, "1<br>100%"), (20, "1"), (21, "1")])
def test_the_cells_hold_less_the_more_classes_there_are(multiclass, classes, label):
    ids = tuple(float(place) for place in range(classes))
    given = replace(multiclass, classes=tuple(f"c{place}" for place in range(classes)), truth=ids, prediction=ids)
    (cells,) = confusion_matrix(given).data
    assert cells.text[0][0] == label
    assert bool(cells.texttemplate) == (classes <= 20)


def test_a_study_without_a_finite_loss_says_so(nothing_finite):
    for draw in (learning_curves, loss_against_rate):
        notes = [note.text for note in draw(nothing_finite).layout.annotations]
        assert "No run had a finite validation loss." in notes
    (crosses,) = traces(loss_against_rate(nothing_finite), "diverged")
    assert len(crosses.x) == len(nothing_finite.runs)


def test_a_report_without_runs_or_rows_is_drawn(regression, binary):
    for given in (regression, binary):
        empty = replace(given, runs=(), best=None, truth=(), prediction=())
        for draw in DRAWINGS:
            assert draw(empty).layout.title.text


def test_a_chosen_run_that_diverged_later_is_drawn(regression):
    runs = tuple(replace(run, outcome="diverged") if run.run == regression.best else run for run in regression.runs)
    given = replace(regression, runs=runs)
    assert traces(learning_curves(given), "best epoch")
    (points,) = traces(loss_against_rate(given), "lowest")
    assert given.chosen.learning_rate in points.x
