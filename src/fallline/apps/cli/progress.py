"""Progress in the terminal: how far the runs are, the best loss so far, the time left."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from fallline.core.population import Population
from fallline.render.number import short
from fallline.study.events import Event, Planned, Stage
from fallline.study.events import Progress as RunProgress

__all__ = ["ProgressBar"]


_REDRAWN = 0.1
"""Seconds between two drawings: a thousand runs tell more than can be drawn."""


class ProgressBar:
    """An observer that draws a bar; silent where ``console`` is no terminal."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._quiet = quiet
        self.said: tuple[str, ...] = ()
        """The plan's notes, once they have been printed."""
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
        self._one_loss = True
        self._done, self._steps = 0.0, 0
        self._costs: tuple[float, ...] = ()
        self._run_steps: dict[int, int] = {}
        self._began = self._drawn = 0.0
        self._total: float | None = None

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
        elif isinstance(event, Planned):
            self._say(event)
        else:
            self._move(event)

    def _say(self, plan: Planned) -> None:
        """The plan, before it is begun."""
        if self._quiet:
            return
        width = max(len(name) for name, _ in plan.lines)
        for name, text in plan.lines:
            self._bar.console.print(f"{name:<{width}}  {text}", markup=False, soft_wrap=True)
        self.said = plan.notes
        for note in plan.notes:
            self._bar.console.print(f"· {note}", markup=False, soft_wrap=True, style="dim")

    def _begin(self, stage: Stage) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._population = stage.population
        self._costs = stage.costs or (1.0,) * len(stage.population or ())
        epochs = [recipe.epochs for recipe in stage.population or ()]
        total = stage.share * sum(cost * many for cost, many in zip(self._costs, epochs, strict=True)) or None
        self._task = self._bar.add_task(stage.text, total=total, best="")
        self._began, self._drawn, self._total = time.monotonic(), 0.0, total
        self._one_loss = len({recipe.loss for recipe in stage.population or ()}) == 1

    def _move(self, progress: RunProgress) -> None:
        if self._population is None or self._task is None or self._bar.disable:
            return
        recipe, loss = self._population[progress.run], progress.validation_loss
        if loss is not None and (self._best is None or loss < self._best[0]):
            self._best = (loss, progress.run)
        # A run that ends early has no epochs left to wait for; one that diverged inside an epoch never ended it.
        inside = progress.validation_loss is None
        epochs = recipe.epochs - progress.epoch + (0 if inside else 1) if progress.outcome.ended else 1
        self._done += epochs * self._costs[progress.run]  # small networks get further sooner: their epochs count less
        self._steps += progress.steps - self._run_steps.get(progress.run, 0)
        self._run_steps[progress.run] = progress.steps
        if self._done >= (self._total or 0) or time.monotonic() - self._drawn >= _REDRAWN:
            self._draw()

    def _draw(self) -> None:
        """What has been told since it was last drawn."""
        assert self._population is not None
        assert self._task is not None
        self._drawn = time.monotonic()
        said = [f"{short(self._steps / max(self._drawn - self._began, 1e-9), 3)} steps/s"]
        if self._best and self._one_loss:
            recipe = self._population[self._best[1]]
            said.append(f"lowest validation loss {short(self._best[0])} at rate {short(recipe.learning_rate)}")
        self._bar.update(self._task, completed=min(self._done, self._total or 0), best=", ".join(reversed(said)))
