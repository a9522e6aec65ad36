"""A job's runs, trained as far as they got: predicted, scored, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypedDict

import numpy as np
import torch

from fallline.catalogue.averaging import mean_outputs
from fallline.catalogue.readout import Prediction, read_outputs
from fallline.catalogue.registry import contract_of
from fallline.core.population import Population
from fallline.data.dataset import Dataset, Split
from fallline.engines.protocol import Engine, Trained
from fallline.study.metrics import HIGHER_IS_BETTER, Guess, Scorer, Scores
from fallline.study.readings import guess_of, outputs, predictions
from fallline.study.rescoring import scored

__all__ = ["VALIDATION_LOSS", "Results", "arrays"]

VALIDATION_LOSS = "validation_loss"
"""What the best run is chosen by unless a metric is named."""


class _Parts(TypedDict):
    """What `fallline.study.readings` needs beside runs and rows."""

    population: Population
    trained: Sequence[Trained]
    data: Dataset
    engine: Engine


@dataclass(frozen=True, kw_only=True)
class Results:
    """A population's trained runs, and what follows from them.

    Args:
        population: What was trained.
        trained: How far each run got.
        data: What it was trained on; with folds, what they were cut from.
        engine: What evaluates it.
        scorer: What scores them.
        metric: What runs are ranked by on the validation rows: `VALIDATION_LOSS`, or a metric's name.
        order: The runs that may be chosen, best first, where more than their own score decides; None: `metric` does.
        folds: What runs were trained on where there are folds: of ``k`` of them, run ``i`` was on fold ``i % k``. The
            ``k`` runs side by side are then of one recipe, and are one answer: the mean of what they predict.
        runs: Those that are asked about; None: all.
    """

    population: Population
    trained: Sequence[Trained]
    data: Dataset
    engine: Engine
    scorer: Scorer
    metric: str = VALIDATION_LOSS
    order: tuple[int, ...] | None = None
    folds: tuple[Dataset, ...] = ()
    runs: frozenset[int] | None = None

    @cached_property
    def held_out(self) -> tuple[Split, ...]:
        """The validation rows, of each fold where there are folds."""
        return tuple(fold.validation for fold in self.folds or (self.data,))

    def fold(self, run: int) -> int:
        """The fold that a run was on; 0 where there are none."""
        return run % len(self.held_out)

    @cached_property
    def guesses(self) -> dict[int, Guess]:
        """What each run predicts for its validation rows."""
        guesses: dict[int, Guess] = {}
        for fold, split in enumerate(self.held_out):
            found = predictions(self._asked[fold], split, **self._parts)
            guesses |= {run: guess_of(prediction) for run, prediction in found}
        return guesses

    @cached_property
    def validation(self) -> list[Scores]:
        """Each run's scores on its validation rows."""
        return [{name: self.score(run, name) for name in self.scorer.names} for run in range(len(self.population))]

    def score(self, run: int, metric: str) -> float | None:
        """A metric of a run on its validation rows; None where it is not defined."""
        if (run, metric) not in self._scores:
            truth, weights = self._truths[self.fold(run)]
            found = scored(self.scorer, truth, self.guesses[run], weights=weights, names=(metric,))
            self._scores[run, metric] = found[metric]
        return self._scores[run, metric]

    def undefined(self, metric: str) -> frozenset[int]:
        """The folds on whose rows no run has a metric, as where they are all of one class."""
        if metric not in self._undefined:
            folds = enumerate(self._asked)
            without = (fold for fold, runs in folds if all(self.score(run, metric) is None for run in runs))
            self._undefined[metric] = frozenset(without)
        return self._undefined[metric]

    def mean(self, runs: Sequence[int], metric: str) -> float | None:
        """A metric on the validation rows, the mean over ``runs``; None where one of them has none.

        Folds on whose rows no run has it do not count.
        """
        if metric not in self.scorer.names:
            return None
        counting = [run for run in runs if self.fold(run) not in self.undefined(metric)]
        values = [None if self.trained[run].best_loss is None else self.score(run, metric) for run in counting]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known and len(known) == len(values) else None

    def ordered(self, runs: Sequence[int]) -> Results:
        """The same, with ``runs`` as the ranking; what was predicted is kept."""
        results = replace(self, order=tuple(runs))
        results.__dict__.update(guesses=self.guesses, _scores=self._scores, _undefined=self._undefined)
        return results

    @cached_property
    def ranking(self) -> list[int]:
        """The runs that have a finite validation loss, best first.

        Of runs with equal scores, or without one, the lower loss comes first, then the lower number.
        """
        if self.order is not None:
            return list(self.order)
        losses = {number: run.best_loss for number, run in enumerate(self.trained) if run.best_loss is not None}
        if self.metric == VALIDATION_LOSS:
            return sorted(losses, key=lambda run: losses[run])
        sign = -1 if self.metric in HIGHER_IS_BETTER else 1
        scores = {run: self.score(run, self.metric) for run in losses}
        keys = {run: float("inf") if score is None else sign * score for run, score in scores.items()}
        return sorted(losses, key=lambda run: (keys[run], losses[run]))

    @property
    def best(self) -> int | None:
        """The chosen run, the first of several folds'; None where no run has had a finite validation loss."""
        return self.ranking[0] if self.ranking else None

    @property
    def chosen(self) -> tuple[int, ...]:
        """The chosen run, or the chosen runs, one on each fold; empty where there is none."""
        return () if self.best is None else tuple(range(self.best, self.best + len(self.held_out)))

    @cached_property
    def test(self) -> Scores:
        """The chosen run's scores on the test rows: the only time that they are looked at."""
        if self.answer is None:
            return {}
        truth, weights = arrays(self.data.test)
        return self.scorer.score(truth, guess_of(self.answer), weights=weights)

    @cached_property
    def answer(self) -> Prediction | None:
        """What the chosen run predicts for the test rows, or the mean of what the chosen runs predict."""
        if self.best is None:
            return None
        recipe = self.population[self.best]
        returned = [each for _, each in outputs(self.chosen, self.data.test, **self._parts)]
        one = returned[0] if len(returned) == 1 else mean_outputs(contract_of(recipe), torch.stack(returned))
        return read_outputs(recipe, self.data.target, one)

    @cached_property
    def _scores(self) -> dict[tuple[int, str], float | None]:
        """What `score` has found out."""
        return {}

    @cached_property
    def _undefined(self) -> dict[str, frozenset[int]]:
        """What `undefined` has found out."""
        return {}

    @cached_property
    def _asked(self) -> list[list[int]]:
        """The runs that are asked about, of each fold."""
        many = len(self.held_out)
        runs = range(len(self.population)) if self.runs is None else sorted(self.runs)
        return [[run for run in runs if run % many == fold] for fold in range(many)]

    @cached_property
    def _truths(self) -> list[tuple[np.ndarray, np.ndarray | None]]:
        return [arrays(split) for split in self.held_out]

    @property
    def _parts(self) -> _Parts:
        return {"population": self.population, "trained": self.trained, "data": self.data, "engine": self.engine}


def arrays(split: Split) -> tuple[np.ndarray, np.ndarray | None]:
    """The truth and the rows' weights, if any, as metrics take them."""
    return split.targets.numpy(), None if split.weights is None else split.weights.double().numpy()
