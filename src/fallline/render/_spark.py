"""A small drawing of the validation loss against the learning rate, as SVG in itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fallline.render._theme import ACCENT
from fallline.render._window import Window
from fallline.render.number import short
from fallline.render.report import Report

__all__ = ["sparkline"]

_WIDTH, _HEIGHT = 260, 64
_SIDE, _TOP, _FLOOR = 10, 10, 44


def sparkline(report: Report) -> str:
    """The lowest validation loss of each run, joined by a line; nothing where there is one rate only.

    The dot is the chosen run, crosses are runs that diverged; both axes are as in `loss_against_rate`.
    Lines take the colour of the text around them, light or dark.
    """
    ladder = report.ladder
    if len({run.learning_rate for run in ladder}) < 2:
        return ""
    across = _scale([math.log10(run.learning_rate) for run in ladder], _SIDE, _WIDTH - _SIDE)
    kept = [run for run in ladder if not run.diverged or (run.run == report.best and run.lowest is not None)]
    window = Window.over([run.lowest for run in kept if run.lowest is not None])
    heights = [math.log10(run.lowest or 1) if window.log else run.lowest or 0.0 for run in kept]
    down = _scale(heights, _FLOOR, _TOP)
    at = dict(zip([run.run for run in ladder], across, strict=True))
    line = " ".join(f"{at[run.run]:.1f},{y:.1f}" for run, y in zip(kept, down, strict=True))
    marks = [_cross(at[run.run]) for run in ladder if run.diverged]
    marks += [_dot(at[run.run], y) for run, y in zip(kept, down, strict=True) if run.run == report.best]
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" style="max-width:100%"><title>{_described(report)}</title>'
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-opacity=".6"/>'
        f"{''.join(marks)}{_ends(report)}</svg>"
    )


def _scale(values: Sequence[float], start: float, end: float) -> list[float]:
    """``values`` spread from ``start`` to ``end``; equal ones go to the middle."""
    if not values:
        return []
    low, width = min(values), max(values) - min(values)
    return [start + (end - start) * ((value - low) / width if width else 0.5) for value in values]


def _described(report: Report) -> str:
    best = report.chosen
    if best is None:
        return "Validation loss against learning rate: no run had a finite one"
    said = f"{short(best.lowest)} at {short(best.learning_rate)}"
    return f"Lowest validation loss against learning rate: {said if best is report.lowest else f'chosen {said}'}"


def _ends(report: Report) -> str:
    rates = [run.learning_rate for run in report.ladder]
    style = 'font-size="11" fill="currentColor" fill-opacity=".7"'
    first = f'<text x="2" y="{_HEIGHT - 4}" {style}>{short(rates[0])}</text>'
    middle = f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle" {style}>learning rate</text>'
    last = f'<text x="{_WIDTH - 2}" y="{_HEIGHT - 4}" text-anchor="end" {style}>{short(rates[-1])}</text>'
    return first + middle + last


def _cross(x: float) -> str:
    return f'<path d="M{x - 3:.1f},{_TOP - 6}l6,6m0,-6l-6,6" stroke="currentColor" stroke-width="1.5"/>'


def _dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{ACCENT}"/>'
