"""The parts of the page: small functions from plain data to escaped HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence

from fallline.render._marks import safe
from fallline.render._treatment import FIELDS, MANY, grouped
from fallline.render.names import best_rows, column, heading, model_name
from fallline.render.number import aligned, short
from fallline.render.report import Report

__all__ = [
    "definitions",
    "escaped",
    "items",
    "runs_table",
    "score_rows",
    "scores_table",
    "small_scores",
    "small_table",
    "table",
    "treatment",
]

_CELL = "padding:2px 14px 2px 0;text-align:right;background:none"
_FIRST = "padding:2px 14px 2px 0;text-align:left;background:none"


def escaped(text: str) -> str:
    """``text`` as HTML shows it as it is; control characters become a replacement mark."""
    return html.escape(safe(text), quote=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, chosen: int | None = None) -> str:
    """A table of cells that are HTML already (``<td>…``), under headings that are too (``<th>…``)."""
    body = ""
    for place, row in enumerate(rows):
        body += f"<tr{' class=chosen' if place == chosen else ''}>{''.join(row)}</tr>\n"
    top = f"<thead><tr>{''.join(head)}</tr></thead>"
    return f'<div class="wide"><table>{top}<tbody>\n{body}</tbody></table></div>'


def definitions(pairs: Sequence[tuple[str, str]]) -> str:
    """Names and their values."""
    return "<dl>" + "".join(f"<dt>{escaped(k)}</dt><dd>{escaped(v)}</dd>\n" for k, v in pairs) + "</dl>"


def items(sentences: Sequence[str]) -> str:
    """A list of sentences."""
    return "<ul>" + "".join(f"<li>{escaped(sentence)}</li>\n" for sentence in sentences) + "</ul>"


def score_rows(report: Report) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Each model's name, and for each metric its score as text and whether it is the best."""
    texts = [aligned(column(report, metric)) for metric in report.metrics]
    best = [best_rows(report, metric) for metric in report.metrics]
    places = range(len(report.metrics))
    return [
        (model_name(name), [(texts[place][row], row in best[place]) for place in places])
        for row, (name, _) in enumerate(report.scores)
    ]


def scores_table(report: Report) -> str:
    """The scores on the test rows, the best of each column emphasised."""
    names = [escaped(heading(metric)) for metric in report.metrics]
    head = ['<th scope="col">model</th>', *(f'<th scope="col" class="number">{name}</th>' for name in names)]
    body = []
    for name, cells in score_rows(report):
        scores = [f'<td class="number{" best" if best else ""}">{text}</td>' for text, best in cells]
        body.append([f'<th scope="row">{escaped(name)}</th>', *scores])
    return table(head, body, chosen=None if report.best is None else 0)


def small_table(head: list[str], rows: list[list[str]]) -> str:
    """A table of cells that are HTML already, without style sheet; its first column is to the left."""
    top = "".join(f'<th style="{_CELL if at else _FIRST}">{name}</th>' for at, name in enumerate(head))
    body = "".join(
        f'<tr><th style="{_FIRST};font-weight:normal">{row[0]}</th>'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    head_and_body = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return f'<table style="border-collapse:collapse;margin:0 0 10px">{head_and_body}</table>'


def small_scores(report: Report) -> str:
    """The scores on the test rows as such a table; nothing where there are none."""
    if not report.scores:
        return ""
    rows = [
        [escaped(name), *(f"<b>{text}</b>" if best else text for text, best in cells)]
        for name, cells in score_rows(report)
    ]
    return small_table(["test score", *(escaped(heading(metric)) for metric in report.metrics)], rows)


def runs_table(report: Report) -> str:
    """Every run of the ladder as numbers."""
    head = ["learning rate", "lowest validation loss", "best epoch", "epochs", "outcome"]
    losses = aligned([run.lowest for run in report.ladder])
    rows = [
        [
            f'<th scope="row" class="number">{short(run.learning_rate)}</th>',
            f'<td class="number{" best" if run.run == report.best else ""}">{loss}</td>',
            f'<td class="number">{f"{run.best_epoch:,}" if run.lowest is not None else "-"}</td>',
            f'<td class="number">{run.epochs:,}</td>',
            f"<td>{escaped(run.outcome)}</td>",
        ]
        for run, loss in zip(report.ladder, losses, strict=True)
    ]
    names = [f'<th scope="col"{" class=number" if place < 4 else ""}>{name}</th>' for place, name in enumerate(head)]
    chosen = next((place for place, run in enumerate(report.ladder) if run.run == report.best), None)
    messages = dict(sorted({run.outcome: run.message for run in report.runs}.items()))
    key = definitions(tuple(messages.items()))
    return f'{table(names, rows, chosen=chosen)}<div class="key">{key}</div>'


def treatment(report: Report) -> str:
    """What was done to each column; many columns are shown in groups, with all of them to unfold."""
    if len(report.treatment) <= MANY:
        return _treatment_table(report.treatment)
    unfold = f"<details><summary>All {len(report.treatment):,} columns</summary>"
    return f"{_treatment_table(grouped(report.treatment))}{unfold}{_treatment_table(report.treatment)}</details>"


def _treatment_table(rows: Sequence[dict[str, str]]) -> str:
    head = [f'<th scope="col"{" class=number" if name == "features" else ""}>{name}</th>' for name in FIELDS]
    body = [
        [
            f'<th scope="row">{escaped(row.get("column", ""))}</th>',
            f"<td>{escaped(row.get('kind', ''))}</td>",
            f"<td class=text>{escaped(row.get('treatment', ''))}</td>",
            f'<td class="number">{escaped(str(row.get("features", "")))}</td>',
        ]
        for row in rows
    ]
    return table(head, body)
