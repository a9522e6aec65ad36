"""The marks of a comparison's ranking and learning curves, as plain data that plotly takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fallline.render._comparison_curves import Course
from fallline.render._comparison_fields import spelled
from fallline.render._marks import clipped
from fallline.render._theme import ACCENT, INK, LIGHT, MUTED, plain
from fallline.render.comparison import Curve, Place
from fallline.render.number import plural, short

__all__ = ["PALETTE", "courses", "place_dots", "place_name"]

Trace = dict[str, Any]
PALETTE = (ACCENT, "#2b7bba", "#2f9e44", "#8a4fbf", "#b07d00", "#0b8f8f", "#c2255c", "#5b6776")
"""One colour an optimizer, the best first; more optimizers than colours begin again."""


def place_dots(places: Sequence[Place], *, muted: bool) -> Trace:
    """The means of places with their intervals; in the accent colour those level with the best."""
    colour = LIGHT if muted else ACCENT
    means = [place.mean or 0.0 for place in places]
    above = [(mean if place.high is None else place.high) - mean for place, mean in zip(places, means, strict=True)]
    below = [mean - (mean if place.low is None else place.low) for place, mean in zip(places, means, strict=True)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "worse" if muted else "not distinguishable from the best",
        "x": means,
        "y": [place.rank for place in places],
        "cliponaxis": False,
        "marker": {"size": 9, "color": MUTED if muted else ACCENT},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [max(length, 0.0) for length in above],
            "arrayminus": [max(length, 0.0) for length in below],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        "hoverinfo": "text",
        "hovertext": [_described(place) for place in places],
    }


def place_name(place: Place, label: str) -> Trace:
    """The rank of a place and what tells it from the others, over its interval."""
    level = place.rank == 1 or place.distinguishable is False
    return {
        "name": "place",
        "text": f"<b>{place.rank}</b>  {plain(label)}",
        "font": {"size": 12, "color": INK if level else MUTED},
        "showarrow": False,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": place.rank,
        "yanchor": "bottom",
        "yshift": 3,
    }


def courses(curve: Curve, course: Course, *, colour: str, axis: str, name: str) -> list[Trace]:
    """An optimizer's curves: each seed thin, their mean thick, and dashed from where some have stopped on."""
    look: Trace = {"type": "scatter", "legendgroup": plain(curve.optimizer), "showlegend": False}
    look |= {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
    hover = f"<b>{plain(clipped(curve.label, 60))}</b><br>epoch %{{x}}<br>validation loss %{{y:.4~g}}"
    traces = []
    if len(curve.seeds) > 1:
        opacity = 0.35 if len(curve.seeds) <= 10 else 0.18
        x, y = _joined(curve.seeds)
        thin = {"color": colour, "width": 1}
        traces.append({**look, "mode": "lines", "x": x, "y": y, "line": thin, "opacity": opacity, "hoverinfo": "skip"})
    epochs = range(1, len(course.mean) + 1)
    mean = [loss if math.isfinite(loss) else None for loss in course.mean]
    if course.whole < len(mean):
        start = max(course.whole - 1, 0)
        traces.append(
            {
                **look,
                "mode": "lines",
                "name": plain(name),
                "x": list(epochs[start:]),
                "y": mean[start:],
                "line": {"color": colour, "width": 2, "dash": "4px,3px"},
                "hovertemplate": hover + "<br>some seeds have stopped<extra></extra>",
            }
        )
    whole = {
        **look,
        "mode": "lines" if course.whole > 1 else "lines+markers",
        "name": plain(name),
        "showlegend": True,
        "x": list(epochs[: course.whole]) or [None],
        "y": mean[: course.whole] or [None],
        "line": {"color": colour, "width": 3},
        "hovertemplate": hover + "<extra></extra>",
    }
    return [*traces, whole]


def _described(place: Place) -> str:
    """All that is known of a place."""
    said = [f"<b>{place.rank:,}.</b> " + plain(clipped(place.fields[0][1], 40) if place.fields else "")]
    said += [f"{plain(spelled(name))} {plain(clipped(text, 40))}" for name, text in place.fields[1:]]
    said.append(f"<b>{short(place.mean)}</b>")
    if place.low is not None and place.high is not None:
        said[-1] += f", 95 % interval {short(place.low)} to {short(place.high)}"
    said.append(plural(place.seeds, "seed"))
    if place.rank > 1 and place.distinguishable is not None:
        said.append("worse than the best" if place.distinguishable else "not distinguishable from the best")
    return "<br>".join(said)


def _joined(seeds: Sequence[Sequence[float]]) -> tuple[list[int | None], list[float | None]]:
    """All seeds as one line with gaps between them."""
    x: list[int | None] = []
    y: list[float | None] = []
    for losses in seeds:
        x += [*range(1, len(losses) + 1), None]
        y += [*(loss if math.isfinite(loss) else None for loss in losses), None]
    return x, y
