"""A comparison as an HTML document that needs nothing else, and as a fragment for a notebook."""

from __future__ import annotations

from fallline.render import _captions, _comparison_tables, _comparison_words, _parts, comparison_figures, figures
from fallline.render._captions import Words
from fallline.render._comparison_curves import window_of
from fallline.render._comparison_fields import heading_of, intervals, outcomes_text, steps_text
from fallline.render._comparison_grid import grid_of
from fallline.render._comparison_svg import heat_drawing
from fallline.render._parts import escaped
from fallline.render._shell import plot, section, shell
from fallline.render.comparison import Comparison
from fallline.render.document import scatters
from fallline.render.report import Report

__all__ = ["html_comparison", "html_comparison_summary"]

_STYLE = """
.tiles { display: flex; flex-wrap: wrap; gap: 10px 40px; margin: 22px 0 0; }
.tiles > div { display: flex; flex-direction: column-reverse; justify-content: flex-end; max-width: 15em; }
.tiles dt { font-size: 14px; line-height: 1.3; }
.tiles dd { font-size: 26px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.level { color: var(--accent); }
.quiet { color: var(--muted); }
.nowrap { white-space: nowrap; }
.bar { min-width: 120px; width: 40%; padding-right: 0; }
.bar > i { display: block; height: 9px; background: var(--muted); opacity: .55; }
.dense { margin-top: 8px; }
.dense th, .dense td { padding-top: 4px; padding-bottom: 4px; padding-right: 15px; }
.dense > .wide { max-height: 600px; overflow: auto; }
.dense thead th { position: sticky; top: 0; background: var(--paper); box-shadow: inset 0 -1px var(--muted); }
tr.chosen > td { font-weight: 600; }
tr.chosen > td.quiet { font-weight: 400; }
@media (max-width: 760px) { .tiles { display: grid; grid-template-columns: 1fr 1fr; gap: 12px 20px; } }
@media print {
  .dense > .wide { max-height: none; overflow: visible; }
  .dense thead th { position: static; }
  .dense table, .dense thead th { font-size: 7.5pt; }
  .dense th, .dense td { padding: 2px 8px 2px 0; }
}
"""
_FEW = 5
"""A notebook shows so many places."""


def html_comparison(report: Report, comparison: Comparison, *, plotly_js: str | None = None) -> str:
    """The comparison as one page that works offline, on a phone, in print, light and dark.

    Args:
        report: The report of the chosen run; its runs are those of the chosen recipe at all learning rates.
        comparison: What was compared.
        plotly_js: The source of plotly.js; by default the one that the plotly package holds.

    Returns:
        The page. It makes no request: plotly.js is in it, once, and a content policy forbids all else.
    """
    parts = [_head(report, comparison)]
    if report.scores:
        parts.append(_scores(report))
    parts += [
        _ranking(comparison),
        _heat(comparison),
        _curves(comparison),
        _chosen(report),
        _details(report, comparison),
    ]
    return shell(report.title, "\n".join(part for part in parts if part), plotly_js=plotly_js, style=_STYLE)


def html_comparison_summary(report: Report, comparison: Comparison) -> str:
    """The comparison in short, as a notebook shows it: no script, no style sheet, its surroundings' colours.

    Args:
        report: The report of the chosen run.
        comparison: What was compared.

    Returns:
        A fragment of HTML: title, conclusion, scores, the first places, and the heat map drawn small.
    """
    steps = steps_text(comparison.model_steps_per_second)
    facts = f"{_captions.plural(comparison.recipes, 'recipe')}, {_captions.plural(comparison.runs, 'run')}"
    facts += f" ({escaped(outcomes_text(comparison.outcomes))})" if comparison.outcomes else ""
    facts += f", {steps} model-steps a second" if steps != "-" else ""
    return (
        f'<div style="max-width:760px"><p style="margin:0 0 2px"><b>{escaped(report.title)}</b></p>'
        f'<p style="margin:0 0 4px">{escaped(report.conclusion)}</p>'
        f'<p style="margin:0 0 10px;opacity:.75">{facts}</p>'
        f"{_parts.small_scores(report)}{_few_places(comparison)}{heat_drawing(comparison, grid_of(comparison))}</div>"
    )


def _head(report: Report, comparison: Comparison) -> str:
    return (
        f'<header><p class="kicker">Fallline comparison</p><h1>{escaped(report.title)}</h1>'
        f'<p class="conclusion">{escaped(report.conclusion)}</p>{_comparison_tables.tiles(comparison)}</header>'
    )


def _scores(report: Report) -> str:
    key = "↑ higher is better, ↓ lower is better; the best of each column is bold."
    words = Words("Score on the test rows, beside baselines", "")
    return section(words, f'{_parts.scores_table(report)}<p class="key">{key}</p>')


def _ranking(comparison: Comparison) -> str:
    figure = ""
    if _comparison_words.shown_places(comparison):
        figure = plot("ranking", comparison_figures.ranking_intervals(comparison))
    places = _comparison_tables.ranking(comparison)
    return section(_comparison_words.of_ranking(comparison), f"{figure}{places}")


def _heat(comparison: Comparison) -> str:
    grid = grid_of(comparison)
    figure = plot("heat", comparison_figures.heat_map(comparison)) if grid.rows else ""
    table = _comparison_tables.tolerances(comparison, grid)
    return section(_comparison_words.of_heat(comparison, grid), f"{figure}{table}")


def _curves(comparison: Comparison) -> str:
    apart = not comparison.loss and len(comparison.curves) > 1
    figure = ""
    if window_of(comparison.curves).low is not None:
        figure = plot("curves", comparison_figures.optimizer_curves(comparison), least=700 if apart else 0)
    return section(_comparison_words.of_courses(comparison), figure)


def _chosen(report: Report) -> str:
    """The chosen run: its recipe at other learning rates, or its curves where there is one only; its predictions."""
    if len({run.learning_rate for run in report.runs}) > 1:
        _, caption = _captions.of_rates(report)
        words = Words("The chosen recipe at each learning rate", caption)
        left = section(words, plot("rates", figures.loss_against_rate(report)))
    else:
        _, caption = _captions.of_curves(report)
        words = Words("The chosen run, epoch by epoch", caption)
        left = section(words, plot("chosen", figures.learning_curves(report))) if report.runs else ""
    if not report.truth:  # nothing was predicted, or there are several targets
        return f"{left}\n{scatters(report)}"
    many = len(report.classes) > _captions.MANY_CLASSES
    if report.classes:
        words, figure = _captions.of_matrix(report), figures.confusion_matrix(report)
    else:
        words, figure = _captions.of_scatter(report), figures.predicted_against_true(report)
    right = section(words, plot("predictions", figure, least=200 + 34 * len(report.classes) if many else 0))
    return f'<div class="{"stack" if many else "pair"}">{left}\n{right}</div>'


def _details(report: Report, comparison: Comparison) -> str:
    """What stands behind the result: recipe, study, plan, time, data, announcements."""
    plan = tuple((line.name, line.text) for line in comparison.plan)
    outcomes = (("outcomes", outcomes_text(comparison.outcomes)),) if comparison.outcomes else ()
    facts = (*report.facts, ("versions", report.versions))
    parts = [
        _pair(
            section(Words("The chosen recipe", ""), _parts.definitions(report.recipe)) if report.recipe else "",
            section(Words("The study", ""), _parts.definitions(facts)),
        ),
        _pair(
            section(Words("The plan, and what came of it", ""), _parts.definitions((*plan, *outcomes)))
            if plan or outcomes
            else "",
            section(Words("Where the time went", ""), _comparison_tables.timings(comparison))
            if comparison.timings
            else "",
        ),
    ]
    if report.treatment:
        parts.append(section(Words("What was done to the data", ""), _parts.treatment(report)))
    if report.notes:
        parts.append(section(Words("Notes", ""), _parts.items(report.notes)))
    return "\n".join(part for part in parts if part)


def _pair(left: str, right: str) -> str:
    return f'<div class="pair">{left}\n{right}</div>' if left or right else ""


def _few_places(comparison: Comparison) -> str:
    """The first places, each in a line."""
    places = [place for place in comparison.places[:_FEW] if place.mean is not None]
    rows = []
    for place, (mean, low, high) in zip(places, intervals(places), strict=True):
        text = " · ".join(text for _, text in place.fields) or "-"
        interval = f"{low} to {high}" if place.low is not None else "-"
        rows.append([f"{place.rank}. {escaped(text)}", mean, interval])
    head = [f"first of {comparison.recipes:,}, on validation rows", escaped(heading_of(comparison)), "95 % interval"]
    return _parts.small_table(head, rows) if rows else ""
