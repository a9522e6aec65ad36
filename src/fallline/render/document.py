"""A report as an HTML document that needs nothing else, and as a fragment for a notebook."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from fallline.render import _captions, _page, _parts, figures
from fallline.render._captions import Words
from fallline.render._parts import escaped
from fallline.render._spark import sparkline
from fallline.render.names import heading
from fallline.render.report import Report

__all__ = ["html_report", "html_summary"]

_ICON = "data:,"
"""An empty icon, so that no browser asks for one."""
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "form-action 'none'",
        "base-uri 'none'",
    ]
)
"""The browser itself is told to fetch nothing and to send nothing."""


def html_report(report: Report, *, plotly_js: str | None = None) -> str:
    """The report as one page that works offline, on a phone, in print, light and dark.

    Args:
        report: The report.
        plotly_js: The source of plotly.js; by default the one that the plotly package holds.

    Returns:
        The page. It makes no request: plotly.js is in it, once, and a content policy forbids all else.
    """
    source = get_plotlyjs() if plotly_js is None else plotly_js
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(report.title)} · Fallline</title>
<link rel="icon" href="{_ICON}">
<style>{_page.STYLE}</style>
</head>
<body>
<main>
{_head(report)}
{_scores(report)}
{_pictures(report)}
{_details(report)}
</main>
<script>{_inlined(source)}</script>
<script>{_page.SCRIPT}</script>
</body>
</html>
"""


def html_summary(report: Report) -> str:
    """The report in short, as a notebook shows it: no script, no style sheet, its surroundings' colours.

    Args:
        report: The report.

    Returns:
        A fragment of HTML: title, conclusion, scores, and the loss against the learning rate drawn small.
    """
    cell = "padding:2px 14px 2px 0;text-align:right;background:none"
    first = "padding:2px 14px 2px 0;text-align:left;background:none"
    head = "".join(f'<th style="{cell}">{escaped(heading(metric))}</th>' for metric in report.metrics)
    rows = "".join(
        f'<tr><th style="{first};font-weight:normal">{escaped(name)}</th>'
        + "".join(f'<td style="{cell}">{f"<b>{text}</b>" if best else text}</td>' for text, best in cells)
        + "</tr>"
        for name, cells in _parts.score_rows(report)
    )
    return (
        f'<div style="max-width:760px"><p style="margin:0 0 2px"><b>{escaped(report.title)}</b></p>'
        f'<p style="margin:0 0 8px">{escaped(report.conclusion)}</p>'
        '<table style="border-collapse:collapse;margin:0 0 8px"><thead><tr>'
        f'<th style="{first}">test score</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"{sparkline(report)}</div>"
    )


def _head(report: Report) -> str:
    return (
        f'<header><p class="kicker">Fallline report</p><h1>{escaped(report.title)}</h1>'
        f'<p class="conclusion">{escaped(report.conclusion)}</p></header>'
    )


def _scores(report: Report) -> str:
    key = "↑ higher is better, ↓ lower is better; the best of each column is bold."
    return _section(
        Words("Score on the test rows, beside baselines", ""),
        f'{_parts.scores_table(report)}<p class="key">{key}</p>',
    )


def _pictures(report: Report) -> str:
    """The figures: the curves across the page, the other two side by side where there is room."""
    curves = _plot("curves", figures.learning_curves(report))
    runs = f"<details><summary>All runs in numbers</summary>{_parts.runs_table(report)}</details>"
    rates = _section(_captions.of_rates(report), _plot("rates", figures.loss_against_rate(report)))
    if report.classes:
        words, figure = _captions.of_matrix(report), figures.confusion_matrix(report)
    else:
        words, figure = _captions.of_scatter(report), figures.predicted_against_true(report)
    many = len(report.classes) > _captions.MANY_CLASSES
    least = 200 + 34 * len(report.classes) if many else 0
    predictions = _section(words, _plot("predictions", figure, least=least))
    kind = "stack" if many else "pair"
    return f"""{_section(_captions.of_curves(report), curves + runs)}
<div class="{kind}">{rates}
{predictions}</div>"""


def _details(report: Report) -> str:
    """What stands behind the result: the recipe, the data, what was announced, the facts."""
    left = _section(Words("The recipe", ""), _parts.definitions(report.recipe)) if report.recipe else ""
    facts = (*report.facts, ("versions", report.versions))
    right = _section(Words("The study", ""), _parts.definitions(facts))
    parts = [f'<div class="pair">{left}\n{right}</div>']
    if report.treatment:
        parts.append(_section(Words("What was done to the data", ""), _parts.treatment(report)))
    if report.notes:
        parts.append(_section(Words("Notes", ""), _parts.items(report.notes)))
    return "\n".join(parts)


def _section(words: Words, content: str) -> str:
    caption = f'<p class="caption">{escaped(words.caption)}</p>' if words.caption else ""
    return f"<section><h2>{escaped(words.title)}</h2>{caption}{content}</section>"


def _plot(name: str, figure: go.Figure, *, least: int = 0) -> str:
    """A figure under the page's own heading, so without its title, on the page's own paper.

    Where the page is narrower than ``least`` pixels, the figure can be moved sideways.
    """
    drawing = json.loads(str(figure.to_json()))
    layout = drawing["layout"]
    room = layout.pop("meta")["room"]
    height = layout["height"] - layout["margin"]["t"] + room
    layout["margin"]["t"] = room
    del layout["title"]
    layout["annotations"] = [note for note in layout["annotations"] if note.get("name") != "caption"]
    layout |= {"height": height, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
    return (
        f'<div class="wide"><div class="plot" data-figure="figure-{name}" '
        f'style="min-height:{height}px;min-width:{least}px"></div></div>'
        f'<script type="application/json" id="figure-{name}">{_inlined_json(drawing)}</script>'
    )


def _inlined_json(value: dict[str, Any]) -> str:
    """JSON in which nothing can end the script element that holds it."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _inlined(source: str) -> str:
    """JavaScript in which nothing can end the script element that holds it."""
    return source.replace("</script", "<\\/script").replace("<!--", "<\\!--")
