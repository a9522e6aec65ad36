"""The one plain sentence that a study's numbers support."""

from __future__ import annotations

from collections.abc import Sequence

from fallline.catalogue.given import network_name
from fallline.core.recipe import Recipe
from fallline.render.names import metric_name
from fallline.render.number import plural, short
from fallline.study.header import ComparisonTable, Header
from fallline.study.metrics import better

__all__ = ["conclusion"]

_BASELINES = {
    "mean": "the mean",
    "quantile": "the quantile of all rows",
    "majority": "the majority class",
    "ridge": "ridge regression",
    "logistic": "logistic regression",
    "gradient_boosting": "gradient boosting",
}
_FEW = 200
"""Test rows below which a difference between two scores is mostly chance."""


def conclusion(header: Header) -> str:
    """What came out, in words: the chosen run's score, and what it beats."""
    if header.best is None:
        every = "Every run" if header.split.folds is None else "Of every recipe and seed the run on some fold"
        return (
            f"{every} diverged before its first epoch ended: the learning rates are too high for this loss, "
            "or the inputs are not finite."
        )
    metric = header.ranking
    mine, recipe = header.test.get(metric), header.best.recipe
    run, rows = _run(recipe), f"{header.split.test:,} test rows"
    if mine is None:
        return f"{run} has no {metric_name(metric)} on {rows}: it is not defined for what they hold."
    reached = f"reaches {metric_name(metric)} {short(mine)} on {rows}"
    answer = "it" if header.split.folds is None else f"the mean of its {header.split.folds:,} models"
    said = (
        f"{run} {reached}"
        if header.comparison is None
        else f"{_first(header, header.comparison, run)}; {answer} {reached}"
    )
    rivals = {name: score for name, scores in header.baselines.items() if (score := scores.get(metric)) is not None}
    groups: dict[str, list[str]] = {"better than": [], "level with": [], "behind": []}
    for name, rival in rivals.items():
        relation = "better than" if better(metric, mine, than=rival) else "behind"
        relation = "level with" if short(mine) == short(rival) else relation
        groups[relation].append(f"{_BASELINES[name]} ({short(rival)})")
    compared = ", ".join(f"{relation} {_listed(names)}" for relation, names in groups.items() if names)
    caution = "; with so few test rows, small differences are chance" if header.split.test < _FEW else ""
    if header.leaks:
        caution += f"; suspect a leak, as {_listed(list(header.leaks))} {_tells(header.leaks)} the target"
    return f"{said}: {compared}{caution}." if compared else f"{said}{caution}."


def _run(recipe: Recipe) -> str:
    """The chosen run in few words."""
    said = f"{recipe.optimizer} at learning rate {short(recipe.learning_rate)}"
    return said if recipe.network is None else f"{network_name(recipe.network)} by {said}"


def _first(header: Header, comparison: ComparisonTable, run: str) -> str:
    """How the chosen recipe stands among the others."""
    many, seeds = plural(comparison.recipes, "recipe"), plural(comparison.seeds, "seed")
    score = f"{metric_name(comparison.metric)} {short(comparison.mean)}"
    interval = f" (95 % interval {short(comparison.low)} to {short(comparison.high)})"
    interval = "" if comparison.low is None else interval
    if header.split.folds is not None:
        seeds, score = f"{seeds} on {header.split.folds:,} folds", f"mean {score}"
    tried = f"{many} from {seeds} each"
    if comparison.kept is not None:
        tried = f"{many}, of which halving left {comparison.kept:,} to be trained from {seeds}"
    said = f"Of {tried}, {run} has the best {score} on the validation rows{interval}"
    others = comparison.compared - 1
    if others < 1:
        return said
    level = comparison.level - 1
    if others == 1:
        return f"{said}, the next one being {'in' if level else ''}distinguishable from it"
    rest = "none" if level == 0 else "all" if level == others else f"{level:,}"
    return f"{said}, {rest} of the next {others:,} being indistinguishable from it"


def _tells(columns: Sequence[str]) -> str:
    return "alone tells" if len(columns) == 1 else "each alone tell"


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
