"""A comparison's study as the plain data that `fallline.render` draws beside its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import polars as pl

from fallline.catalogue.given import network_name
from fallline.core.recipe import Recipe
from fallline.render.comparison import Comparison, Curve, HeatCell, PlanLine, Tolerance
from fallline.render.comparison import Place as Shown
from fallline.render.number import short
from fallline.study.compared import flattened, varying
from fallline.study.header import ComparisonTable
from fallline.study.metrics import HIGHER_IS_BETTER
from fallline.study.record import Study

__all__ = ["comparison_of", "mean_curve"]


@dataclass(frozen=True)
class _Entry:
    """A recipe of the ranking, read back."""

    row: Mapping[str, Any]
    recipe: Recipe


def comparison_of(study: Study) -> Comparison:
    """All that a comparison shows beside its report."""
    header = study.header
    table = header.comparison
    assert table is not None  # `Study.ranking` has refused others
    entries = [_Entry(row, Recipe.from_json(row["recipe"])) for row in study.ranking().iter_rows(named=True)]
    curves = _curves(study, entries)
    losses = {entry.recipe.loss for entry in _first_of_each(entries)}
    return Comparison(
        metric=table.metric,
        higher=table.metric in HIGHER_IS_BETTER,
        recipes=table.recipes,
        seeds=table.seeds,
        runs=header.runs,
        model_steps_per_second=table.model_steps_per_second,
        places=_places(entries, best=None if header.best is None else header.best.run),
        level=table.level,
        heat=_heat(entries, study),
        tolerances=_tolerances(table),
        curves=curves,
        loss=losses.pop() if len(losses) == 1 else "",
        plan=tuple(PlanLine(name, text) for name, text in table.plan),
        outcomes=tuple((outcome.value, count) for outcome, count in header.outcomes.items()),
        timings=tuple(table.timings.items()),
        folds=header.split.folds or 1,
    )


def _places(entries: Sequence[_Entry], *, best: int | None) -> tuple[Shown, ...]:
    names = varying([entry.recipe for entry in entries])
    networks = _network_names([entry.recipe for entry in entries])
    return tuple(
        Shown(
            rank=entry.row["rank"],
            fields=_told_apart(entry.recipe, names, networks),
            mean=entry.row["mean"],
            low=entry.row["low"],
            high=entry.row["high"],
            seeds=len(entry.row["seeds"]),
            distinguishable=entry.row["distinguishable"],
            outcomes=_outcomes(entry.row["outcomes"]),
            chosen=best in entry.row["runs"],
        )
        for entry in entries
    )


def _network_names(recipes: Sequence[Recipe]) -> dict[str | None, str | None]:
    """What each network is called: by its whole reference where another has the same name."""
    named = {recipe.network: None if recipe.network is None else network_name(recipe.network) for recipe in recipes}
    often = Counter(named.values())
    return {reference: name if often[name] == 1 else reference for reference, name in named.items()}


def _told_apart(
    recipe: Recipe, names: Sequence[str], networks: Mapping[str | None, str | None]
) -> tuple[tuple[str, str], ...]:
    """What tells a recipe from the others: name → text; what it has not is left out."""
    flat = flattened(recipe) | {"network": networks[recipe.network]}
    return tuple((name.rpartition(".")[2], _text(flat[name])) for name in names if flat.get(name) is not None)


def _labelled(name: str, text: str) -> str:
    """A field in a line of several: a bare number says what it is, but for the learning rate."""
    bare = name == "learning_rate" or not text.replace(".", "").replace("e-", "").isdigit()
    return text if bare else f"{name.replace('_', ' ')} {text}"


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return short(value) if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def _outcomes(text: str) -> tuple[tuple[str, int], ...]:
    pairs = (part.split(" ", 1) for part in text.split(", "))
    return tuple((code, int(count)) for count, code in pairs)


def _heat(entries: Sequence[_Entry], study: Study) -> tuple[HeatCell, ...]:
    """Each optimizer at each learning rate, at the best of the recipes with the two: the ranking is sorted."""
    diverged = set(study.frame().filter(pl.col("outcome") == "diverged")["run"])
    cells: dict[tuple[str, float], list[_Entry]] = {}
    for entry in entries:
        cells.setdefault((entry.recipe.optimizer, entry.recipe.learning_rate), []).append(entry)
    first = {key: next((entry.row for entry in own if entry.row["mean"] is not None), {}) for key, own in cells.items()}
    return tuple(
        HeatCell(
            optimizer=optimizer,
            learning_rate=rate,
            value=first[optimizer, rate].get("mean"),
            diverged=_share([run in diverged for entry in own for run in entry.row["runs"]]),
            rank=first[optimizer, rate].get("rank"),
        )
        for (optimizer, rate), own in sorted(cells.items())
    )


def _share(holds: Sequence[bool]) -> float:
    return sum(holds) / len(holds)


def _tolerances(table: ComparisonTable) -> tuple[Tolerance, ...]:
    return tuple(
        Tolerance(
            optimizer=name,
            decades=each.decades,
            rates=(each.low, each.high) if each.decades is not None else None,
            best_rate=each.best,
        )
        for name, each in table.tolerance.items()
    )


def _first_of_each(entries: Sequence[_Entry]) -> list[_Entry]:
    """Each optimizer's best recipe, best first."""
    first: dict[str, _Entry] = {}
    for entry in entries:
        if entry.row["validation_loss"] is not None:
            first.setdefault(entry.recipe.optimizer, entry)
    return list(first.values())


def _curves(study: Study, entries: Sequence[_Entry]) -> tuple[Curve, ...]:
    names = [name for name in varying([entry.recipe for entry in entries]) if name != "optimizer"]
    networks = _network_names([entry.recipe for entry in entries])
    first = _first_of_each(entries)
    runs = [run for entry in first for run in entry.row["runs"]]
    frame = study.curves().filter(pl.col("run").is_in(runs))
    losses = {run: tuple(part["validation_loss"]) for (run,), part in frame.partition_by("run", as_dict=True).items()}
    folds = study.header.split.folds or 1
    return tuple(
        Curve(
            optimizer=entry.recipe.optimizer,
            label=", ".join(
                [entry.recipe.optimizer, *(_labelled(*pair) for pair in _told_apart(entry.recipe, names, networks))]
            ),
            seeds=tuple(
                mean_curve([losses.get(run, ()) for run in entry.row["runs"][start : start + folds]])
                for start in range(0, len(entry.row["runs"]), folds)
                if any(losses.get(run) for run in entry.row["runs"][start : start + folds])  # others never began
            ),
        )
        for entry in first
    )


def mean_curve(curves: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """The mean of several curves, epoch by epoch over those that have got there.

    Example:
        >>> mean_curve([(3.0, 2.0), (1.0,)])
        (2.0, 2.0)
    """
    return tuple(
        fmean([curve[epoch] for curve in curves if epoch < len(curve)]) for epoch in range(max(map(len, curves)))
    )
