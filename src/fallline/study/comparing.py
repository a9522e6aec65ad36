"""The comparison: a space of recipes and seeds trained at once, ranked, and the best of them scored once."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral

from fallline.core.errors import ArgumentError, Interrupted
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.data.prepare import Prepared
from fallline.data.table import Table, read
from fallline.engines.chooser import choose
from fallline.engines.protocol import Engine, Epoch, Trained, Training
from fallline.engines.threads import threads
from fallline.study.baselines import baselines
from fallline.study.compared import Compared
from fallline.study.events import JobObserver, Planned, Stage
from fallline.study.folder import reserved
from fallline.study.halving import rungs, weaker
from fallline.study.job import Job
from fallline.study.metrics import Scorer
from fallline.study.outline import Outline, outlined
from fallline.study.ranking import Place, best_run, grouped, ranked, tolerances
from fallline.study.record import Study
from fallline.study.results import Results
from fallline.study.space import Candidates, Space
from fallline.study.stages import (
    held_back,
    interrupted,
    metric_named,
    prepared_of,
    quantile_of,
    require_engine,
    test_table,
)
from fallline.study.writing import Finished, write

__all__ = ["Contest", "compare"]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What a comparison was asked for.

    Args:
        job: The table, and what is to be done with it; its ``recipe`` is empty.
        space: The recipes.
        seeds: The seeds of each, from 0 … 2³² - 1.
        sample: Draw so many recipes of the space; None: all.
        halving: Whether the weaker recipes are dropped on the way.
        budget: Seconds of training; None: as long as it takes.
        default: Whether nothing was said of the space, so that it may be cut to what can be waited for.

    Raises:
        ArgumentError: One of them is out of its range.
    """

    job: Job
    space: Space
    seeds: tuple[int, ...]
    sample: int | None = None
    halving: bool = False
    budget: float | None = None
    default: bool = False

    def __post_init__(self) -> None:
        whole = all(isinstance(seed, Integral) and 0 <= int(seed) < 2**32 for seed in self.seeds)
        if not self.seeds or not whole or len(set(self.seeds)) < len(self.seeds):
            raise _argument_error("seeds", self.seeds, "a number of seeds, 1 or more, or different seeds", "--seeds 4")
        if self.sample is not None and not (isinstance(self.sample, Integral) and self.sample >= 1):
            raise _argument_error("sample", self.sample, "1 or more recipes", "--sample 2000")
        if self.budget is not None and not self.budget > 0:
            raise _argument_error("budget", self.budget, "more than 0 seconds", "--budget 60s")


class _Clock:
    """Seconds of each part of a job."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What is done within counts to ``name``."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began


def compare(contest: Contest, observer: JobObserver) -> Study:
    """Train all recipes with all seeds, rank them on the validation rows, score the chosen run on the test rows.

    Raises:
        FalllineError: Something that was asked for is wrong; nothing was written.
        Interrupted: Ctrl-C; what was reached is ranked and kept as a study.
    """
    clock, job = _Clock(), contest.job
    engine = choose(job.engine)
    with threads(job.threads):
        with clock.part("reading"):
            observer(Stage("reading", f"reading {job.source if isinstance(job.source, str) else 'the table'}"))
            table = read(job.source, header=job.header, delimiter=job.delimiter)
            test = None if job.test is None else test_table(job, table)
            prepared = prepared_of(job, table, test, contest.space.losses)
        with clock.part("planning"):
            observer(Stage("planning", "planning the comparison"))
            candidates = _candidates(contest, prepared.dataset, engine)
            judge = _judge(job, candidates.recipes, prepared.dataset)
            outline = _outlined(contest, candidates, prepared.dataset, engine)
            observer(Planned(outline.lines, outline.notes))
        return _carried_out(contest, outline, engine, judge, observer, clock, read_in=(table, test, prepared))


def _carried_out(
    contest: Contest,
    outline: Outline,
    engine: Engine,
    judge: tuple[Scorer, str],
    observer: JobObserver,
    clock: _Clock,
    *,
    read_in: tuple[Table, Table | None, Prepared],
) -> Study:
    table, test, prepared = read_in
    population, data, job = outline.population, prepared.dataset, contest.job
    scorer, metric = judge
    with reserved(job.out, name=table.name) as draft:
        with clock.part("baselines"):
            observer(Stage("baselines", "fitting what a network has to beat"))
            rivals = baselines(data, scorer)
        observer(Stage("training", f"training {len(population):,} runs", population))
        trained, stopped = _trained(contest, outline, data, engine, scorer, metric, observer, clock)
        with clock.part("ranking"):
            observer(Stage("ranking", f"ranking {len(population) // len(contest.seeds):,} recipes"))
            parts = {"population": population, "trained": trained, "data": data, "engine": engine, "scorer": scorer}
            results = Results(**parts, metric=metric)
            places = ranked(results, grouped(tuple(population), len(contest.seeds)), metric)
            results = results.ordered(_order(results, places, metric))
        finished = Finished(
            job=job,
            table=table,
            test=test,
            prepared=prepared,
            results=results,
            baselines=rivals,
            engine=" + ".join(share.engine for share in outline.shares),
            interrupted=stopped,
            notes=outline.notes,
            compared=Compared(
                places=places,
                metric=metric,
                seeds=len(contest.seeds),
                tolerances=tolerances(places),
                engines={share.engine: share.runs for share in outline.shares},
                plan=outline.lines,
                steps=sum(run.steps for run in trained),
                timings=clock.seconds,
            ),
        )
        with held_back() as interrupts, clock.part("writing"):
            observer(Stage("writing", f"writing {draft.path}"))
            write(finished, draft, seconds=lambda: time.perf_counter() - clock.began)
    if stopped or interrupts:
        raise Interrupted(draft.path)
    return Study(draft.path)


def _order(results: Results, places: Sequence[Place], metric: str) -> list[int]:
    """The runs, best first: each recipe's best seed, then the other seeds."""
    best = [run for place in places if (run := best_run(results, place, metric)) is not None]
    ended = [run for place in places for run in place.group.runs if results.trained[run].best_loss is not None]
    return list(dict.fromkeys((*best, *ended)))


def _candidates(contest: Contest, data: Dataset, engine: Engine) -> Candidates:
    """The recipes of the space, if the engine can train them all."""
    found = contest.space.candidates(data.target, rows=len(data.train), sample=contest.sample)
    require_engine(engine, Population(found.recipes), data)
    return found


def _judge(job: Job, recipes: Sequence[Recipe], data: Dataset) -> tuple[Scorer, str]:
    """The metrics, and which of them ranks."""
    scorer = Scorer(data.target, quantile=_one_quantile(recipes))
    return scorer, scorer.ranking if job.metric is None else _metric(job.metric, scorer, recipes)


def _outlined(contest: Contest, candidates: Candidates, data: Dataset, engine: Engine) -> Outline:
    return outlined(
        candidates,
        contest.seeds,
        data,
        engine,
        halving=contest.halving,
        budget=contest.budget,
        default=contest.default,
    )


def _trained(
    contest: Contest,
    outline: Outline,
    data: Dataset,
    engine: Engine,
    scorer: Scorer,
    metric: str,
    observer: JobObserver,
    clock: _Clock,
) -> tuple[tuple[Trained, ...], bool]:
    """Every run as far as it got, and whether Ctrl-C ended the training."""
    population = outline.population
    with clock.part("setting up"):
        training = engine.start(population, data)
    last = max(recipe.epochs for recipe in population)
    try:
        for epoch in rungs(last) if contest.halving else ():
            with clock.part("training"):
                training.advance(Epoch(epoch), observer)
            with clock.part("halving"):
                _drop_weaker(training, population, len(contest.seeds), data, engine, scorer, metric)
        with clock.part("training"):
            training.advance(Epoch(last), observer)
    except KeyboardInterrupt:
        runs = training.trained()
        if not any(run.best_epoch for run in runs):
            raise  # before the first epoch there is nothing to keep
        return tuple(interrupted(run) for run in runs), True
    with clock.part("reading out"):
        return training.trained(), False


def _drop_weaker(
    training: Training,
    population: Population,
    seeds: int,
    data: Dataset,
    engine: Engine,
    scorer: Scorer,
    metric: str,
) -> None:
    results = Results(
        population=population, trained=training.trained(), data=data, engine=engine, scorer=scorer, metric=metric
    )
    places = ranked(results, grouped(tuple(population), seeds), metric, compared=0)
    training.drop([run for place in weaker(places, results) for run in place.group.runs])


def _one_quantile(recipes: Sequence[Recipe]) -> float | None:
    """The quantile that all recipes predict, where their loss ranks by it."""
    quantiles = {quantile_of(recipe) for recipe in recipes}
    if len(quantiles) > 1:
        named = ", ".join("the mean or median" if each is None else f"quantile {each:g}" for each in quantiles)
        raise ArgumentError(
            "building the space",
            "its losses estimate different things, so no metric ranks them all",
            expected="losses that estimate the same",
            got=named,
            do="--loss quantile --quantile 0.9 in a comparison of its own",
        )
    return quantiles.pop()


def _metric(name: str, scorer: Scorer, recipes: Sequence[Recipe]) -> str:
    """The metric, if every recipe's predictions have it."""
    for recipe in {recipe.loss: recipe for recipe in recipes}.values():
        metric_named(name, scorer, recipe)
    return scorer.named(name)


def _argument_error(name: str, value: object, expected: str, do: str) -> ArgumentError:
    return ArgumentError(
        "setting up the comparison",
        f"{name} is out of its range",
        expected=expected,
        got=f"{name} = {value!r}",
        do=do,
    )
