"""Run: one recipe trained, as a study holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

from torch import nn

from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe

__all__ = ["Run"]


@final
@dataclass(frozen=True)
class Run:
    """One recipe trained.

    Args:
        number: Its number in the study.
        recipe: What was trained.
        outcome: How it ended.
        epochs: Complete epochs.
        epoch: The epoch whose parameters were kept: that of the lowest validation loss, or, where accuracy or balanced
            accuracy ranks and is higher there, the last one; 0 where no epoch has had a finite loss.
        validation_loss: The lowest.
        build: Builds `model`.
    """

    number: int
    recipe: Recipe
    outcome: Outcome
    epochs: int
    epoch: int
    validation_loss: float | None
    build: Callable[[], nn.Module] = field(repr=False, compare=False)

    @cached_property
    def model(self) -> nn.Module:
        """The trained module, in evaluation mode.

        It takes encoded inputs ``(row, feature)`` and returns what the loss takes; `Study.predict` takes raw rows and
        returns predictions in the target's unit. Of the chosen runs of several folds it is a
        `fallline.catalogue.averaging.MeanModel`.

        Raises:
            StudyError: Its network is not to be had: a function that is not known here, or no longer the one that was
                trained.
        """
        return self.build()
