"""The plan of a comparison: which runs, what they will take, and what has to be left out to fit a budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fallline.core.errors import ArgumentError
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Share
from fallline.render.number import plural, short
from fallline.study.forecast import Forecast, Speeds, available_memory, forecast, memory_of
from fallline.study.halving import left_at, rungs, share_trained
from fallline.study.space import Candidates

__all__ = ["PATIENCE", "Outline", "outlined"]

PATIENCE = 120.0
"""Seconds that a comparison of which nothing was said may train."""
_LONGEST = 12 * 3600.0
"""Seconds of training from which on a budget has to be named, lest nobody meant it."""
_MEMORY = 0.8
"""The share of the memory that a comparison may take."""
_WORTH_IT = 0.9
"""The share of the seconds that fewer recipes have to get by with, to be worth leaving the others out."""


@dataclass(frozen=True)
class Outline:
    """What is going to be trained.

    Args:
        population: The recipes, each with its seeds side by side, and each seed as many times as there are folds.
        costs: Seconds of an epoch of each of them, as measured.
        share: The share of all their epochs that is trained, if none stops early.
        shares: What each engine trains.
        lines: The plan for people: name and text.
        notes: What was left out, ignored or assumed, one sentence each.
    """

    population: Population
    costs: tuple[float, ...]
    share: float
    shares: tuple[Share, ...]
    lines: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def outlined(
    candidates: Candidates,
    seeds: Sequence[int],
    data: Dataset,
    engine: Engine,
    *,
    folds: int = 1,
    halving: bool,
    budget: float | None,
    default: bool,
) -> Outline:
    """The plan that fits the memory, and the budget if there is one.

    Args:
        candidates: The recipes.
        seeds: The seeds of each.
        data: What they are trained on; with folds, on the largest of them.
        engine: What trains them.
        folds: How many times each is trained.
        halving: Whether the weaker ones leave on the way.
        budget: Seconds of training; None: as long as it takes.
        default: Whether nobody has said what to compare: then two minutes are the budget.

    Raises:
        ArgumentError: It takes more memory or time than there is, or the budget is too small for one epoch.
    """
    recipes, notes = list(candidates.recipes), list(candidates.notes)
    _require_memory(folds * len(seeds) * memory_of(recipes, data))
    speeds = Speeds(engine, len(seeds) * recipes, data)

    def share(chosen: Sequence[Recipe]) -> float:
        return share_trained(len(chosen), len(seeds), _last(chosen)) if halving else 1.0

    def planned_for(chosen: Sequence[Recipe]) -> Forecast:
        whole = forecast(_population(chosen, seeds), data, engine, speeds, folds=folds)
        part = share(chosen)
        return replace(whole, steps=round(part * whole.steps), seconds=part * whole.seconds)

    planned = planned_for(recipes)
    limit = budget if budget is not None else (PATIENCE if default else None)
    if limit is None:
        _require_time(planned.seconds)
    elif planned.seconds > limit:
        recipes, said = _fitted(recipes, planned_for, limit)
        planned, notes = planned_for(recipes), [*notes, *said]
    if len(seeds) == 1:
        notes.append("There is one seed: what differs by seed is not in the intervals. --seeds 4 shows it.")
    lines = _lines(recipes, seeds, planned, folds=folds, halving=halving)
    population = _population(recipes, seeds, folds=folds)
    costs = tuple(speeds.seconds(recipe) for recipe in population)
    return Outline(population, costs, share(recipes), planned.shares, lines, tuple(notes))


def _population(recipes: Sequence[Recipe], seeds: Sequence[int], *, folds: int = 1) -> Population:
    """Each recipe with its seeds side by side, and each seed once for every fold."""
    runs = (recipe.with_seed(seed) for recipe in recipes for seed in seeds)
    return Population(tuple(run for run in runs for _ in range(folds)))


def _last(recipes: Sequence[Recipe]) -> int:
    return max(recipe.epochs for recipe in recipes)


def _fitted(
    recipes: list[Recipe], planned_for: Callable[[Sequence[Recipe]], Forecast], limit: float
) -> tuple[list[Recipe], list[str]]:
    """As many recipes as can be trained in ``limit`` seconds, evenly chosen; where fewer save nothing, fewer epochs."""
    kept, seconds, said = recipes, planned_for(recipes).seconds, list[str]()
    while seconds > limit and len(kept) > 1:
        fewer = _evenly(recipes, max(1, min(len(kept) - 1, math.floor(len(kept) * limit / seconds))))
        takes = planned_for(fewer).seconds
        if takes > _WORTH_IT * seconds:  # a block with fewer runs takes as long
            break
        kept, seconds = fewer, takes
    fit = f"To fit {short(limit)} s of training,"
    if len(kept) < len(recipes):
        said.append(f"{fit} {len(recipes) - len(kept):,} of {len(recipes):,} recipes are left out.")
    if seconds <= limit:
        return kept, said
    if math.floor(_last(kept) * limit / seconds) < 1:
        needed = seconds / _last(kept)
        raise ArgumentError(
            "fitting the comparison to its budget",
            "it is too small for one epoch of one recipe",
            expected=f"at least {short(needed, 2)} s",
            got=f"budget = {short(limit)} s",
            do=f"--budget {math.ceil(10 * needed)}s",
        )
    cut = [recipe.replace(epochs=max(1, math.floor(recipe.epochs * limit / seconds))) for recipe in kept]
    return cut, [*said, f"{fit} {_epochs(kept)} epochs are cut to {_epochs(cut)}."]


def _evenly(recipes: Sequence[Recipe], count: int) -> list[Recipe]:
    places = {round(place * (len(recipes) - 1) / max(count - 1, 1)) for place in range(count)}
    return [recipes[place] for place in sorted(places)]


def _epochs(recipes: Sequence[Recipe]) -> str:
    epochs = sorted({recipe.epochs for recipe in recipes})
    return f"{epochs[0]:,}" if len(epochs) == 1 else f"{epochs[0]:,} to {epochs[-1]:,}"


def _require_memory(needed: int) -> None:
    there = int(_MEMORY * available_memory())
    if needed > there:
        raise ArgumentError(
            "planning the comparison",
            "it needs more memory than there is",
            expected=f"at most {_bytes(there)}",
            got=f"about {_bytes(needed)}",
            do="--sample 2000 for a part of the space, fewer --seeds, or narrower --widths",
        )


def _require_time(seconds: float) -> None:
    if seconds > _LONGEST:
        raise ArgumentError(
            "planning the comparison",
            "it would take longer than anyone is likely to wait",
            expected=f"at most {duration(_LONGEST)}, unless a budget is named",
            got=f"about {duration(seconds)} on this machine",
            do=f"--budget 10m, --sample 2000, --halving, or --budget {math.ceil(seconds / 3600)}h",
        )


def _lines(
    recipes: Sequence[Recipe], seeds: Sequence[int], planned: Forecast, *, folds: int, halving: bool
) -> tuple[tuple[str, str], ...]:
    engines = ", ".join(
        f"{share.runs:,} on {share.engine}"
        + (f" in {plural(share.programs, 'block')}" if share.engine == "native" else "")
        for share in planned.shares
    )
    crossed = f"{plural(len(recipes), 'recipe')} × {plural(len(seeds), 'seed')}"
    halved = [("halving", _halved(len(recipes), len(seeds), _last(recipes)))] if halving else []
    return (
        ("runs", f"{planned.runs:,}: {crossed}" + (f" × {folds:,} folds" if folds > 1 else "")),
        *halved,
        ("steps", f"{planned.steps:,}, in {_epochs(recipes)} epochs, if none stops early"),
        ("engines", engines),
        ("memory", f"about {_bytes(planned.memory)}"),
        (
            "time",
            f"about {duration(planned.seconds)}, at {planned.steps / max(planned.seconds, 1e-9):,.0f} steps per second",
        ),
        ("batching", f"{short(planned.gain, 2)} × as fast as PyTorch, one run after the other"),
    )


def _halved(recipes: int, seeds: int, epochs: int) -> str:
    """Who goes on, and who gets the other seeds."""
    left = left_at(recipes, epochs)
    if not left or left[-1] == recipes:
        return f"nothing to halve in {plural(recipes, 'recipe')} and {plural(epochs, 'epoch')}"
    steps = [f"{many:,} go on after epoch {epoch:,}" for many, epoch in zip(left, rungs(epochs), strict=True)]
    first = "first seed of each; " if seeds > 1 else ""
    last = f"; these {left[-1]:,} get the other seeds" if seeds > 1 else ""
    return first + ", ".join(steps) + last


def duration(seconds: float) -> str:
    """Seconds in words.

    Example:
        >>> duration(0.4), duration(75), duration(7200)
        ('1 s', '75 s', '2 h')
    """
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"


def _bytes(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{max(1, round(count / 2**20)):,} MiB"
