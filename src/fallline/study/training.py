"""The training job: a ladder of learning rates on one table, the best of them scored beside baselines."""

from __future__ import annotations

import time
from pathlib import Path

from fallline.core.errors import Interrupted
from fallline.core.population import Population
from fallline.data.table import read
from fallline.engines.chooser import choose
from fallline.engines.protocol import Epoch, Trained, Training
from fallline.engines.threads import threads
from fallline.render.number import plural
from fallline.study.baselines import baselines
from fallline.study.checking import check_networks
from fallline.study.choice import VALIDATION_LOSS, Choice
from fallline.study.events import JobObserver, Stage
from fallline.study.folder import reserved
from fallline.study.job import Job
from fallline.study.metrics import DECISIONS, Scorer
from fallline.study.plan import plan
from fallline.study.record import Study
from fallline.study.results import Results
from fallline.study.stages import (
    held_back,
    interrupted,
    metric_named,
    prepared_of,
    quantile_of,
    require_engine,
    test_table,
)
from fallline.study.standin import lacks, said_of
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
    test = None if job.test is None else test_table(job, table)
    prepared = prepared_of(job, table, test, [job.recipe["loss"]] if "loss" in job.recipe else ())
    data = prepared.dataset
    population = plan(job.recipe, target=data.target, rows=len(data.train))
    require_engine(engine, population, data)
    scorer = Scorer(data.target, quantile=quantile_of(population[0]))
    metric = VALIDATION_LOSS if job.metric is None else metric_named(job.metric, scorer, population[0])
    with threads(job.threads):
        notes = check_networks(population, data, observer) if job.check else ()
    with reserved(job.out, name=table.name) as draft, threads(job.threads):
        observer(Stage("baselines", "fitting what a network has to beat"))
        rivals = baselines(data, scorer)
        observer(Stage("training", f"training {plural(len(population), 'run')}", population))
        training = engine.start(population, data)
        trained, stopped = _trained(training, population, observer)
        results = Results(
            population=population,
            trained=trained,
            data=data,
            engine=engine,
            scorer=scorer,
            metric=metric,
            latest=training.latest() if metric in DECISIONS else (),
        )
        used = VALIDATION_LOSS if lacks(results, metric) else metric
        finished = Finished(
            job=job,
            table=table,
            test=test,
            prepared=prepared,
            choice=Choice(results=results, metric=used),
            baselines=rivals,
            engine=engine.serving(population, data),
            interrupted=stopped,
            notes=(*notes, *said_of(results, metric, used)),
        )
        with held_back() as interrupts:
            observer(Stage("writing", f"writing {draft.path}"))
            write(finished, draft, seconds=lambda: time.perf_counter() - began)
    if stopped or interrupts:
        raise Interrupted(draft.path)
    return Study(draft.path)


def _trained(training: Training, population: Population, observer: JobObserver) -> tuple[tuple[Trained, ...], bool]:
    """Every run as far as it got, and whether Ctrl-C ended the training."""
    try:
        training.advance(Epoch(max(recipe.epochs for recipe in population)), observer)
    except KeyboardInterrupt:
        runs = training.trained()
        if not any(run.best_epoch for run in runs):
            raise  # before the first epoch there is nothing to keep
        return tuple(interrupted(run) for run in runs), True
    return training.trained(), False
