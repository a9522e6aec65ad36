"""What many trained runs predict for the same rows: those that are alike are evaluated, and read, as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from fallline.catalogue.readout import Prediction, read_outputs
from fallline.catalogue.registry import contract_of
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset, Split
from fallline.engines.loop import network_of
from fallline.engines.protocol import Engine
from fallline.study.metrics import Guess

__all__ = ["guess_of", "outputs", "predictions"]

_NUMBERS = 2**24
"""Outputs that are held at a time."""


def predictions(
    runs: Iterable[int],
    split: Split,
    *,
    population: Population,
    parameters: Mapping[int, Mapping[str, Tensor]],
    data: Dataset,
    engine: Engine,
) -> Iterator[tuple[list[int], Prediction]]:
    """What ``runs``, given their parameters, predict for a split: of some of them at a time, with the runs in front."""
    found = outputs(runs, split, population=population, parameters=parameters, data=data, engine=engine)
    return ((part, read_outputs(population[part[0]], data.target, returned)) for part, returned in found)


def outputs(
    runs: Iterable[int],
    split: Split,
    *,
    population: Population,
    parameters: Mapping[int, Mapping[str, Tensor]],
    data: Dataset,
    engine: Engine,
) -> Iterator[tuple[list[int], Tensor]]:
    """What the networks of ``runs`` return for the rows of a split, ``(run, row, unit)``, some of them at a time."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for run in runs:
        alike.setdefault(_reading_key(population[run]), []).append(run)
    for group in alike.values():
        recipe = population[group[0]]
        network = network_of(recipe, data)
        inputs = split.inputs.to(getattr(torch, recipe.dtype))
        size = max(1, _NUMBERS // (max(1, len(split)) * contract_of(recipe).width(data.target)))
        for start in range(0, len(group), size):
            part = group[start : start + size]
            names = parameters[part[0]]
            points = {name: torch.stack([parameters[run][name] for run in part]) for name in names}
            yield part, engine.outputs(network, points, inputs)


def guess_of(prediction: Prediction) -> Guess:
    """A prediction as metrics take it."""
    score = None if prediction.score is None else prediction.score.numpy()
    return Guess(prediction.value.numpy(), score, prediction.probability)


def _reading_key(recipe: Recipe) -> tuple[object, ...]:
    """Equal for recipes whose networks map inputs to outputs by the same module, and whose outputs mean the same."""
    layers = (recipe.network, recipe.widths, recipe.activation, recipe.normalization, recipe.dropout > 0, recipe.dtype)
    return (*layers, recipe.loss, *recipe.activation_options.items(), None, *recipe.loss_options.items())
