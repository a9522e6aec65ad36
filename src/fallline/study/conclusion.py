"""The one plain sentence that a study's numbers support."""

from __future__ import annotations

from fallline.render.names import metric_name
from fallline.render.number import short
from fallline.study.header import Header
from fallline.study.metrics import RANKING, better

__all__ = ["conclusion"]

_BASELINES = {
    "mean": "the mean",
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
        return (
            "Every run diverged before its first epoch ended: the learning rates are too high for this loss, "
            "or the inputs are not finite."
        )
    metric = RANKING[header.task]
    mine, recipe = header.test.get(metric), header.best.recipe
    said = (
        f"{recipe.optimizer} at learning rate {short(recipe.learning_rate)} reaches {metric_name(metric)} "
        f"{short(mine)} on {header.split.test:,} test rows"
    )
    rivals = {name: scores.get(metric) for name, scores in header.baselines.items()}
    groups: dict[str, list[str]] = {"better than": [], "level with": [], "behind": []}
    for name, rival in rivals.items():
        relation = "better than" if better(metric, mine, than=rival) else "behind"
        relation = "level with" if short(mine) == short(rival) else relation
        groups[relation].append(f"{_BASELINES[name]} ({short(rival)})")
    compared = ", ".join(f"{relation} {_listed(names)}" for relation, names in groups.items() if names)
    caution = "; with so few test rows, small differences are chance" if header.split.test < _FEW else ""
    return f"{said}: {compared}{caution}."


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
