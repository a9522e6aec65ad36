"""What every page has: one HTML document that needs nothing else, with plotly.js in it once."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from fallline.render import _page
from fallline.render._captions import Words
from fallline.render._parts import escaped

__all__ = ["plot", "section", "shell"]

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


def shell(title: str, body: str, *, plotly_js: str | None, style: str = "") -> str:
    """A page that works offline, on a phone, in print, light and dark.

    Args:
        title: What the browser's tab says.
        body: HTML, with figures by `plot`.
        plotly_js: The source of plotly.js; None: the one that the plotly package holds.
        style: Rules beside those of every page.
    """
    source = get_plotlyjs() if plotly_js is None else plotly_js
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(title)} · Fallline</title>
<link rel="icon" href="{_ICON}">
<style>{_page.STYLE}{style}</style>
</head>
<body>
<main>
{body}
</main>
<script>{_inlined(source)}</script>
<script>{_page.SCRIPT}</script>
</body>
</html>
"""


def section(words: Words, content: str) -> str:
    """Content under a heading and its caption."""
    caption = f'<p class="caption">{escaped(words.caption)}</p>' if words.caption else ""
    return f"<section><h2>{escaped(words.title)}</h2>{caption}{content}</section>"


def plot(name: str, figure: go.Figure, *, least: int = 0) -> str:
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
