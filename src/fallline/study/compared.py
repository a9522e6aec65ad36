"""What a comparison adds to a study: the ranking of its recipes, and what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from fallline.catalogue.networks import LAYERS
from fallline.core.recipe import Recipe
from fallline.study.header import ComparisonTable, ToleranceTable
from fallline.study.ranking import Place, Tolerance, counting
from fallline.study.results import Results

__all__ = ["Compared", "flattened", "ranking_frame", "varying"]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A comparison that has ended.

    Args:
        places: The ranking, best first.
        metric: What ranks.
        seeds: Seeds of each recipe, of those that were not dropped.
        tolerances: Optimizer → how far its learning rate may be off.
        engines: Engine → runs that it trained.
        plan: What was planned: name and text.
        steps: Optimizer steps that all runs took.
        timings: Seconds of each part of the job, in order.
    """

    places: Sequence[Place]
    metric: str
    seeds: int
    tolerances: Mapping[str, Tolerance]
    engines: Mapping[str, int]
    plan: tuple[tuple[str, str], ...]
    steps: int
    timings: Mapping[str, float]

    def table(self) -> ComparisonTable:
        """What stands in the study's header."""
        first = self.places[0]
        low, high = first.interval or (None, None)
        kept = sum(not place.dropped for place in self.places)
        return ComparisonTable(
            mean=first.mean,
            low=low,
            high=high,
            kept=None if kept == len(self.places) else kept,
            compared=sum(place.distinguishable is not None for place in self.places),
            metric=self.metric,
            recipes=len(self.places),
            seeds=self.seeds,
            level=sum(place.distinguishable is False for place in self.places),
            model_steps_per_second=round(self.steps / max(self.timings["training"], 1e-9), 1),
            engines=dict(self.engines),
            plan=self.plan,
            tolerance={
                name: ToleranceTable(decades=each.decades, low=each.low, high=each.high, best=each.best)
                for name, each in self.tolerances.items()
            },
            timings={name: round(seconds, 4) for name, seconds in self.timings.items()},
        )


def ranking_frame(places: Sequence[Place], results: Results) -> pl.DataFrame:
    """One row per recipe, best first: its score, what chance leaves of it, its runs, its outcomes."""
    lines = [
        {
            "rank": rank,
            "mean": place.mean,
            "low": None if place.interval is None else place.interval[0],
            "high": None if place.interval is None else place.interval[1],
            "distinguishable": place.distinguishable,
            "validation_loss": place.loss,
            "runs": list(place.group.runs),
            "seeds": list(dict.fromkeys(results.population[run].seed for run in counting(results, place.group))),
            "outcomes": ", ".join(f"{count} {code}" for code, count in _outcomes(place, results).items()),
            "recipe": place.group.recipe.key,
        }
        for rank, place in enumerate(places, start=1)
    ]
    floats = dict.fromkeys(("mean", "low", "high", "validation_loss"), pl.Float64)
    return pl.DataFrame(lines, schema_overrides={**floats, "distinguishable": pl.Boolean}, infer_schema_length=None)


def varying(recipes: Sequence[Recipe]) -> list[str]:
    """The fields, and ``kind_options.name``, in which recipes differ, but for the seed."""
    flat = [flattened(recipe) for recipe in recipes]
    names = dict.fromkeys(name for each in flat for name in each)
    differing = [name for name in names if len({repr(each.get(name)) for each in flat}) > 1]
    owned = {"optimizer", "loss", "schedule", "activation"} & set(differing)
    return [name for name in differing if name != "seed" and not _follows(name, owned, flat)]


def flattened(recipe: Recipe) -> dict[str, Any]:
    """A recipe's fields, its options each a field ``kind_options.name``; of a network of the user's own no layers."""
    flat: dict[str, Any] = {}
    for name, value in recipe.to_dict().items():
        if recipe.network is not None and name in LAYERS:
            continue
        if isinstance(value, dict):
            flat |= {f"{name}.{option}": each for option, each in value.items()}
        else:
            flat[name] = value
    return flat


def _follows(name: str, owned: set[str], flat: Sequence[dict[str, Any]]) -> bool:
    """Whether an option says no more than the name of what it is an option of."""
    kind, dot, _ = name.partition("_options.")
    if not dot or kind not in owned:
        return False
    values: dict[Any, set[str]] = {}
    for each in flat:
        values.setdefault(each.get(kind), set()).add(repr(each.get(name)))
    return all(len(found) == 1 for found in values.values())


def _outcomes(place: Place, results: Results) -> dict[str, int]:
    return dict(Counter(results.trained[run].outcome.value for run in place.group.runs))
