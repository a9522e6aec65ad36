"""Optimizers by learning rates: each cell at its true place, and how good it is beside the others."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from fallline.render.comparison import Comparison, HeatCell

__all__ = ["Box", "Grid", "Row", "grid_of"]

_REACH = 3.0
"""Values so many times as far from the best as the weakest quarter below it begins are drawn as the worst is."""
_LONE = 0.25
"""Decades across of a cell that has no neighbour."""


@dataclass(frozen=True)
class Box:
    """A cell and where it stands.

    Args:
        cell: What is known of it.
        left: Its left edge, as a power of ten.
        right: Its right edge.
        share: How good its value is: 1 the best, 0 as bad as ``Grid.bad`` or worse; None where it has none.
    """

    cell: HeatCell
    left: float
    right: float
    share: float | None

    @property
    def middle(self) -> float:
        """The power of ten that is its learning rate."""
        return math.log10(self.cell.learning_rate)

    @property
    def lost(self) -> bool:
        """Whether all of its runs diverged."""
        return self.cell.diverged >= 1


@dataclass(frozen=True)
class Row:
    """An optimizer's cells, from the lowest learning rate to the highest; ``best`` is the first in the ranking."""

    optimizer: str
    boxes: tuple[Box, ...]
    best: Box | None


@dataclass(frozen=True)
class Grid:
    """All cells.

    Args:
        rows: One per optimizer, that of the best cell first.
        low: The left end of the axis, as a power of ten.
        high: Its right end.
        good: The best value, which a dropped recipe may have had early on; None where no cell has one.
        bad: The value from which on all are drawn alike.
        cut: Whether there are values worse than ``bad``.
    """

    rows: tuple[Row, ...]
    low: float
    high: float
    good: float | None
    bad: float | None
    cut: bool

    @property
    def best(self) -> Box | None:
        """The cell of the first place in the ranking."""
        return self.rows[0].best if self.rows else None

    @property
    def rates(self) -> list[float]:
        """All learning rates, ascending."""
        return sorted({box.cell.learning_rate for row in self.rows for box in row.boxes})


def grid_of(comparison: Comparison) -> Grid:
    """The cells of a comparison, in rows."""
    sign = 1.0 if comparison.higher else -1.0
    values = [value for cell in comparison.heat if (value := _finite(cell.value)) is not None]
    good, bad = _ends([sign * value for value in values])
    rows = [
        _row(optimizer, cells, usual=_usual_gap(comparison.heat), ends=(good, bad), sign=sign)
        for optimizer, cells in _by_optimizer(comparison.heat).items()
    ]
    rows.sort(key=lambda row: _rank(row, sign))
    edges = [edge for row in rows for box in row.boxes for edge in (box.left, box.right)] or [-5.0, 0.0]
    return Grid(
        rows=tuple(rows),
        low=min(edges),
        high=max(edges),
        good=sign * good if values else None,
        bad=sign * bad if values else None,
        cut=any(sign * value < bad for value in values),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The best of ``values``, of which more is better, and the worst that is not far off all others."""
    if not values:
        return 0.0, 0.0
    good = max(values)
    worse = sorted({value for value in values if value < good}) or [good]
    weak = worse[(len(worse) - 1) // 4]
    bad = min(value for value in values if value >= good - _REACH * (good - weak))
    return good, bad if bad < good else min(values)


def _by_optimizer(cells: Sequence[HeatCell]) -> dict[str, list[HeatCell]]:
    found: dict[str, list[HeatCell]] = {}
    for cell in sorted(cells, key=lambda cell: cell.learning_rate):
        found.setdefault(cell.optimizer, []).append(cell)
    return found


def _gaps(cells: Sequence[HeatCell]) -> list[float]:
    places = [math.log10(cell.learning_rate) for cell in cells]
    return [after - before for before, after in itertools.pairwise(places) if after > before]


def _usual_gap(cells: Sequence[HeatCell]) -> float:
    """How far apart learning rates usually are, in decades."""
    gaps = [gap for row in _by_optimizer(cells).values() for gap in _gaps(row)]
    return statistics.median(gaps) if gaps else _LONE


def _row(optimizer: str, cells: Sequence[HeatCell], *, usual: float, ends: tuple[float, float], sign: float) -> Row:
    """A row whose cells reach half-way to their neighbours, but not into a gap that is wider than usual."""
    own = _gaps(cells)
    usual = statistics.median(own) if own else usual
    places = [math.log10(cell.learning_rate) for cell in cells]
    sides = [min((after - before) / 2, 0.75 * usual) for before, after in itertools.pairwise(places)]
    left, right = [usual / 2, *sides], [*sides, usual / 2]
    boxes = tuple(
        Box(cell, place - before, place + after, _share(cell, ends, sign))
        for cell, place, before, after in zip(cells, places, left, right, strict=True)
    )
    known = [box for box in boxes if _finite(box.cell.value) is not None]
    best = min(known, key=lambda box: _order(box, sign), default=None)
    return Row(optimizer, boxes, best)


def _share(cell: HeatCell, ends: tuple[float, float], sign: float) -> float | None:
    value, (good, bad) = _finite(cell.value), ends
    if value is None:
        return None
    return min(max((sign * value - bad) / (good - bad), 0.0), 1.0) if good > bad else 1.0


def _rank(row: Row, sign: float) -> tuple[float, float]:
    """What rows are sorted by: the best first, those without any value last."""
    return (math.inf, math.inf) if row.best is None else _order(row.best, sign)


def _order(box: Box, sign: float) -> tuple[float, float]:
    """What cells are sorted by: the ranking, which also knows ties and what was dropped; without one their values."""
    return math.inf if box.cell.rank is None else box.cell.rank, -sign * (box.cell.value or 0.0)
