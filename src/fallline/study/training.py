"""The training job: a ladder of learning rates on one table, the best of them scored beside baselines."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fallline.catalogue.registry import contract_of
from fallline.core.errors import ArgumentError, EngineError, Interrupted
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.data.prepare import Prepared, prepare
from fallline.data.table import Table, read
from fallline.engines.chooser import choose
from fallline.engines.protocol import Engine, Epoch, Trained
from fallline.engines.threads import threads
from fallline.study.baselines import baselines
from fallline.study.events import JobObserver, Stage
from fallline.study.folder import reserved
from fallline.study.job import Job
from fallline.study.metrics import Scorer
from fallline.study.plan import plan, tasks_of
from fallline.study.record import Study
from fallline.study.results import VALIDATION_LOSS, Results
from fallline.study.writing import Finished, write

__all__ = ["train"]


def train(job: Job, observer: JobObserver) -> Study:
    """Train a ladder of learning rates, choose the best by validation, score it once on the test rows.

    Raises:
        FalllineError: Something that was asked for is wrong; nothing was written.
        Interrupted: Ctrl-C; what was reached is kept as a study.
    """
    began = time.perf_counter()
    engine = choose(job.engine)
    observer(Stage("reading", f"reading {job.source if isinstance(job.source, str | Path) else 'the table'}"))
    table = read(job.source, header=job.header, delimiter=job.delimiter)
    test = None if job.test is None else _test_table(job, table)
    prepared = _prepared(job, table, test)
    data = prepared.dataset
    population = plan(job.recipe, target=data.target, rows=len(data.train))
    _require_engine(engine, population, data)
    scorer = Scorer(data.target, quantile=_quantile(population[0]))
    metric = VALIDATION_LOSS if job.metric is None else _metric(job.metric, scorer, population[0])
    with reserved(job.out, name=table.name) as draft, threads(job.threads):
        observer(Stage("baselines", "fitting what a network has to beat"))
        rivals = baselines(data, scorer)
        observer(Stage("training", f"training {len(population)} runs", population))
        trained, interrupted = _trained(engine, population, data, observer)
        results = Results(
            population=population, trained=trained, data=data, engine=engine, scorer=scorer, metric=metric
        )
        finished = Finished(
            job=job,
            table=table,
            test=test,
            prepared=prepared,
            results=results,
            baselines=rivals,
            engine=engine.serving(population, data),
            interrupted=interrupted,
        )
        with _held_back() as interrupts:
            observer(Stage("writing", f"writing {draft.path}"))
            write(finished, draft, seconds=lambda: time.perf_counter() - began)
    if interrupted or interrupts:
        raise Interrupted(draft.path)
    return Study(draft.path)


def _prepared(job: Job, table: Table, test: Table | None) -> Prepared:
    columns = job.columns
    return prepare(
        table,
        target=job.target,
        task=job.task,
        allowed=tasks_of(job.recipe.get("loss")),
        weight=job.weight,
        split_seed=job.split_seed,
        split_by=job.split_by,
        test=test,
        drop=columns.drop,
        only=columns.only,
        categorical=columns.categorical,
        numeric=columns.numeric,
        ordered=columns.ordered,
    )


def _test_table(job: Job, table: Table) -> Table:
    """The test rows, read as the others were: what was text there stays text here."""
    return read(job.test, text=table.text_columns, header=job.header, delimiter=job.delimiter)


def _metric(name: str, scorer: Scorer, recipe: Recipe) -> str:
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


def _quantile(recipe: Recipe) -> float | None:
    """The quantile that a recipe predicts, where its loss ranks by it."""
    if contract_of(recipe).ranking != "pinball":
        return None
    return float(recipe.loss_options["quantile"])  # pyright: ignore[reportArgumentType]  # its card says so


def _require_engine(engine: Engine, population: Population, data: Dataset) -> None:
    """Refuse what the engine that was asked for cannot train, before anything is fitted."""
    for recipe in population:
        if reason := engine.refuses(recipe, data):
            raise EngineError(f"training on engine {engine.name}", reason, do="--engine auto, or loop")


@contextmanager
def _held_back() -> Iterator[list[int]]:
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


def _trained(
    engine: Engine, population: Population, data: Dataset, observer: JobObserver
) -> tuple[tuple[Trained, ...], bool]:
    """Every run as far as it got, and whether Ctrl-C ended the training."""
    training = engine.start(population, data)
    try:
        training.advance(Epoch(max(recipe.epochs for recipe in population)), observer)
    except KeyboardInterrupt:
        runs = training.trained()
        if not any(run.best_epoch for run in runs):
            raise  # before the first epoch there is nothing to keep
        return tuple(_interrupted(run) for run in runs), True
    return training.trained(), False


def _interrupted(run: Trained) -> Trained:
    return run if run.outcome.ended else replace(run, outcome=Outcome.interrupted)
