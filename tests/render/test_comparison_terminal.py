"""What a terminal shows of a comparison fits it, and says the same without colours."""

import io
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from fallline.render.comparison import HeatCell
from fallline.render.comparison_terminal import (
    comparison_summary,
    curve_lines,
    heat_table,
    ranking_table,
    timings_table,
    tolerance_table,
)
from tests.render.comparison_samples import SAMPLES, crowd, heart, hostile, lone, lost, mpg

TABLES = [curve_lines, heat_table, ranking_table, timings_table, tolerance_table]


def shown(renderable, width=80, encoding="utf-8"):
    """The lines that a terminal without colours would show."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=file, width=width, color_system=None, legacy_windows=False, highlight=False).print(renderable)
    file.flush()
    return file.buffer.getvalue().decode(encoding).splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("table", TABLES)
def test_all_fits_the_width(table, sample, width):
    lines = shown(table(SAMPLES[sample]()), width)
    assert max(map(cell_len, lines), default=0) <= width


@pytest.mark.parametrize("sample", SAMPLES)
def test_drawings_and_ranking_know_ascii_terminals(sample):
    for draw in (curve_lines, heat_table, ranking_table):
        assert shown(draw(SAMPLES[sample]()), encoding="ascii") is not None


@pytest.mark.parametrize("make", [heart, mpg, lone])
def test_nothing_ordinary_is_cut_at_80_columns(make):
    for draw in (curve_lines, heat_table, ranking_table, tolerance_table):
        assert not any("…" in line for line in shown(draw(make())))


def test_the_ranking_marks_the_chosen_and_those_level_with_it():
    lines = [line for line in shown(ranking_table(heart())) if line.strip()[:1] in "▸≈" and line.strip()]
    assert lines[0].split()[:3] == ["▸", "1", "adam"]
    assert sum(line.strip().startswith("≈") for line in lines) - 1 == sum(
        place.distinguishable is False for place in heart().places[:15]
    )
    text = "\n".join(shown(ranking_table(heart())))
    assert "18 of the 49 compared with it in pairs" in text
    assert "241 more recipes follow" in text


def test_the_ranking_holds_as_many_places_as_are_asked_for():
    assert "252 more recipes follow" in "\n".join(shown(ranking_table(heart(), most=4)))
    assert "more recipe" not in "\n".join(shown(ranking_table(lone())))


def test_fields_share_a_column_where_they_do_not_fit():
    assert any("adam, 0.01, 128, 32, relu, huber" in line for line in shown(ranking_table(mpg()), width=78))
    assert any(
        "adam                 0.01" in line or "adam           0.01" in line
        for line in shown(ranking_table(mpg()), 120)
    )


def test_what_is_alike_stands_under_the_ranking():
    assert "all of these: weight decay 0.0001" in "\n".join(shown(ranking_table(mpg())))


def test_the_heat_map_has_a_row_for_each_optimizer_with_its_best_cell():
    lines = shown(heat_table(heart()))
    assert lines[1].startswith("adam ")
    assert lines[1].rstrip().endswith("0.9267 at 0.01")
    assert "█" in lines[1]
    assert "×" in lines[1]
    assert "×" not in shown(heat_table(crowd()))[1]


def test_the_best_block_stands_over_its_learning_rate():
    cells = tuple(HeatCell("sgd", rate, 0.5 if rate != 0.1 else 0.9, 0.0) for rate in (0.001, 0.01, 0.1, 1.0, 10.0))
    _, row, ticks, numbers, _ = shown(heat_table(replace(heart(), heat=cells)))
    tick = numbers.index(" 0.1") + 2
    assert "┬" in ticks[tick - 2 : tick + 3]
    assert row[tick] == "█"
    assert row.count("█") < len(row) / 3


def test_more_rates_than_characters_are_binned_to_the_best():
    lines = shown(heat_table(crowd()), width=60)
    assert len([line for line in lines if " at " in line]) == 14
    assert all("█" in line for line in lines if " at 0" in line)


def test_where_all_diverged_there_is_a_sentence():
    text = "\n".join(shown(heat_table(lost())))
    assert "No recipe could be scored by ROC AUC." in text
    assert "×" in text


def test_curves_fall_from_left_to_right_on_one_scale():
    for line in shown(curve_lines(heart()))[1:]:
        blocks = [block for block in line if block in "▁▂▃▄▅▆▇█"]
        assert blocks[0] >= blocks[-1]
        assert "lowest 0." in line
    assert "each on its own scale" in "\n".join(shown(curve_lines(mpg())))


def test_the_tolerance_is_in_decades():
    lines = shown(tolerance_table(heart()))
    assert "2.3 decades" in lines[2]
    assert "0.000432 to 0.0923" in lines[2]


def test_timings_add_up():
    lines = shown(timings_table(heart()))
    assert lines[-1].split()[:2] == ["together", "6.5"]
    assert any(line.startswith("training") and "53%" in line for line in lines)


def test_the_summary_ends_with_the_conclusion_and_leaves_the_plan_to_those_who_said_it_before(report):
    lines = shown(comparison_summary(report, heart()), width=200)
    assert lines[0].rstrip() == report.title
    assert lines[-1].rstrip() == report.conclusion
    plan = heart().plan[0].text
    assert not any(plan in line for line in lines)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_summary_fits(sample, multiclass, nothing_finite):
    for given in (multiclass, nothing_finite):
        for width in (80, 120):
            lines = shown(comparison_summary(given, SAMPLES[sample]()), width)
            assert max(map(cell_len, lines)) <= width


def test_outside_text_neither_steers_the_terminal_nor_is_read_as_markup(request):
    text = "\n".join(shown(comparison_summary(request.getfixturevalue("hostile"), hostile()), width=300))
    assert "\x1b" not in text
    assert "[31m[red]%{x}" in text


def test_the_terminal_needs_neither_plotly_nor_torch():
    code = (
        "import sys, fallline.render.comparison_terminal;"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'plotly', 'torch', 'polars', 'numpy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
