"""Cards of the catalogue as a page with figures that answer to the mouse, and such a figure by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from fallline.render import _theme
from fallline.render._captions import Words
from fallline.render._parts import escaped, items, table
from fallline.render._shell import plot, section, shell
from fallline.render._theme import HUES, LIGHT, plain
from fallline.render.card_html import facts_of
from fallline.render.mathml import mathml
from fallline.render.picture import Line, Mark, Picture
from fallline.render.sheet import OptionLine, Sheet

__all__ = ["card_page", "figure_of"]

_MARGIN = {"l": 60, "r": 24, "t": 34, "b": 52}
_HEIGHT = 440
_SYMBOLS = {"ring": "circle-open", "dot": "circle", "cross": "x-thin-open"}
_STYLE = """
h1 + .kicker { margin-bottom: 10px; }
.math { font-size: 135%; margin: 22px 0 0; overflow-x: auto; overflow-y: hidden; padding: 4px 0; }
.flag { white-space: nowrap; }
code { font: 93% ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
article + article { margin-top: 72px; border-top: 1px solid var(--rule); padding-top: 40px; }
nav { columns: 13em; margin: 20px 0 56px; font-size: 15px; }
nav a { display: block; color: inherit; }
"""


def figure_of(picture: Picture) -> go.Figure:
    """A picture as a plotly figure.

    Args:
        picture: The picture.

    Returns:
        The figure, with its title and caption above it and the names of its lines between.
    """
    words = Words(picture.title, picture.caption)
    figure = go.Figure(layout=_theme.frame(words, height=_HEIGHT, margin=_MARGIN))
    for line in picture.contours:
        figure.add_trace(_contour(line))
    for rank, line in reversed(list(enumerate(picture.lines))):
        figure.add_trace({**_line(line), "legendrank": rank})
    for mark in picture.marks:
        figure.add_trace(_mark(mark))
    left, right, bottom, top = picture.window
    figure.update_xaxes(_theme.axis(picture.across), range=[left, right])
    figure.update_yaxes(_theme.axis("", log=picture.log, grows=True), range=_up(bottom, top, picture.log))
    if not picture.log and bottom < 0 < top:
        figure.update_yaxes(zeroline=True, zerolinecolor=LIGHT, zerolinewidth=1)
    if picture.contours:  # a map: as far up as across
        figure.update_yaxes(scaleanchor="x", scaleratio=1)
    figure.update_layout(showlegend=True, legend=_LEGEND)
    return figure


_LEGEND: dict[str, Any] = {
    "orientation": "h",
    "x": 0,
    "xanchor": "left",
    "y": 1,
    "yanchor": "bottom",
    "bgcolor": "rgba(0,0,0,0)",
}


def card_page(title: str, cards: Sequence[tuple[Sheet, Picture | None]], *, plotly_js: str | None = None) -> str:
    """Cards as one page that works offline, on a phone, in print, light and dark.

    Args:
        title: What stands over several cards.
        cards: The cards, each with its picture, where there is one.
        plotly_js: The source of plotly.js; by default the one that the plotly package holds.

    Returns:
        The page. It makes no request: plotly.js is in it, once, and a content policy forbids all else.
    """
    articles = "\n".join(_article(sheet, picture) for sheet, picture in cards)
    if len(cards) == 1:
        return shell(cards[0][0].name, articles, plotly_js=plotly_js, style=_STYLE)
    links = "".join(f'<a href="#{_anchor(sheet)}">{escaped(sheet.name)}</a>' for sheet, _ in cards)
    head = f'<header><p class="kicker">Fallline catalogue</p><h1>{escaped(title)}</h1></header><nav>{links}</nav>'
    return shell(title, f"{head}\n{articles}", plotly_js=plotly_js, style=_STYLE)


def _article(sheet: Sheet, picture: Picture | None) -> str:
    parts = [
        f'<header><p class="kicker">{escaped(sheet.subtitle)}</p><h1>{escaped(sheet.name)}</h1>'
        f'<p class="conclusion">{escaped(sheet.summary)}</p></header>',
        f'<div class="math">{mathml(sheet.formula)}</div>',
    ]
    if picture is not None:
        parts.append(section(Words(picture.title, picture.caption), plot(_anchor(sheet), figure_of(picture))))
    parts.append(section(Words("Using it", ""), _facts(sheet)))
    if sheet.options:
        parts.append(section(Words("Options", ""), _options(sheet.options)))
    return f'<article id="{_anchor(sheet)}">{"".join(parts)}</article>'


def _anchor(sheet: Sheet) -> str:
    return f"{sheet.kind}-{escaped(sheet.name)}"


def _facts(sheet: Sheet) -> str:
    write = " or ".join(f"<code>{escaped(text)}</code>" for text in sheet.write)
    body = f"<dt>use</dt><dd>{write}</dd>"
    for name, text in facts_of(sheet):
        body += f"<dt>{escaped(name)}</dt><dd>{escaped(text) if isinstance(text, str) else items(text)}</dd>"
    return f"<dl>{body}</dl>"


def _options(options: Sequence[OptionLine]) -> str:
    head = [f'<th scope="col">{name}</th>' for name in ("option", "default", "allowed", "meaning")]
    rows = [
        [
            f'<th scope="row" class="flag"><code>{escaped(option.flag)}</code></th>',
            *(f"<td>{escaped(text)}</td>" for text in option[2:4]),
            f'<td class="text">{escaped(option.meaning + option.note)}</td>',
        ]
        for option in options
    ]
    return table(head, rows)


def _line(line: Line) -> dict[str, Any]:
    """A line; only one that has a name is in the legend."""
    dash = "5px,4px" if line.stroke == "dashed" else "solid"
    hover = "step %{pointNumber}<br>" if line.steps else ""
    return {
        "type": "scatter",
        "mode": "lines+markers" if line.steps else "lines",
        "name": plain(line.name),
        "showlegend": bool(line.name),
        "x": list(line.x),
        "y": [y if y == y else None for y in line.y],
        "line": {"color": HUES[line.hue], "width": 1.4 if line.steps else 2.4, "dash": dash},
        "marker": {"size": 5},
        "hovertemplate": f"{hover}{plain(line.name)} <b>%{{y:.4~g}}</b> at %{{x:.4~g}}<extra></extra>",
    }


def _contour(line: Line) -> dict[str, Any]:
    look = {"color": LIGHT, "width": 1}
    shape = {"type": "scatter", "mode": "lines", "x": list(line.x), "y": list(line.y), "line": look}
    return {**shape, "hoverinfo": "skip", "showlegend": False}


def _mark(mark: Mark) -> dict[str, Any]:
    colour = HUES[mark.hue]
    edge = {"width": 2.5, "color": colour}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(mark.name),
        "x": [mark.x],
        "y": [mark.y],
        "marker": {"symbol": _SYMBOLS[mark.shape], "size": 12, "color": colour, "line": edge},
        "hovertemplate": f"{plain(mark.name)}<extra></extra>",
    }


def _up(bottom: float, top: float, log: bool) -> list[float]:
    return [math.log10(bottom), math.log10(top)] if log else [bottom, top]
