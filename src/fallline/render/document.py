"""A report as an HTML document that needs nothing else, and as a fragment for a notebook."""

from __future__ import annotations

from dataclasses import replace

from fallline.render import _captions, _parts, figures
from fallline.render._captions import Words
from fallline.render._parts import escaped
from fallline.render._shell import plot, section, shell
from fallline.render._spark import sparkline
from fallline.render.report import Report

__all__ = ["html_report", "html_summary", "scatters"]


def html_report(report: Report, *, plotly_js: str | None = None) -> str:
    """The report as one page that works offline, on a phone, in print, light and dark.

    Args:
        report: The report.
        plotly_js: The source of plotly.js; by default the one that the plotly package holds.

    Returns:
        The page. It makes no request: plotly.js is in it, once, and a content policy forbids all else.
    """
    body = "\n".join([_head(report), _scores(report), _pictures(report), _details(report)])
    return shell(report.title, body, plotly_js=plotly_js)


def html_summary(report: Report) -> str:
    """The report in short, as a notebook shows it: no script, no style sheet, its surroundings' colours.

    Args:
        report: The report.

    Returns:
        A fragment of HTML: title, conclusion, scores, and the loss against the learning rate drawn small.
    """
    return (
        f'<div style="max-width:760px"><p style="margin:0 0 2px"><b>{escaped(report.title)}</b></p>'
        f'<p style="margin:0 0 8px">{escaped(report.conclusion)}</p>'
        f"{_parts.small_scores(report)}{sparkline(report)}</div>"
    )


def _head(report: Report) -> str:
    return (
        f'<header><p class="kicker">Fallline report</p><h1>{escaped(report.title)}</h1>'
        f'<p class="conclusion">{escaped(report.conclusion)}</p></header>'
    )


def _scores(report: Report) -> str:
    key = "↑ higher is better, ↓ lower is better; the best of each column is bold."
    return section(
        Words("Score on the test rows, beside baselines", ""),
        f'{_parts.scores_table(report)}<p class="key">{key}</p>',
    )


def _pictures(report: Report) -> str:
    """The figures: the curves across the page, the other two side by side where there is room."""
    curves = plot("curves", figures.learning_curves(report))
    runs = f"<details><summary>All runs in numbers</summary>{_parts.runs_table(report)}</details>"
    rates = section(_captions.of_rates(report), plot("rates", figures.loss_against_rate(report)))
    if not report.truth and report.best is not None:  # several targets; if they are labels, the study's table has them
        return f"{section(_captions.of_curves(report), curves + runs)}\n{rates}\n{scatters(report)}"
    if report.classes:
        words, figure = _captions.of_matrix(report), figures.confusion_matrix(report)
    else:
        words, figure = _captions.of_scatter(report), figures.predicted_against_true(report)
    many = len(report.classes) > _captions.MANY_CLASSES
    least = 200 + 34 * len(report.classes) if many else 0
    predictions = section(words, plot("predictions", figure, least=least))
    kind = "stack" if many else "pair"
    return f"""{section(_captions.of_curves(report), curves + runs)}
<div class="{kind}">{rates}
{predictions}</div>"""


def scatters(report: Report) -> str:
    """Predicted against true numbers of each of several targets, side by side where there is room."""
    of_targets = [
        replace(report, target=one.target, truth=one.truth, prediction=one.prediction) for one in report.several
    ]
    drawn = [
        section(_captions.of_scatter(one), plot(f"predictions-{place}", figures.predicted_against_true(one)))
        for place, one in enumerate(of_targets, start=1)
    ]
    return f'<div class="pair">{"".join(drawn)}</div>' if drawn else ""


def _details(report: Report) -> str:
    """What stands behind the result: the recipe, the data, what was announced, the facts."""
    left = section(Words("The recipe", ""), _parts.definitions(report.recipe)) if report.recipe else ""
    facts = (*report.facts, ("versions", report.versions))
    right = section(Words("The study", ""), _parts.definitions(facts))
    parts = [f'<div class="pair">{left}\n{right}</div>']
    if report.treatment:
        parts.append(section(Words("What was done to the data", ""), _parts.treatment(report)))
    if report.notes:
        parts.append(section(Words("Notes", ""), _parts.items(report.notes)))
    return "\n".join(parts)
