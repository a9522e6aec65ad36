"""Progress in the terminal: how far the runs are, the best loss so far, the time left."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from fallline.core.population import Population
from fallline.render.number import short
from fallline.study.events import Event, Stage
from fallline.study.events import Progress as RunProgress

__all__ = ["ProgressBar"]


class ProgressBar:
    """An observer that draws a bar; silent where ``console`` is no terminal."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[best]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._population: Population | None = None
        self._best: tuple[float, int] | None = None

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Be told of a new stage, or of a run's progress."""
        if isinstance(event, Stage):
            self._begin(event)
        else:
            self._move(event)

    def _begin(self, stage: Stage) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._population = stage.population
        total = sum(recipe.epochs for recipe in stage.population) if stage.population else None
        self._task = self._bar.add_task(stage.text, total=total, best="")

    def _move(self, progress: RunProgress) -> None:
        if self._population is None or self._task is None:
            return
        recipe, loss = self._population[progress.run], progress.validation_loss
        if loss is not None and (self._best is None or loss < self._best[0]):
            self._best = (loss, progress.run)
        best = ""
        if self._best:
            rate = self._population[self._best[1]].learning_rate
            best = f"lowest validation loss {short(self._best[0])} at rate {short(rate)}"
        # A run that ends early has no epochs left to wait for; one that diverged inside an epoch never ended it.
        inside = progress.validation_loss is None
        done = recipe.epochs - progress.epoch + (0 if inside else 1) if progress.outcome.ended else 1
        self._bar.update(self._task, advance=done, best=best)
