"""What all runs that may share a block have in common: their network, the rows as they take them, their pace."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fallline.catalogue.networks import Feedforward
from fallline.catalogue.rates import pace_of, rates_at
from fallline.core.recipe import Recipe
from fallline.core.seeds import blank, initialised
from fallline.data.dataset import Dataset
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Rows

__all__ = ["Kind", "Starts", "array", "default_start", "tables"]

Starts = Callable[[tuple[int, ...], int, torch.dtype], NDArray[Any]]
"""As `default_start`, which it may remember."""
_Rates = Callable[[Sequence[int], Sequence[float]], list[float]]


class Kind:
    """What all runs that may share a block have in common.

    Args:
        recipe: Of one of them.
        data: What they are trained on.
        starts: What gives the default initial parameters, which several kinds have in common.
    """

    def __init__(self, recipe: Recipe, data: Dataset, starts: Starts) -> None:
        self.recipe = recipe
        network = network_of(recipe, data)
        assert isinstance(network, Feedforward)  # others are refused
        self.network = network
        self.shapes = {name: value.shape for name, value in blank(network.build).named_parameters()}
        self._sizes = [shape.numel() for shape in self.shapes.values()]
        self.dtype: torch.dtype = getattr(torch, recipe.dtype)
        self.tables: list[NDArray[Any]] = []
        self.weights: list[NDArray[Any]] = []
        for split in (data.train, data.validation):
            inputs, targets, weights = tables(feed(recipe, data, split), self.dtype)
            self.tables += [inputs, targets]
            self.weights += weights
        self.epoch_steps = math.ceil(len(data.train) / recipe.batch_size)
        self.pace = pace_of(recipe)
        self._starts = starts
        self._rates: dict[tuple[object, ...], _Rates] = {}
        self._curves = lru_cache(maxsize=1024)(_curve)

    def named(self, numbers: NDArray[Any]) -> dict[str, Tensor]:
        """A run's parameters, one after the other in ``numbers``, by their names: views of it."""
        parts = torch.from_numpy(numbers).split(self._sizes)
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def rates(self, recipe: Recipe, first: int, every: int, count: int) -> NDArray[np.float64]:
        """The learning rates of ``count`` steps from ``first`` on, ``every`` so many, if losses have no say.

        They are the same for every seed, and are computed once.
        """
        numbers = (recipe.learning_rate, recipe.warmup, *recipe.schedule_options.items())
        if numbers not in self._rates:
            self._rates[numbers] = rates_at(recipe, epoch_steps=self.epoch_steps)
        return self._curves(self._rates[numbers], first, every, count)

    def initial(self, recipe: Recipe) -> NDArray[Any]:
        """A run's parameters before its first step, one after the other."""
        if recipe.initialization == "default":  # which looks at nothing but the widths
            sizes = (self.network.inputs, *self.network.widths, self.network.outputs)
            return self._starts(sizes, recipe.seed, self.dtype)
        network = replace(
            self.network, initialization=recipe.initialization, activation_options=recipe.activation_options
        )
        return _start(network, recipe.seed, self.dtype)


def default_start(sizes: tuple[int, ...], seed: int, dtype: torch.dtype) -> NDArray[Any]:
    """The parameters that a seed stands for, one after the other, in layers of these sizes, inputs and outputs too."""
    inputs, *widths, outputs = sizes
    return _start(Feedforward(inputs=inputs, widths=tuple(widths), outputs=outputs), seed, dtype)


def _start(network: Feedforward, seed: int, dtype: torch.dtype) -> NDArray[Any]:
    module = initialised(network.build, seed=seed, dtype=dtype).module
    return torch.cat([value.detach().flatten() for value in module.parameters()]).numpy()


def array(values: Tensor, dtype: torch.dtype) -> NDArray[Any]:
    """Numbers as the compiled engine takes them."""
    return values.detach().to(dtype).contiguous().numpy()


def tables(rows: Rows, dtype: torch.dtype) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[Any]]]:
    """Rows as blocks take them: all numbers of one dtype, targets ``(row, column)``, class ids too."""
    targets = rows.targets if rows.targets.ndim == 2 else rows.targets.unsqueeze(1)
    weights = [] if rows.weights is None else [array(rows.weights, dtype)]
    return array(rows.inputs, dtype), array(targets, dtype), weights


def _curve(rates: _Rates, first: int, every: int, count: int) -> NDArray[np.float64]:
    return np.array(rates(range(first, first + count * every, every), ()))
