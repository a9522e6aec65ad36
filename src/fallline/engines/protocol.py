"""Engine and Training: what every engine offers, and the plain data that crosses its border."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from fallline.catalogue.criteria import Criterion
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset

__all__ = [
    "Engine",
    "Epoch",
    "Network",
    "Observer",
    "Progress",
    "Rows",
    "Share",
    "Step",
    "Trained",
    "Training",
    "Until",
]


@dataclass(frozen=True)
class Epoch:
    """Train every run until it has ended or this many of its epochs are complete."""

    number: int


@dataclass(frozen=True)
class Step:
    """Train every run until it has ended or has taken this many optimizer steps."""

    number: int


Until = Epoch | Step


class Progress(NamedTuple):
    """What an observer is told each time a run completes an epoch or ends.

    Args:
        run: Which run of the population.
        epoch: Its complete epochs.
        steps: Its optimizer steps.
        training_loss: Of this epoch; None where the run diverged within it.
        validation_loss: At this epoch's end; None where the run diverged within it.
        outcome: ``running``, or how the run ended.
    """

    run: int
    epoch: int
    steps: int
    training_loss: float | None
    validation_loss: float | None
    outcome: Outcome


Observer = Callable[[Progress], None]


@dataclass(frozen=True)
class Rows:
    """Rows as a loss takes them: inputs ``(row, feature)``, encoded targets, weights ``(row,)`` or None."""

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Share:
    """What one engine trains of a population.

    Args:
        engine: Its name.
        runs: How many runs.
        programs: In how many programs: of `native` its blocks, of `loop` one a run.
        places: How many runs these could hold in the same time.
    """

    engine: str
    runs: int
    programs: int
    places: int


@dataclass(frozen=True)
class Trained:
    """One run, trained as far as it got.

    Args:
        parameters: By name in the module, those of the epoch with the lowest validation loss (the current
            ones where no epoch has had a finite one).
        training_losses: One per complete epoch: the mean of its batch losses before each update.
        validation_losses: One per complete epoch, at its end; the last may be infinite or not a number.
        learning_rates: One per complete epoch: that of its last step.
        outcome: How it ended, or ``running``.
        steps: Optimizer steps taken; of a diverged run, those before the loss was first not finite.
        best_epoch: The epoch of ``parameters``, from 1; 0 where no epoch has had a finite validation loss.
        best_loss: Its validation loss; None where there is none.
    """

    parameters: dict[str, Tensor]
    training_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    learning_rates: tuple[float, ...]
    outcome: Outcome
    steps: int
    best_epoch: int
    best_loss: float | None


class Network(Protocol):
    """A description of a network that can build its module."""

    def build(self) -> nn.Module:
        """The module, with fresh parameters."""
        ...


class Engine(Protocol):
    """Something that trains and evaluates populations."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def refuses(self, recipe: Recipe, data: Dataset) -> str | None:
        """Why this engine cannot train ``recipe``, a sentence; None where it can."""
        ...

    def worthwhile(self, recipe: Recipe, data: Dataset, *, runs: int) -> bool:
        """Whether ``runs`` runs, alike but for numbers, that it does not refuse are faster on it than on the loop."""
        ...

    def serving(self, population: Population, data: Dataset) -> str:
        """The name of what trains ``population``; of several engines, their names joined by " + "."""
        ...

    def shares(self, population: Population, data: Dataset) -> tuple[Share, ...]:
        """What trains ``population``, of several engines how much each."""
        ...

    def start(self, population: Population, data: Dataset, state: Mapping[str, Tensor] | None = None) -> Training:
        """Begin to train a population, or go on bit for bit from what `Training.state` gave."""
        ...

    def evaluates(self, network: Network) -> bool:
        """Whether `outputs` and `evaluate` take ``network``."""
        ...

    def outputs(self, network: Network, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """What the network returns for many parameter vectors.

        Args:
            network: The network.
            parameters: By name, each ``(point, *shape)``.
            inputs: ``(row, feature)``.

        Returns:
            ``(point, row, unit)``.
        """
        ...

    def evaluate(self, network: Network, parameters: Mapping[str, Tensor], data: Rows, loss: Criterion) -> Tensor:
        """The loss over ``data`` for many parameter vectors (as in `outputs`): float64 ``(point,)``."""
        ...


class Training(Protocol):
    """A population's training under way."""

    def reached(self, until: Until) -> int | None:
        """How far the runs have got that are furthest from ``until``, in epochs or steps as it counts.

        None where every run has ended or got there.
        """
        ...

    def advance(self, until: Until, observer: Observer | None = None) -> None:
        """Train on: to an epoch or a step, so that training can be paused, watched and single-stepped."""
        ...

    def drop(self, runs: Collection[int]) -> None:
        """End ``runs`` where they are; their outcome becomes ``halved``."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Everything needed to go on bit for bit."""
        ...

    def trained(self) -> tuple[Trained, ...]:
        """Every run as far as it got, in the population's order."""
        ...

    def latest(self) -> tuple[dict[str, Tensor] | None, ...]:
        """Every run's parameters at the end of its last epoch, whatever its loss there, if that is finite.

        None of a run that is, or has ended, within an epoch.
        """
        ...
