"""A job's runs, trained as far as they got: what they predict for the validation rows, and how that scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from torch import Tensor

from fallline.core.population import Population
from fallline.data.dataset import Dataset, Split
from fallline.engines.protocol import Engine, Trained
from fallline.study.metrics import DECISIONS, Guess, Scorer, Scores, better
from fallline.study.readings import guess_of, predictions
from fallline.study.rescoring import scored

__all__ = ["Model", "Results", "arrays", "mean_of_all"]

_Reading = list[tuple[int, list[int], Guess]]
"""Runs of one fold that are read alike, and what they predict, the runs in front."""


class Model(NamedTuple):
    """A run's parameters, by name, and the epoch at whose end it had them."""

    epoch: int
    parameters: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Results:
    """A population's trained runs, and what follows from them.

    Args:
        population: What was trained.
        trained: How far each run got.
        data: What it was trained on; with folds, what they were cut from.
        engine: What evaluates it.
        scorer: What scores them.
        metric: What is to rank them; None: their validation loss.
        latest: Each run's parameters at the end of its last epoch; None where it is within one, empty: of none.
        folds: What runs were trained on where there are folds: of ``k`` of them, run ``i`` was on fold ``i % k``. The
            ``k`` runs side by side are then of one recipe, and are one answer: the mean of what they predict.
    """

    population: Population
    trained: Sequence[Trained]
    data: Dataset
    engine: Engine
    scorer: Scorer
    metric: str | None = None
    latest: Sequence[Mapping[str, Tensor] | None] = ()
    folds: tuple[Dataset, ...] = ()

    @cached_property
    def held_out(self) -> tuple[Split, ...]:
        """The validation rows, of each fold where there are folds."""
        return tuple(fold.validation for fold in self.folds or (self.data,))

    def fold(self, run: int) -> int:
        """The fold that a run was on; 0 where there are none."""
        return run % len(self.held_out)

    @cached_property
    def models(self) -> dict[int, Model]:
        """What is kept of each run that has had a finite validation loss: the epoch at which that was lowest.

        Where what is decided ranks, and nothing else, it is the run's last epoch, if that scores higher: networks go on
        to decide better after their cross entropy has begun to rise (Guo et al. 2017, "On Calibration of Modern Neural
        Networks", section 3).
        """
        ended = ((run, self.trained[run]) for runs in self._asked for run in runs)
        models = {run: Model(trained.best_epoch, trained.parameters) for run, trained in ended}
        if self.metric not in DECISIONS:
            return models
        last = {
            run: Model(len(self.trained[run].validation_losses), parameters)
            for run, parameters in enumerate(self.latest)
            if parameters is not None and run in models
        }
        last = {run: model for run, model in last.items() if model.epoch != models[run].epoch}
        before = self._scored(self._reading({run: models[run] for run in last}), self.metric)
        after = self._scored(self._reading(last), self.metric)
        chosen = {run for run in last if better(self.metric, after.get(run), before.get(run))}
        return models | {run: model for run, model in last.items() if run in chosen}

    @cached_property
    def guesses(self) -> dict[int, Guess]:
        """What each run that has had a finite validation loss predicts for its validation rows."""
        return {run: guess.at(place) for _, runs, guess in self._read for place, run in enumerate(runs)}

    def scores(self, run: int) -> Scores:
        """All metrics of a run on its validation rows."""
        return {name: self.score(run, name) for name in self.scorer.names}

    def score(self, run: int, metric: str) -> float | None:
        """A metric of a run on its validation rows; None where it is not defined, or no epoch has had a finite loss."""
        if metric not in self._scores:
            self._scores[metric] = self._scored(self._read, metric)
        return self._scores[metric].get(run)

    def undefined(self, metric: str) -> frozenset[int]:
        """The folds on whose rows no run has a metric, as where they are all of one class."""
        if metric not in self._undefined:
            folds = enumerate(self._asked)
            without = (fold for fold, runs in folds if runs and all(self.score(run, metric) is None for run in runs))
            self._undefined[metric] = frozenset(without)
        return self._undefined[metric]

    def mean(self, runs: Sequence[int], metric: str) -> float | None:
        """A metric on the validation rows, the mean over ``runs``; None where one of them has none.

        Folds on whose rows no run has it do not count.
        """
        if metric not in self.scorer.names:
            return None
        undefined = self.undefined(metric)
        counting = [run for run in runs if self.fold(run) not in undefined]
        return mean_of_all(
            [None if self.trained[run].best_loss is None else self.score(run, metric) for run in counting]
        )

    def _scored(self, reading: _Reading, metric: str) -> dict[int, float]:
        """The runs that have a metric, with it."""
        found: dict[int, float] = {}
        for fold, runs, guess in reading:
            truth, weights = self._truths[fold]
            values = scored(self.scorer, metric, truth, guess, weights)
            found |= {run: value for run, value in zip(runs, values.tolist(), strict=True) if math.isfinite(value)}
        return found

    @cached_property
    def _read(self) -> _Reading:
        return self._reading(self.models)

    def _reading(self, models: Mapping[int, Model]) -> _Reading:
        """What models, each of a run, predict for the validation rows."""
        parameters = {run: model.parameters for run, model in models.items()}
        return [
            (fold, runs, guess_of(prediction))
            for fold, split in enumerate(self.held_out)
            for runs, prediction in predictions(
                [run for run in self._asked[fold] if run in models],
                split,
                population=self.population,
                parameters=parameters,
                data=self.data,
                engine=self.engine,
            )
        ]

    @cached_property
    def _scores(self) -> dict[str, dict[int, float]]:
        """What `score` has found out."""
        return {}

    @cached_property
    def _undefined(self) -> dict[str, frozenset[int]]:
        """What `undefined` has found out."""
        return {}

    @cached_property
    def _asked(self) -> list[list[int]]:
        """The runs of each fold that have had a finite validation loss."""
        known = [run for run, trained in enumerate(self.trained) if trained.best_loss is not None]
        return [[run for run in known if self.fold(run) == fold] for fold in range(len(self.held_out))]

    @cached_property
    def _truths(self) -> list[tuple[np.ndarray, np.ndarray | None]]:
        return [arrays(split) for split in self.held_out]


def arrays(split: Split) -> tuple[np.ndarray, np.ndarray | None]:
    """The truth and the rows' weights, if any, as metrics take them."""
    return split.targets.numpy(), None if split.weights is None else split.weights.double().numpy()


def mean_of_all(values: Sequence[float | None]) -> float | None:
    """The mean; None of nothing, and where one of the values is missing."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
