"""The figures of a comparison hold the data that they were given."""

import json
import math
from dataclasses import replace

import pytest

from fallline.render._comparison_grid import grid_of
from fallline.render.comparison import Curve, HeatCell
from fallline.render.comparison_figures import heat_map, optimizer_curves, ranking_intervals
from tests.render.comparison_samples import SAMPLES, SWEET, crowd, heart, hostile, lone, lost, mpg, nothing

DRAWINGS = [heat_map, ranking_intervals, optimizer_curves]


def texts(value):
    """Every text in a figure, wherever it is."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def captions(figure):
    return " ".join(note.text.replace("<br>", " ") for note in figure.layout.annotations if note.name == "caption")


def names(figure):
    return [note.text for note in figure.layout.annotations if note.name == "place"]


def strips(figure):
    return [trace for trace in figure.data if trace.type == "heatmap" and trace.coloraxis]


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_figure_is_json_without_numbers_that_json_lacks(draw, sample):
    drawing = json.loads(draw(SAMPLES[sample]()).to_json(), parse_constant=lambda name: pytest.fail(name))
    assert drawing["layout"]["title"]["text"]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_outside_text_is_shown_and_not_read_as_markup(draw):
    drawing = json.loads(draw(hostile()).to_json())
    assert not any(mark in text for text in texts(drawing) for mark in ("<script", "</script", "<img", "\x1b"))


@pytest.mark.parametrize("sample", ["heart", "mpg", "crowd", "lone"])
def test_each_learning_rate_lies_in_its_own_cell(sample):
    for row in grid_of(SAMPLES[sample]()).rows:
        for box in row.boxes:
            assert 10**box.left < box.cell.learning_rate < 10**box.right
        for before, after in zip(row.boxes, row.boxes[1:], strict=False):
            assert before.right <= after.left + 1e-9


def test_rows_are_in_the_order_of_their_best_cells_and_those_without_one_are_last():
    figure = heat_map(mpg())
    assert list(figure.layout.yaxis.ticktext) == ["adam", "adamw", "rmsprop", "sgd", "adagrad"]
    best = [min(value for value in trace.z[0] if value is not None) for trace in strips(figure)]
    assert best == sorted(best)
    assert len(best) == 4


def test_a_cell_without_a_value_is_grey_and_crossed():
    comparison = heart()
    figure = heat_map(comparison)
    empty = [cell for cell in comparison.heat if cell.value is None]
    grey = [trace for trace in figure.data if trace.type == "heatmap" and not trace.coloraxis]
    assert sum(value == 0 for trace in grey for value in trace.z[0]) == len(empty)
    (marks,) = named(figure, "diverged")
    symbols = dict(zip(marks.x, marks.marker.symbol, strict=True))
    assert {symbols[cell.learning_rate] for cell in empty} == {"x-thin"}
    assert sum(symbol == "line-ne" for symbol in marks.marker.symbol) == sum(
        0 < c.diverged < 1 for c in comparison.heat
    )


def test_the_best_cell_is_outlined_at_its_own_edges():
    comparison = heart()
    (frame,) = named(heat_map(comparison), "best")
    best = max((cell for cell in comparison.heat if cell.value is not None), key=lambda cell: cell.value)
    assert min(frame.x) < best.learning_rate < max(frame.x)
    assert "Best (outlined): adam at 0.01, 0.9267." in captions(heat_map(comparison))


def test_of_equal_cells_the_first_in_the_ranking_is_outlined_and_not_one_that_was_dropped():
    cells = (
        HeatCell("sgd", 0.1, 0.99, 0.0, rank=9),
        HeatCell("adam", 0.01, 0.9, 0.0, rank=2),
        HeatCell("adamw", 0.01, 0.9, 0.0, rank=1),
    )
    comparison = replace(heart(), heat=cells, tolerances=())
    grid = grid_of(comparison)
    assert [row.optimizer for row in grid.rows] == ["adamw", "adam", "sgd"]
    assert grid.best.cell is cells[2]
    assert grid.good == 0.99
    said = captions(heat_map(comparison))
    assert "Best (outlined): adamw at 0.01, 0.9." in said
    assert "dropped on the way" in said
    assert heat_map(comparison).layout.coloraxis.colorbar.ticktext[1] == "0.99"


def test_an_error_is_the_better_the_smaller():
    axis = heat_map(mpg()).layout.coloraxis
    scale = [colour for _, colour in axis.colorscale]
    assert axis.cmin == min(cell.value for cell in mpg().heat if cell.value is not None)
    assert scale[0] == heat_map(heart()).layout.coloraxis.colorscale[-1][1]
    assert list(axis.colorbar.ticktext) == ["≥ 6.948", "best 2.597"]


def test_a_few_senseless_values_do_not_take_the_scale():
    axis = heat_map(mpg()).layout.coloraxis
    assert axis.cmax < 10
    assert max(value for trace in strips(heat_map(mpg())) for value in trace.z[0] if value is not None) > 1e17


def test_where_half_the_cells_are_near_the_best_the_others_are_told_apart():
    values = [1.0, 1.0, 1.0, 1.0, 0.9667, 0.4, 0.2, 0.1]
    heat = tuple(HeatCell("adam", 10.0**-at, value, 0.0) for at, value in enumerate(values))
    (row,) = grid_of(replace(heart(), heat=heat)).rows
    shares = {box.cell.value: box.share for box in row.boxes}
    assert shares[0.9667] > shares[0.4] > shares[0.2]


def test_equal_values_are_all_the_best():
    comparison = replace(heart(), heat=tuple(replace(cell, value=0.75, diverged=0.0) for cell in heart().heat))
    assert {box.share for row in grid_of(comparison).rows for box in row.boxes} == {1.0}
    axis = heat_map(comparison).layout.coloraxis
    assert axis.cmin < axis.cmax == 0.75
    axis = heat_map(replace(comparison, higher=False)).layout.coloraxis
    assert axis.cmax > axis.cmin == 0.75


def test_a_value_that_is_no_number_is_none():
    cells = (
        HeatCell("adam", 0.01, math.nan, 0.0),
        HeatCell("adam", 0.1, 0.8, 0.0),
        HeatCell("sgd", 0.1, math.inf, 1.0),
    )
    grid = grid_of(replace(heart(), heat=cells))
    assert (grid.good, grid.bad, grid.best.cell.learning_rate) == (0.8, 0.8, 0.1)
    assert [row.optimizer for row in grid.rows] == ["adam", "sgd"]


def test_a_wide_gap_between_rates_is_left_empty():
    cells = tuple(HeatCell("sgd", rate, 0.8, 0.0) for rate in (1e-6, 0.01, 0.02, 0.05, 0.1))
    (strip,) = strips(heat_map(replace(heart(), heat=cells)))
    assert strip.z[0][1] is None
    assert strip.hovertext[0][1] == ""
    assert len(strip.x) == len(strip.z[0]) + 1


def test_tolerated_rates_are_underlined():
    figure = heat_map(heart())
    lines = [trace for trace in named(figure, "tolerated") if trace.mode == "lines"]
    assert sorted(tuple(line.x) for line in lines) == sorted(each.rates for each in heart().tolerances)
    assert not named(heat_map(lone()), "tolerated")


def test_hovering_over_a_cell_tells_all_of_it():
    told = [text for trace in strips(heat_map(heart())) for text in trace.hovertext[0]]
    assert "<b>adam</b> at learning rate <b>0.01</b><br>ROC AUC <b>0.9267</b>" in told
    assert any(text.endswith("25% of the runs diverged") for text in told)


def test_the_first_twenty_places_have_their_intervals():
    figure = ranking_intervals(heart())
    drawn = {rank: (mean, mean - low, mean + high) for trace in figure.data for rank, mean, low, high in zip(
        trace.y, trace.x, trace.error_x.arrayminus, trace.error_x.array, strict=True
    )}  # fmt: skip
    assert sorted(drawn) == list(range(1, 21))
    for place in heart().places[:20]:
        assert drawn[place.rank] == pytest.approx((place.mean, place.low, place.high))


def test_places_level_with_the_best_are_in_the_accent_colour():
    figure = ranking_intervals(heart())
    (level,) = named(figure, "not distinguishable from the best")
    (worse,) = named(figure, "worse")
    assert set(level.y) == {place.rank for place in heart().places[:20] if not place.distinguishable}
    assert set(worse.y) == {place.rank for place in heart().places[:20] if place.distinguishable}
    assert level.marker.color != worse.marker.color


def test_what_is_alike_is_said_once():
    assert "Alike in all 20: weight decay 0.0001." in captions(ranking_intervals(mpg()))
    assert not any("0.0001" in name for name in names(ranking_intervals(mpg())))
    (only,) = names(ranking_intervals(lone()))
    assert only == "<b>1</b>  adam · 0.01"


def test_a_recipe_is_told_by_its_optimizer_and_learning_rate_before_all_else():
    places = tuple(replace(place, fields=place.fields[::-1]) for place in heart().places)
    assert names(ranking_intervals(replace(heart(), places=places)))[0] == "<b>1</b>  adam · 0.01 · relu · 128, 32"


def test_how_many_are_level_is_said():
    assert "18 of the 49 that follow are not distinguishable" in captions(ranking_intervals(heart()))
    alone = replace(heart(), level=1)
    assert "The best is better than each of the 49 that follow" in captions(ranking_intervals(alone))
    assert "None of the 49 that follow is distinguishable" in captions(ranking_intervals(replace(heart(), level=50)))
    assert "distinguishable" not in captions(ranking_intervals(lone()))


def test_an_optimizers_curve_is_the_mean_over_the_seeds_still_going():
    curve = Curve("sgd", "sgd, 0.1", ((1.0, 0.5, 0.25), (3.0, 1.5), (2.0, math.inf, math.nan)))
    figure = optimizer_curves(replace(heart(), curves=(curve,)))
    thin, dashed, thick = figure.data
    assert tuple(thick.y) == (2.0,)
    assert (tuple(dashed.x), tuple(dashed.y)) == ((1, 2, 3), (2.0, 1.0, 0.25))
    assert dashed.line.dash != thick.line.dash
    assert tuple(thin.y) == (1.0, 0.5, 0.25, None, 3.0, 1.5, None, 2.0, None, None, None)


def test_one_seed_is_one_line():
    figure = optimizer_curves(heart(seeds=1))
    assert len(figure.data) == len(heart().curves)
    assert "Thin" not in captions(figure)


def test_different_losses_have_axes_of_their_own():
    figure = optimizer_curves(mpg())
    assert {trace.yaxis for trace in figure.data} == {"y", "y2", "y3"}
    kinds = [axis.type for axis in (figure.layout.yaxis, figure.layout.yaxis2, figure.layout.yaxis3)]
    assert kinds == ["log", "log", "linear"]
    assert sum(note.name == "panel" for note in figure.layout.annotations) == 3
    assert "different losses" in captions(figure)


def test_the_loss_axis_is_logarithmic_from_a_factor_of_eight_on():
    for span, kind in ((7.0, "linear"), (9.0, "log")):
        curve = Curve("sgd", "sgd", ((span, 1.0),))
        assert optimizer_curves(replace(heart(), curves=(curve,))).layout.yaxis.type == kind


def test_a_loss_far_above_all_others_does_not_widen_the_axis():
    curve = Curve("sgd", "sgd", ((0.5,) * 99 + (1e12,),))
    assert optimizer_curves(replace(heart(), curves=(curve,))).layout.yaxis.range[1] < 1


def test_where_nothing_was_reached_each_figure_says_so():
    for comparison in (lost(), nothing()):
        notes = [[note.text for note in draw(comparison).layout.annotations] for draw in DRAWINGS]
        assert "No recipe could be scored by ROC AUC." in notes[1]
        assert "No run had a finite validation loss." in notes[2]


def test_many_optimizers_all_have_a_row_and_a_curve():
    assert len(strips(heat_map(crowd()))) == 14
    assert len([trace for trace in optimizer_curves(crowd()).data if trace.showlegend]) == 14
    assert len(set(SWEET)) == len(strips(heat_map(heart())))


def test_the_words_over_the_ranking_say_where_a_recipe_has_fewer_seeds():
    assert "the mean over 4 seeds with its" in captions(ranking_intervals(heart()))
    first, *others = heart().places
    some = replace(heart(), places=(first, *(replace(place, seeds=1) for place in others)))
    assert "the mean over 4 seeds (fewer where the training ended early)" in captions(ranking_intervals(some))
