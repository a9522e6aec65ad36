"""What a terminal shows fits it, and says the same without colours."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len
from rich.console import Console

from fallline.render.terminal import ladder_table, notes_list, scores_table, studies_table, summary, treatment_table

STUDIES = [
    {
        "name": "heart-20260102-120301",
        "created": "2026-01-02T12:03:01",
        "task": "binary",
        "target": "target",
        "rows": 303,
        "learning_rate": 0.003981,
        "metric": "roc_auc",
        "score": 0.91234,
        "baseline": "logistic",
        "baseline_score": 0.89719,
    },
    {
        "name": "a-study-with-a-name-that-somebody-chose-at-length-20260102-120301",
        "created": "2026-01-02T12:03:01",
        "task": "regression",
        "target": "price_in_dollars_of_the_year",
        "rows": 53940,
        "learning_rate": 1e-5,
        "metric": "rmse",
        "score": 541.23,
        "baseline": "gradient_boosting",
        "baseline_score": 560.9,
    },
    {"name": "damaged"},
]


def shown(renderable, width=80):
    """The lines that a terminal without colours would show."""
    console = Console(file=StringIO(), width=width, color_system=None, legacy_windows=False)
    console.print(renderable)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("table", [scores_table, ladder_table, treatment_table, summary])
def test_tables_fit_the_width(table, width, report, nothing_finite, hostile):
    for given in (report, nothing_finite, hostile):
        assert max(cell_len(line) for line in shown(table(given), width)) <= width


def test_a_terminal_that_knows_ascii_alone_shows_bars_and_arrows(report):
    lines = {}
    for encoding in ("ascii", "utf-8"):
        raw = BytesIO()
        console = Console(file=TextIOWrapper(raw, encoding=encoding, errors="replace"), width=100, color_system=None)
        console.print(summary(report))
        console.print(notes_list(["said · done"]))
        console.file.flush()
        lines[encoding] = raw.getvalue().decode(encoding).splitlines()
    whole = "\n".join(lines["ascii"])
    assert "??" not in whole
    assert "##" in whole
    assert "^ higher is better, v lower is better" in whole
    assert [len(line.rstrip()) for line in lines["ascii"]] == [len(line.rstrip()) for line in lines["utf-8"]]


@pytest.mark.parametrize("width", [80, 140])
def test_the_list_of_studies_fits_the_width(width):
    assert max(cell_len(line) for line in shown(studies_table(STUDIES), width)) <= width


def test_ordinary_numbers_are_whole_at_80_columns(report):
    lines = shown(summary(report))
    assert not any("…" in line for line in lines)
    assert sum(line.startswith("learning rate") for line in lines) == 1
    assert len(shown(ladder_table(report))) == 2 + len(report.runs)


def test_each_learning_rate_has_one_line_with_its_loss_and_outcome(regression):
    lines = shown(ladder_table(regression))[2:]
    for run, line in zip(regression.ladder, lines, strict=True):
        assert run.outcome in line
        assert f"{run.best_epoch} of {run.epochs}" in line
    (best,) = [line for line in lines if "best" in line]
    assert "▸ 0.04642" in best
    assert "0.0923" in best


def test_the_bar_grows_with_the_loss_and_a_diverged_run_has_none(regression):
    lines = shown(ladder_table(regression))[2:]
    bars = [line.count("█") for line in lines]
    assert bars[0] == max(bars) == 14
    assert bars[:8] == sorted(bars[:8], reverse=True)
    assert [("×" in line) for line in lines] == [run.diverged for run in regression.ladder]


def test_a_star_stands_at_the_best_of_each_column(multiclass):
    rows = {line.split()[0]: line for line in shown(scores_table(multiclass))[2:-1]}
    assert (rows["network"].count("*"), rows["majority"].count("*"), rows["logistic"].count("*")) == (1, 0, 4)
    assert shown(scores_table(multiclass))[0].count("↑") == 3
    assert rows["majority"].split()[-1] == "-"


def test_many_columns_are_shown_in_groups(multiclass, binary):
    lines = shown(treatment_table(multiclass))
    assert any("26 columns, in groups treated alike" in line for line in lines)
    assert any(line.rstrip().endswith("24") for line in lines)
    assert len(shown(treatment_table(binary))) == 2 + 13


def test_the_summary_ends_with_the_conclusion(report):
    lines = shown(summary(report), width=200)
    assert lines[0].rstrip() == report.title
    assert lines[-1].rstrip() == report.conclusion


def test_outside_text_neither_steers_the_terminal_nor_is_read_as_markup(hostile):
    text = "\n".join(shown(summary(hostile), width=200))
    assert "\x1b" not in text
    assert "[31m[red]%{x}" in text


def test_a_study_is_listed_with_its_score_beside_the_best_baseline():
    (head, _, heart, *_) = shown(studies_table(STUDIES), width=160)
    assert head.split()[0] == "study"
    for part in ("2026-01-02 12:03", "target  binary", "303", "0.003981", "ROC AUC\u00a0↑ 0.9123", "logistic 0.8972"):
        assert part in heart
    assert "damaged" in shown(studies_table(STUDIES), width=160)[-1]


def test_the_name_of_a_study_can_be_copied_at_80_columns():
    assert any(line.startswith("heart-20260102-120301 ") for line in shown(studies_table(STUDIES)))


def test_no_study_is_an_empty_table():
    assert shown(studies_table([]))[0].startswith("study")


def test_a_run_without_a_finite_loss_has_a_dash(nothing_finite):
    assert all("- of 1" in line for line in shown(ladder_table(nothing_finite))[2:])


def test_equal_losses_are_shown(binary):
    runs = tuple(replace(run, validation_loss=0.5) for run in binary.runs)
    assert len(shown(ladder_table(replace(binary, runs=runs)))) == 2 + len(runs)


def test_the_terminal_needs_neither_plotly_nor_torch():
    code = (
        "import sys, fallline.render.terminal, fallline.render.report, fallline.render.number;"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'plotly', 'torch', 'polars', 'numpy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
