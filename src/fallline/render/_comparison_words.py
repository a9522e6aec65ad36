"""The words over a comparison's figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fallline.render._captions import Words
from fallline.render._comparison_fields import compared, fields_of
from fallline.render._comparison_grid import Grid
from fallline.render._marks import clipped
from fallline.render.comparison import Comparison, Place
from fallline.render.names import metric_name
from fallline.render.number import plural, short

__all__ = [
    "MOST_PLACES",
    "NO_TOLERANCE",
    "level_text",
    "of_courses",
    "of_heat",
    "of_ranking",
    "shown_places",
    "unscored",
]

NO_TOLERANCE = "- where a single rate was tried, rates were dropped on the way, or no loss was above 0"
"""Why an optimizer has no tolerance."""
MOST_PLACES = 20
"""So many places are drawn with their intervals."""


def shown_places(comparison: Comparison) -> list[Place]:
    """The first places, as far as they have a number."""
    return [place for place in comparison.places[:MOST_PLACES] if place.mean is not None]


def unscored(comparison: Comparison) -> str:
    """What is said where no recipe has a value."""
    return f"No recipe could be scored by {metric_name(comparison.metric)}."


def of_heat(comparison: Comparison, grid: Grid) -> Words:
    """The words over the heat map."""
    metric = metric_name(comparison.metric)
    title = f"{metric[0].upper()}{metric[1:]} at each learning rate, by optimizer"
    if grid.best is None:
        return Words(title, " ".join([unscored(comparison), *_lost(grid)]))
    best = grid.best.cell
    said = [
        f"Best (outlined): {clipped(best.optimizer, 30)} at {short(best.learning_rate)}, {short(best.value)}.",
        "Each cell is the best of all else that was tried there, over its seeds; the stronger its colour, the better.",
        *_lost(grid),
    ]
    if best.value != grid.good:
        said.append("A cell with a better value is of a recipe that was dropped on the way, before it was compared.")
    if any(tolerance.rates for tolerance in comparison.tolerances):
        said.append("Underlined: rates within 1.1 times the optimizer's lowest validation loss.")
    return Words(title, " ".join(said))


def of_ranking(comparison: Comparison) -> Words:
    """The words over the first places' intervals."""
    shown, metric = shown_places(comparison), metric_name(comparison.metric)
    if not shown:
        return Words("The ranking", unscored(comparison))
    many = len(comparison.places) > len(shown)
    title = f"The first {len(shown)} of {comparison.recipes:,} recipes" if many else "All recipes, ranked"
    if len(shown) == 1:
        title = "The best recipe" if many else "The only recipe"
    counts = ((comparison.seeds, "seed"), (comparison.folds, "fold"))
    means = " and ".join(plural(count, noun) for count, noun in counts if count > 1)
    over = f", the mean over {means}" if means else ""
    over += " (fewer where the training ended early)" if any(place.seeds < comparison.seeds for place in shown) else ""
    drawn = " with its 95 % interval" if any(place.low is not None for place in shown) else ""
    said = [f"{metric[0].upper()}{metric[1:]} on the validation rows{over}{drawn}.", *level_text(comparison)]
    names, common = fields_of(shown).names, fields_of(shown).common
    if len(names) > 2:
        said.append(f"Each is told by its {', '.join(names[:-1])} and {names[-1]}.")
    if common:
        said.append(f"Alike in all {len(shown)}: {_listed(common)}.")
    return Words(title, " ".join(said))


def level_text(comparison: Comparison) -> list[str]:
    """A sentence on how many recipes are as good as the best as far as can be told, where that was asked."""
    asked = compared(comparison)
    if not asked:
        return []
    others = comparison.level - 1
    among = "other recipes" if asked == len(comparison.places) - 1 else f"{asked:,} that follow"
    if others <= 0:
        return [f"The best is better than each of the {among} by more than chance."]
    if others >= asked > 1:
        return [f"None of the {among} is distinguishable from the best, compared in pairs."]
    verb = "is" if others == 1 else "are"
    return [f"{others:,} of the {among} {verb} not distinguishable from the best (in colour), compared in pairs."]


def of_courses(comparison: Comparison) -> Words:
    """The words over the optimizers' learning curves."""
    curves = comparison.curves
    title = "Validation loss, epoch by epoch: the best recipe of each optimizer"
    if not any(math.isfinite(loss) for curve in curves for seed in curve.seeds for loss in seed):
        return Words(title, "No run had a finite validation loss.")
    over = " (the mean over the seeds)" if comparison.seeds > 1 else ""
    said = [f"Behind each recipe stands its lowest loss{over}."]
    if any(len(curve.seeds) > 1 for curve in curves):
        said.append("Thick: the mean over the seeds, dashed from where some have stopped on. Thin: each seed.")
    if not comparison.loss and len(curves) > 1:
        said.append("They were trained with different losses, so each has an axis of its own.")
    return Words(title, " ".join(said))


def _lost(grid: Grid) -> list[str]:
    boxes = [box for row in grid.rows for box in row.boxes]
    said = []
    if any(box.lost for box in boxes):
        said.append("× all runs diverged")
    if any(0 < box.cell.diverged < 1 for box in boxes):
        said.append("/ some of the runs diverged")
    return [", ".join(said) + "."] if said else []


def _listed(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {clipped(text, 40)}" for name, text in pairs)
