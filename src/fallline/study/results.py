"""A job's runs, trained as far as they got: predicted, scored, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from fallline.catalogue.readout import Prediction, read_outputs
from fallline.core.population import Population
from fallline.data.dataset import Dataset, Split
from fallline.engines.loop import network_of
from fallline.engines.protocol import Engine, Trained
from fallline.study.metrics import HIGHER_IS_BETTER, Guess, Scorer, Scores

__all__ = ["VALIDATION_LOSS", "Results"]

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
    """

    population: Population
    trained: Sequence[Trained]
    data: Dataset
    engine: Engine
    scorer: Scorer
    metric: str = VALIDATION_LOSS

    @cached_property
    def validation(self) -> list[Scores]:
        """Each run's scores on the validation rows."""
        return [self._score(run, self.data.validation) for run in range(len(self.population))]

    @cached_property
    def ranking(self) -> list[int]:
        """The runs that have a finite validation loss, best first.

        Of runs with equal scores, or without one, the lower loss comes first, then the lower number.
        """
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
        return {} if self.best is None else self._score(self.best, self.data.test)

    def predict(self, run: int, split: Split) -> Prediction:
        """What a run predicts for the rows of a split."""
        recipe = self.population[run]
        point = {name: value.unsqueeze(0) for name, value in self.trained[run].parameters.items()}
        inputs = split.inputs.to(getattr(torch, recipe.dtype))
        outputs = self.engine.outputs(network_of(recipe, self.data), point, inputs)[0]
        return read_outputs(recipe, self.data.target, outputs)

    def _score(self, run: int, split: Split) -> Scores:
        prediction = self.predict(run, split)
        scores = None if prediction.score is None else prediction.score.numpy()
        weights = None if split.weights is None else split.weights.double().numpy()
        guess = Guess(prediction.value.numpy(), scores, prediction.probability)
        return self.scorer.score(split.targets.numpy(), guess, weights=weights)
