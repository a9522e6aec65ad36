"""A job's runs, trained as far as they got: predicted, scored, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from fallline.catalogue.readout import Prediction
from fallline.core.population import Population
from fallline.data.dataset import Dataset, Split
from fallline.engines.protocol import Engine, Trained
from fallline.study.metrics import HIGHER_IS_BETTER, Guess, Scorer, Scores
from fallline.study.readings import guess_of, predictions
from fallline.study.rescoring import scored

__all__ = ["VALIDATION_LOSS", "Results", "arrays"]

VALIDATION_LOSS = "validation_loss"
"""What the best run is chosen by unless a metric is named."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """A population's trained runs, and what follows from them.

    Args:
        population: What was trained.
        trained: How far each run got.
        data: What it was trained on.
        engine: What evaluates it.
        scorer: What scores them.
        metric: What runs are ranked by on the validation rows: `VALIDATION_LOSS`, or a metric's name.
        order: The runs that may be chosen, best first, where more than their own score decides; None: `metric` does.
    """

    population: Population
    trained: Sequence[Trained]
    data: Dataset
    engine: Engine
    scorer: Scorer
    metric: str = VALIDATION_LOSS
    order: tuple[int, ...] | None = None

    @cached_property
    def guesses(self) -> dict[int, Guess]:
        """What each run predicts for the validation rows."""
        found = predictions(
            range(len(self.population)),
            self.data.validation,
            population=self.population,
            trained=self.trained,
            data=self.data,
            engine=self.engine,
        )
        return {run: guess_of(prediction) for run, prediction in found}

    @cached_property
    def validation(self) -> list[Scores]:
        """Each run's scores on the validation rows."""
        truth, weights = arrays(self.data.validation)
        return [scored(self.scorer, truth, self.guesses[run], weights=weights) for run in range(len(self.population))]

    def ordered(self, runs: Sequence[int]) -> Results:
        """The same, with ``runs`` as the ranking; what was predicted is kept."""
        results = replace(self, order=tuple(runs))
        results.__dict__.update(guesses=self.guesses, validation=self.validation)
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
        scores = {run: self.validation[run][self.metric] for run in losses}
        keys = {run: float("inf") if score is None else sign * score for run, score in scores.items()}
        return sorted(losses, key=lambda run: (keys[run], losses[run]))

    @property
    def best(self) -> int | None:
        """The chosen run; None where no run has had a finite validation loss."""
        return self.ranking[0] if self.ranking else None

    @cached_property
    def test(self) -> Scores:
        """The chosen run's scores on the test rows: the only time that they are looked at."""
        if self.best is None:
            return {}
        truth, weights = arrays(self.data.test)
        return self.scorer.score(truth, guess_of(self.predict(self.best, self.data.test)), weights=weights)

    def predict(self, run: int, split: Split) -> Prediction:
        """What a run predicts for the rows of a split."""
        found = predictions(
            [run], split, population=self.population, trained=self.trained, data=self.data, engine=self.engine
        )
        return next(prediction for _, prediction in found)


def arrays(split: Split) -> tuple[np.ndarray, np.ndarray | None]:
    """The truth and the rows' weights, if any, as metrics take them."""
    return split.targets.numpy(), None if split.weights is None else split.weights.double().numpy()
