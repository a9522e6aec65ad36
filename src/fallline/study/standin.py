"""What ranks where a metric is not defined for the validation rows, as ROC AUC where they are all of one class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fallline.catalogue.registry import contract_of
from fallline.render.names import metric_name
from fallline.study.choice import VALIDATION_LOSS
from fallline.study.ranking import Place, best_seed
from fallline.study.results import Results, mean_of_all

__all__ = ["best_runs", "by_loss", "lacks", "said_of", "usable"]


def lacks(results: Results, metric: str) -> bool:
    """Whether the validation rows do not admit the metric, though runs have a validation loss."""
    ended = any(run.best_loss is not None for run in results.trained)
    return metric != VALIDATION_LOSS and ended and len(results.undefined(metric)) == len(results.held_out)


def usable(results: Results, metric: str) -> str:
    """The metric; where the validation rows do not admit it log loss, if all recipes give it, or validation loss."""
    if not lacks(results, metric):
        return metric
    losses = {recipe.loss: recipe for recipe in results.population}
    likely = "log_loss" in results.scorer.names and all(contract_of(recipe).probability for recipe in losses.values())
    return "log_loss" if likely and metric != "log_loss" else VALIDATION_LOSS


def by_loss(places: Sequence[Place]) -> tuple[Place, ...]:
    """The places ranked by validation loss, which then stands for the metric; those dropped on the way come last."""
    known = [replace(place, mean=place.loss, interval=None, distinguishable=None) for place in places]
    return tuple(sorted(known, key=lambda place: (place.dropped, place.loss is None, place.loss or 0.0)))


def best_runs(results: Results, place: Place, metric: str) -> tuple[int, ...]:
    """The runs of a recipe's best seed, one on each fold; none of a recipe that has no score."""
    if metric != VALIDATION_LOSS:
        return best_seed(results, place, metric)
    losses = {runs: mean_of_all([results.trained[run].best_loss for run in runs]) for runs in place.group.seeds}
    known = {runs: loss for runs, loss in losses.items() if loss is not None}
    return min(known, key=lambda runs: (known[runs], runs), default=())


def said_of(results: Results, asked: str, used: str) -> tuple[str, ...]:
    """What is said where a metric is not defined for all that is held out."""
    name = metric_name(asked)
    if asked != used:
        return (f"The {name} is not defined for the validation rows: the {metric_name(used)} ranks in its place.",)
    left_out = sorted(() if asked == VALIDATION_LOSS else results.undefined(asked))
    if not left_out or len(left_out) == len(results.held_out):
        return ()
    named = f"fold {left_out[0]}" if len(left_out) == 1 else "folds " + ", ".join(map(str, left_out))
    return (f"The {name} is not defined for what {named} holds out: the others alone rank.",)
