"""Which runs share a block: those of one kind, and as far as can be of one seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from fallline.engines._block import Run
from fallline.engines._plans import LANES, kind_of

__all__ = ["packed"]


def packed(runs: Iterable[Run]) -> list[Sequence[Run]]:
    """The runs of each block: of one seed, which see the same rows at the same time; only what remains is mixed."""
    alike: dict[tuple[object, ...], list[Run]] = defaultdict(list)
    for run in runs:
        alike[kind_of(run.recipe)].append(run)
    return [part for group in alike.values() for part in _by_seed(group, LANES[group[0].recipe.dtype])]


def _by_seed(runs: Iterable[Run], size: int) -> list[Sequence[Run]]:
    """Runs of one kind, at most ``size`` together."""
    seeds: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        seeds[run.recipe.seed].append(run)
    full = [part for same in seeds.values() for part in _cut(same, size) if len(part) == size]
    rest = [run for same in seeds.values() for run in same[len(same) // size * size :]]
    return [*full, *_cut(rest, size)]


def _cut(runs: Sequence[Run], size: int) -> list[Sequence[Run]]:
    return [runs[start : start + size] for start in range(0, len(runs), size)]
