"""Cards of the catalogue in a notebook: fragments without script or style sheet, in their surroundings' colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from fallline.render._parts import escaped
from fallline.render.mathml import mathml
from fallline.render.picture import Picture
from fallline.render.sheet import OptionLine, Sheet
from fallline.render.svg import line_chart

__all__ = ["facts_of", "html_card", "html_list"]

_CELL = "padding:2px 16px 2px 0;text-align:left;vertical-align:top;background:none"
_QUIET = "opacity:.7"


def html_card(sheet: Sheet, picture: Picture | None) -> str:
    """A card: name, summary, formula, picture, all that is known, options.

    Args:
        sheet: What it shows.
        picture: Its picture, where there is one.

    Returns:
        A fragment of HTML.
    """
    options = f'<div style="overflow-x:auto">{_options(sheet.options)}</div>' if sheet.options else ""
    return (
        f'<div style="max-width:760px"><p style="margin:0 0 2px"><b>{escaped(sheet.name)}</b> '
        f'<span style="{_QUIET}">{escaped(sheet.subtitle)}</span></p>'
        f'<p style="margin:0 0 10px">{escaped(sheet.summary)}</p>'
        f'<div style="margin:0 0 12px;font-size:115%;overflow-x:auto">{mathml(sheet.formula)}</div>'
        f"{_picture(picture) if picture else ''}{_facts(sheet)}{options}</div>"
    )


def html_list(sheets: Sequence[Sheet], *, titles: Mapping[str, str], left_out: Mapping[str, str]) -> str:
    """Many cards by kind, a line each.

    Args:
        sheets: The cards, those of a kind together.
        titles: Kind → what stands over its list.
        left_out: Names that the catalogue leaves out, each with its reason.

    Returns:
        A fragment of HTML.
    """
    parts = []
    for kind, found in groupby(sheets, key=lambda sheet: sheet.kind):
        rows = [(sheet.name, sheet.summary, ", ".join(sheet.tasks)) for sheet in found]
        parts.append(_table(titles[kind], rows))
    if left_out:
        parts.append(_table("left out of torch's", [(name, reason, "") for name, reason in left_out.items()]))
    return f'<div style="max-width:860px">{"".join(parts)}</div>'


def facts_of(sheet: Sheet) -> list[tuple[str, str | tuple[str, ...]]]:
    """All that is said of an entry in words, in order; the pitfalls are several sentences."""
    said: list[tuple[str, str | tuple[str, ...]]] = [("when", sheet.when), ("pitfalls", sheet.pitfalls)]
    return [*said, *sheet.facts, ("source", sheet.source)]


def _picture(picture: Picture) -> str:
    return (
        f'<p style="margin:0 0 4px"><b>{escaped(picture.title)}</b></p>{line_chart(picture)}'
        f'<p style="margin:4px 0 12px;{_QUIET}">{escaped(picture.caption)}</p>'
    )


def _facts(sheet: Sheet) -> str:
    rows = [(name, _said(text)) for name, text in facts_of(sheet)]
    rows.insert(-1, ("use", " or ".join(f"<code>{escaped(text)}</code>" for text in sheet.write)))
    body = "".join(
        f'<tr><th style="{_CELL};font-weight:normal;{_QUIET}">{escaped(name)}</th><td style="{_CELL}">{text}</td></tr>'
        for name, text in rows
    )
    return f'<table style="border-collapse:collapse;margin:0 0 12px"><tbody>{body}</tbody></table>'


def _said(text: str | tuple[str, ...]) -> str:
    if isinstance(text, str):
        return escaped(text)
    sentences = "".join(f'<li style="margin:0">{escaped(sentence)}</li>' for sentence in text)
    return f'<ul style="margin:0;padding-left:1.1em">{sentences}</ul>'


def _options(options: Sequence[OptionLine]) -> str:
    head = "".join(f'<th style="{_CELL}">{name}</th>' for name in ("option", "default", "allowed", "meaning"))
    body = "".join(
        f'<tr><td style="{_CELL};white-space:nowrap"><code>{escaped(option.name)}</code></td>'
        + "".join(f'<td style="{_CELL}">{escaped(text)}</td>' for text in option[2:])
        + "</tr>"
        for option in options
    )
    return f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _table(title: str, rows: Sequence[tuple[str, str, str]]) -> str:
    body = "".join(
        f'<tr><td style="{_CELL};white-space:nowrap"><code>{escaped(name)}</code></td>'
        f'<td style="{_CELL}">{escaped(text)}</td><td style="{_CELL};{_QUIET}">{escaped(tasks)}</td></tr>'
        for name, text, tasks in rows
    )
    return (
        f'<p style="margin:8px 0 2px"><b>{escaped(title)}</b></p>'
        f'<table style="border-collapse:collapse"><tbody>{body}</tbody></table>'
    )
