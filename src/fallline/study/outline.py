"""The plan of a comparison: which runs, what they will take, and what has to be left out to fit a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fallline.core.errors import ArgumentError
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.engines.protocol import Engine, Share
from fallline.render.number import short
from fallline.study.forecast import Forecast, Speeds, available_memory, forecast, memory_of, steps_of
from fallline.study.halving import share_trained
from fallline.study.space import Candidates

__all__ = ["PATIENCE", "Outline", "outlined"]

PATIENCE = 120.0
"""Seconds that a comparison of which nothing was said may train."""
_LONGEST = 12 * 3600.0
"""Seconds of training from which on a budget has to be named, lest nobody meant it."""
_MEMORY = 0.8
"""The share of the memory that a comparison may take."""
_MEASURABLE = 4096
"""Recipes from which on speeds are taken from evenly chosen ones."""


@dataclass(frozen=True)
class Outline:
    """What is going to be trained.

    Args:
        population: The recipes, each with its seeds side by side, and each seed as many times as there are folds.
        shares: What each engine trains.
        lines: The plan for people: name and text.
        notes: What was left out, ignored or assumed, one sentence each.
    """

    population: Population
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
    speeds = Speeds(engine, len(seeds) * recipes[:: max(1, len(recipes) // _MEASURABLE)], data)
    limit = budget if budget is not None else (PATIENCE if default else None)
    if limit is not None:
        recipes, said = _fitted(recipes, folds * len(seeds), data, speeds, limit, halving=halving)
        notes += said
    of_each_fold = Population(tuple(_with_seeds(recipes, seeds)))
    planned = forecast(of_each_fold, data, engine, speeds, folds=folds)
    seconds = planned.seconds * (share_trained(max(r.epochs for r in recipes)) if halving else 1)
    if limit is None:
        _require_time(seconds)
    if len(seeds) == 1:
        notes.append("There is one seed: what differs by seed is not in the intervals. --seeds 4 shows it.")
    lines = _lines(recipes, seeds, planned, seconds, folds=folds, halving=halving)
    population = Population(tuple(recipe for recipe in of_each_fold for _ in range(folds)))
    return Outline(population, planned.shares, lines, tuple(notes))


def _with_seeds(recipes: Sequence[Recipe], seeds: Sequence[int]) -> list[Recipe]:
    return [recipe.with_seed(seed) for recipe in recipes for seed in seeds]


def _fitted(
    recipes: list[Recipe], runs: int, data: Dataset, speeds: Speeds, limit: float, *, halving: bool
) -> tuple[list[Recipe], list[str]]:
    """As many recipes, of ``runs`` each, as can be trained in ``limit`` seconds, evenly chosen; of one fewer epochs."""
    shares = [share_trained(recipe.epochs) if halving else 1.0 for recipe in recipes]
    takes = [
        runs * share * steps_of(recipe, data) / speeds.of(recipe) for recipe, share in zip(recipes, shares, strict=True)
    ]
    if sum(takes) <= limit:
        return recipes, []
    count = max(1, math.floor(len(recipes) * limit / sum(takes)))
    # Steps that share no factor with the length of a ladder go through all of its rungs.
    chosen = sorted({round(place * (len(recipes) - 1) / max(count - 1, 1)) for place in range(count)})
    while len(chosen) > 1 and sum(takes[place] for place in chosen) > limit:
        chosen = chosen[:-1]
    left = len(recipes) - len(chosen)
    said = [f"To fit {short(limit)} s of training, {left:,} of {len(recipes):,} recipes are left out."]
    kept = [recipes[place] for place in chosen]
    if len(kept) > 1 or takes[chosen[0]] <= limit:
        return kept, said
    epochs = math.floor(kept[0].epochs * limit / takes[chosen[0]])
    if epochs < 1:
        needed = takes[chosen[0]] / kept[0].epochs
        raise ArgumentError(
            "fitting the comparison to its budget",
            "it is too small for one epoch of one recipe",
            expected=f"at least {short(needed, 2)} s",
            got=f"budget = {short(limit)} s",
            do=f"--budget {math.ceil(10 * needed)}s",
        )
    said.append(f"Its {kept[0].epochs:,} epochs are cut to {epochs:,}.")
    return [kept[0].replace(epochs=epochs)], said


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
    recipes: Sequence[Recipe], seeds: Sequence[int], planned: Forecast, seconds: float, *, folds: int, halving: bool
) -> tuple[tuple[str, str], ...]:
    engines = ", ".join(
        f"{share.runs:,} on {share.engine}" + (f" in {share.programs:,} blocks" if share.engine == "native" else "")
        for share in planned.shares
    )
    halved = "; two thirds leave at a ninth, and again at a third, of the epochs" if halving else ""
    epochs = sorted({recipe.epochs for recipe in recipes})
    spread = f"{epochs[0]:,}" if len(epochs) == 1 else f"{epochs[0]:,} to {epochs[-1]:,}"
    crossed = f"{len(recipes):,} recipes × {len(seeds):,} {'seed' if len(seeds) == 1 else 'seeds'}"
    return (
        ("runs", f"{planned.runs:,}: {crossed}" + (f" × {folds:,} folds" if folds > 1 else "")),
        ("steps", f"{planned.steps:,}, in {spread} epochs, if none stops early{halved}"),
        ("engines", engines),
        ("memory", f"about {_bytes(planned.memory)}"),
        ("time", f"about {duration(seconds)}, at {planned.steps / max(planned.seconds, 1e-9):,.0f} steps per second"),
        ("batching", f"{short(planned.gain, 2)} × as fast as PyTorch, one run after the other"),
    )


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
