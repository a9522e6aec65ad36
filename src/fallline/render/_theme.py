"""The look that all figures share, as plain data."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from fallline.render._captions import Words
from fallline.render._marks import safe
from fallline.render._window import padded
from fallline.render.number import short

__all__ = [
    "ACCENT",
    "BAR_NAME",
    "HUES",
    "INK",
    "LIGHT",
    "MUTED",
    "RATES",
    "RULE",
    "SHARES",
    "axis",
    "colour_bar",
    "decades",
    "frame",
    "plain",
    "rate_axis",
]

INK = "#1f2933"
MUTED = "#5b6776"
RULE = "#e3e7ec"
LIGHT = "#9aa5b1"
ACCENT = "#d9480f"
HUES = (ACCENT, "#2b7bba", "#2f9e44")
"""Lines of a drawing: told apart by most colour-blind eyes, legible on white and on black."""
RATES = ("#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#482878", "#440154")
"""Learning rates, low to high: viridis from its dark end, without the part that is faint on white."""
SHARES = ("#ffffff", "#e1eaf3", "#bcd0e4", "#8fb0d2", "#5f8cbb", "#35699f", "#1b4a7d")
"""Shares from none to all: one hue, darker where there is more."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


BAR_NAME = {
    "name": "bar",
    "text": "learning rate",
    "font": {"size": 12, "color": MUTED},
    "showarrow": False,
    "x": 0.4,
    "xref": "paper",
    "xanchor": "right",
    "xshift": -8,
    "y": 1,
    "yref": "paper",
    "yanchor": "bottom",
    "yshift": 14,
}
"""What stands beside the bar of learning rates (a title of the bar's own would shift all others)."""


def frame(words: Words, *, height: int, margin: dict[str, int]) -> dict[str, Any]:
    """The layout of a figure that carries ``words`` above it; ``meta`` holds its margin without."""
    lines = textwrap.wrap(words.caption, 96)
    top = margin["t"] + 48 + 18 * len(lines)
    return {
        "template": "none",
        "meta": {"room": margin["t"]},
        "autosize": True,
        "height": height + top - margin["t"],
        "margin": {**margin, "t": top},
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": "#ffffff",
            "bordercolor": LIGHT,
            "font": {"family": FONT, "size": 13, "color": INK},
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": LIGHT, "activecolor": INK},
        "showlegend": False,
        "annotations": [_caption(lines, margin["t"])],
        "title": {
            "text": f"<b>{plain(words.title)}</b>",
            "font": {"size": 16, "color": INK},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 14},
        },
    }


def _caption(lines: Sequence[str], room: int) -> dict[str, Any]:
    """The caption, ``room`` pixels above the plot (plotly's own subtitle runs over its title where it wraps)."""
    return {
        "name": "caption",
        "text": "<br>".join(plain(line) for line in lines),
        "font": {"size": 13, "color": MUTED},
        "align": "left",
        "showarrow": False,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": room,
        "borderpad": 0,
    }


def axis(title: str, *, log: bool = False, grows: bool = False) -> dict[str, Any]:
    """An axis with quiet rules; a logarithmic one spells its ticks out instead of cutting them to a digit.

    ``grows`` widens the margin for labels that do not fit it.
    """
    look: dict[str, Any] = {
        "title": {"text": title, "font": {"size": 13, "color": MUTED}, **({"standoff": 6} if grows else {})},
        "tickfont": {"size": 12, "color": MUTED},
        "gridcolor": RULE,
        "linecolor": LIGHT,
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": LIGHT,
        "automargin": grows,
    }
    return {**look, "type": "log", "tickformat": "~g"} if log else {**look, "type": "linear"}


def decades(rates: Iterable[float], most: int) -> tuple[list[float], list[str]]:
    """At most ``most`` (or so) round places among ``rates``, and how they are written."""
    rates = list(rates)
    low, high = math.log10(min(rates)), math.log10(max(rates))
    places = [10.0**power for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    places = places[:: max(math.ceil(len(places) / most), 1)]
    if len(places) < 2:
        places = sorted({min(rates), max(rates)})
    return places, [short(place) for place in places]


def rate_axis(rates: Sequence[float]) -> dict[str, Any]:
    """The logarithmic axis of learning rates, with round places written as everywhere else."""
    look = axis("learning rate", log=True)
    if not rates:
        return {**look, "range": [-5, 0]}
    places, names = decades(rates, 7)
    ends = padded(math.log10(min(rates)), math.log10(max(rates)), below=0.05)
    return {**look, "tickvals": places, "ticktext": names, "tickangle": 0, "range": ends}


def colour_bar(rates: Sequence[float]) -> dict[str, Any]:
    """The colour axis of learning rates, on a logarithmic scale, with a bar that is drawn above the plot."""
    places, names = decades(rates, 4)
    bar = {
        "orientation": "h",
        "thickness": 10,
        "outlinewidth": 0,
        "len": 0.6,
        "x": 1,
        "xanchor": "right",
        "y": 1.01,
        "yanchor": "bottom",
        "ypad": 0,
        "tickvals": [math.log10(place) for place in places],
        "ticktext": names,
        "tickfont": {"size": 12, "color": MUTED},
    }
    scale = [[step / (len(RATES) - 1), colour] for step, colour in enumerate(RATES)]
    return {
        "colorscale": scale,
        "cmin": math.log10(min(rates)),
        "cmax": math.log10(max(rates)),
        "colorbar": bar,
    }


def plain(text: str) -> str:
    """``text`` so that plotly, which reads some HTML, shows it as it is."""
    return html.escape(safe(text), quote=False)
