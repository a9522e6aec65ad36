"""What recipes are ranked by, if that can be said of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fallline.core.errors import ArgumentError
from fallline.core.recipe import Recipe
from fallline.core.task import Target
from fallline.study.metrics import Scorer
from fallline.study.stages import metric_named, quantile_of

__all__ = ["Judge"]


@dataclass(frozen=True)
class Judge:
    """What scores recipes, and by which metric they are ranked."""

    scorer: Scorer
    metric: str

    @classmethod
    def of(cls, recipes: Sequence[Recipe], target: Target, *, metric: str | None) -> Judge:
        """The judge of some recipes.

        Args:
            recipes: The recipes.
            target: What they predict.
            metric: What was asked for; None: the task's own.

        Raises:
            ArgumentError: Their losses estimate different things, or one of them does not give what the metric needs.
            UnknownNameError: There is no such metric.
        """
        scorer = Scorer(target, quantile=_one_quantile(recipes))
        return cls(scorer, scorer.ranking if metric is None else _metric(metric, scorer, recipes))


def _one_quantile(recipes: Sequence[Recipe]) -> float | None:
    """The quantile that all recipes predict, where their loss ranks by it."""
    quantiles = {quantile_of(recipe) for recipe in recipes}
    if len(quantiles) > 1:
        named = ", ".join("the mean or median" if each is None else f"quantile {each:g}" for each in quantiles)
        raise ArgumentError(
            "building the space",
            "its losses estimate different things, so no metric ranks them all",
            expected="losses that estimate the same",
            got=named,
            do="--loss quantile --quantile 0.9 in a comparison of its own",
        )
    return quantiles.pop()


def _metric(name: str, scorer: Scorer, recipes: Sequence[Recipe]) -> str:
    """The metric, if every recipe's predictions have it."""
    for recipe in {recipe.loss: recipe for recipe in recipes}.values():
        metric_named(name, scorer, recipe)
    return scorer.named(name)
