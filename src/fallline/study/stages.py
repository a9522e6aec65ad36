"""The stages that all jobs go through: reading, making ready, checking what was asked for, writing undisturbed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from fallline.catalogue.registry import contract_of
from fallline.core.errors import ArgumentError, EngineError
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.data.prepare import Prepared, prepare
from fallline.data.table import Table, read
from fallline.engines.protocol import Engine, Trained
from fallline.study.job import Job
from fallline.study.metrics import Scorer
from fallline.study.plan import tasks_of

__all__ = [
    "held_back",
    "interrupted",
    "metric_named",
    "prepared_of",
    "quantile_of",
    "require_engine",
    "test_table",
]


def prepared_of(
    job: Job, table: Table, test: Table | None, losses: Sequence[str] = (), *, folds: int | None = None
) -> Prepared:
    """The table made ready for a job; ``losses``, if named, narrow what its task can be."""
    allowed = [tasks for loss in losses if (tasks := tasks_of(loss)) is not None]
    columns = job.columns
    return prepare(
        table,
        target=job.target,
        task=job.task,
        allowed=tuple(dict.fromkeys(task for tasks in allowed for task in tasks)) or None,
        weight=job.weight,
        split_seed=job.split_seed,
        split_by=job.split_by,
        folds=folds,
        test=test,
        drop=columns.drop,
        only=columns.only,
        categorical=columns.categorical,
        numeric=columns.numeric,
        ordered=columns.ordered,
    )


def test_table(job: Job, table: Table) -> Table:
    """The test rows, read as the others were: what was text there stays text here."""
    return read(job.test, text=table.text_columns, header=job.header, delimiter=job.delimiter)


def metric_named(name: str, scorer: Scorer, recipe: Recipe) -> str:
    """The metric to choose by, if the loss's predictions have it."""
    if scorer.named(name) == "log_loss" and not contract_of(recipe).probability:
        raise ArgumentError(
            f"choosing the metric for {recipe.loss}",
            "log_loss needs probabilities, and this loss gives none",
            expected="one of " + ", ".join(other for other in scorer.names if other != name),
            got=f"metric = {name}",
            do=f"--metric {scorer.ranking}, or leave --metric out",
        )
    return name


def quantile_of(recipe: Recipe) -> float | None:
    """The quantile that a recipe predicts, where its loss ranks by it."""
    if contract_of(recipe).ranking != "pinball":
        return None
    return float(recipe.loss_options["quantile"])  # pyright: ignore[reportArgumentType]  # its card says so


def require_engine(engine: Engine, population: Population, data: Dataset) -> None:
    """Refuse what the engine that was asked for cannot train, before anything is fitted."""
    for recipe in population:
        if reason := engine.refuses(recipe, data):
            raise EngineError(f"training on engine {engine.name}", reason, do="--engine auto, or loop")


@contextmanager
def held_back() -> Iterator[list[int]]:
    """Let Ctrl-C wait while what was trained is written: those that came are in the list."""
    interrupts: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # only that one is interrupted, or may say so
        yield interrupts
        return
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted(run: Trained) -> Trained:
    """The run, if it was under way, as one that was interrupted."""
    return run if run.outcome.ended else replace(run, outcome=Outcome.interrupted)
