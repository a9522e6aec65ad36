"""What a comparison shows beside the report of its chosen run, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Comparison", "Curve", "HeatCell", "Place", "PlanLine", "Tolerance"]


@dataclass(frozen=True)
class PlanLine:
    """What an engine was to train, and what that was expected to take.

    Args:
        name: What is said of ("runs", "memory", "time", …).
        text: What is said.
    """

    name: str
    text: str


@dataclass(frozen=True)
class Place:
    """A recipe's place in the ranking, over all its seeds.

    Args:
        rank: From 1, the best.
        fields: What tells it from the other recipes: name → text ("optimizer" → "adam").
        mean: Its metric on the validation rows, the mean over its seeds; None where a seed has none.
        low: Lower end of the 95 % interval of ``mean``; None where it was not drawn (beyond the first 50).
        high: Its upper end.
        seeds: Seeds that it was trained with.
        distinguishable: Whether it differs from the best by more than chance; None where that was not asked.
        outcomes: How its runs ended: code → how many.
        chosen: Whether the chosen run is one of its.
    """

    rank: int
    fields: tuple[tuple[str, str], ...]
    mean: float | None
    low: float | None
    high: float | None
    seeds: int
    distinguishable: bool | None
    outcomes: tuple[tuple[str, int], ...]
    chosen: bool = False


@dataclass(frozen=True)
class Tolerance:
    """How far an optimizer's learning rate may be off.

    Args:
        optimizer: Its name.
        decades: Powers of ten of learning rates within 1.1 times its lowest validation loss; None where that cannot
            be said: a single rate, a loss that is not above 0, or rates that were dropped on the way.
        rates: The lowest and the highest of those rates.
        best_rate: The rate of its lowest validation loss.
    """

    optimizer: str
    decades: float | None
    rates: tuple[float, float] | None
    best_rate: float | None


@dataclass(frozen=True)
class HeatCell:
    """An optimizer at a learning rate, at the best of all else that was tried with the two.

    Args:
        optimizer: Its name.
        learning_rate: The rate.
        value: The metric on the validation rows, the mean over the seeds; None where no such recipe has one.
        diverged: The share of their runs that diverged, from 0 to 1.
        rank: The best place of such a recipe in the ranking; None where none has a value, or nothing is ranked.
    """

    optimizer: str
    learning_rate: float
    value: float | None
    diverged: float
    rank: int | None = None


@dataclass(frozen=True)
class Curve:
    """The learning curves of an optimizer's best recipe.

    Args:
        optimizer: Its name.
        label: The recipe in short ("adam, 0.01, 128,32, relu, dropout 0.1").
        seeds: For each seed the validation loss of each epoch; runs that stopped early are shorter.
    """

    optimizer: str
    label: str
    seeds: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """All that a comparison shows beside its `Report`.

    Args:
        metric: What recipes are ranked by ("roc_auc"), on the validation rows.
        higher: Whether more of it is better.
        recipes: Recipes compared.
        seeds: Seeds of each.
        runs: Runs trained.
        model_steps_per_second: Runs × steps ÷ seconds of training.
        places: The ranking, best first; the first 50 with intervals.
        level: How many recipes are not distinguishable from the best, itself included.
        heat: One cell for each optimizer and learning rate that was tried.
        tolerances: One per optimizer, the widest first.
        curves: One per optimizer, the best first.
        loss: The loss on the axis of ``curves``; where optimizers differ in it, "" and the curves are apart.
        plan: What was planned, before training.
        outcomes: How the runs ended: code → how many.
        timings: Seconds of each part of the job, in order: name → seconds.
        folds: Parts of the rows that each seed of a recipe was scored on in turn, by a model trained on the others.
    """

    metric: str
    higher: bool
    recipes: int
    seeds: int
    runs: int
    model_steps_per_second: float
    places: tuple[Place, ...]
    level: int
    heat: tuple[HeatCell, ...]
    tolerances: tuple[Tolerance, ...]
    curves: tuple[Curve, ...]
    loss: str
    plan: tuple[PlanLine, ...]
    outcomes: tuple[tuple[str, int], ...]
    timings: tuple[tuple[str, float], ...]
    folds: int = 1
