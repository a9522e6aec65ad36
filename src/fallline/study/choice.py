"""Which of the trained runs is chosen, and what it predicts for the test rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from fallline.catalogue.averaging import mean_outputs
from fallline.catalogue.readout import Prediction, read_outputs
from fallline.catalogue.registry import contract_of
from fallline.study.metrics import HIGHER_IS_BETTER, Scores
from fallline.study.readings import guess_of, outputs
from fallline.study.results import Results, arrays

__all__ = ["VALIDATION_LOSS", "Choice"]

VALIDATION_LOSS = "validation_loss"
"""What the best run is chosen by unless a metric is named."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The runs in their order, the best first.

    Args:
        results: What came out of them.
        metric: What they are ranked by on the validation rows: `VALIDATION_LOSS`, or a metric's name.
        order: The runs that may be chosen, best first, where more than their own score decides; None: `metric` does.
    """

    results: Results
    metric: str = VALIDATION_LOSS
    order: tuple[int, ...] | None = None

    @cached_property
    def ranking(self) -> list[int]:
        """The runs that have a finite validation loss, best first.

        Of runs with equal scores, or without one, the lower loss comes first, then the lower number.
        """
        if self.order is not None:
            return list(self.order)
        trained = self.results.trained
        losses = {number: run.best_loss for number, run in enumerate(trained) if run.best_loss is not None}
        if self.metric == VALIDATION_LOSS:
            return sorted(losses, key=lambda run: losses[run])
        sign = -1 if self.metric in HIGHER_IS_BETTER else 1
        scores = {run: self.results.score(run, self.metric) for run in losses}
        keys = {run: float("inf") if score is None else sign * score for run, score in scores.items()}
        return sorted(losses, key=lambda run: (keys[run], losses[run]))

    @property
    def best(self) -> int | None:
        """The chosen run, the first of several folds'; None where no run has had a finite validation loss."""
        return self.ranking[0] if self.ranking else None

    @property
    def chosen(self) -> tuple[int, ...]:
        """The chosen run, or the chosen runs, one on each fold; empty where there is none."""
        return () if self.best is None else tuple(range(self.best, self.best + len(self.results.held_out)))

    @cached_property
    def answer(self) -> Prediction | None:
        """What the chosen run predicts for the test rows, or the mean of what the chosen runs predict."""
        if self.best is None:
            return None
        results = self.results
        recipe, split = results.population[self.best], results.data.test
        found = outputs(
            self.chosen,
            split,
            population=results.population,
            parameters={run: results.models[run].parameters for run in self.chosen},
            data=results.data,
            engine=results.engine,
        )
        returned = torch.cat([each for _, each in found])
        one = returned[0] if len(returned) == 1 else mean_outputs(contract_of(recipe), returned)
        return read_outputs(recipe, results.data.target, one)

    @cached_property
    def test(self) -> Scores:
        """The chosen run's scores on the test rows: the only time that they are looked at."""
        if self.answer is None:
            return {}
        truth, weights = arrays(self.results.data.test)
        return self.results.scorer.score(truth, guess_of(self.answer), weights=weights)
