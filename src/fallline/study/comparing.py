"""The comparison: a space of recipes and seeds trained at once, ranked, and the best of them scored once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fallline.core.errors import Interrupted
from fallline.core.population import Population
from fallline.data.dataset import Dataset
from fallline.data.prepare import Prepared
from fallline.data.table import Table, read
from fallline.engines.chooser import choose
from fallline.engines.protocol import Engine
from fallline.engines.threads import threads
from fallline.render.number import plural
from fallline.study.baselines import baselines
from fallline.study.checking import check_networks
from fallline.study.choice import VALIDATION_LOSS, Choice
from fallline.study.clock import Clock
from fallline.study.compared import Compared
from fallline.study.contest import Contest
from fallline.study.events import JobObserver, Planned, Stage
from fallline.study.folder import reserved
from fallline.study.judging import Judge
from fallline.study.outline import Outline, outlined
from fallline.study.ranking import Place, counting, ranked, tolerances
from fallline.study.record import Study
from fallline.study.results import Results
from fallline.study.space import Candidates
from fallline.study.stages import held_back, prepared_of, require_engine, test_table
from fallline.study.standin import best_runs, by_loss, said_of, usable
from fallline.study.trials import Trials
from fallline.study.writing import Finished, write

__all__ = ["compare"]


@dataclass(frozen=True)
class _Rows:
    """What a comparison has read, and made ready."""

    table: Table
    test: Table | None
    prepared: Prepared


def compare(contest: Contest, observer: JobObserver) -> Study:
    """Train all recipes with all seeds, rank them on the validation rows, score the chosen run on the test rows.

    With folds each is trained on every one of them, and the mean of the chosen runs, one on each fold, is scored.

    Raises:
        FalllineError: Something that was asked for is wrong; nothing was written.
        Interrupted: Ctrl-C; what was reached is ranked and kept as a study.
    """
    clock, job = Clock(), contest.job
    engine = choose(job.engine)
    with threads(job.threads):
        with clock.part("reading"):
            observer(Stage("reading", f"reading {job.source if isinstance(job.source, str) else 'the table'}"))
            table = read(job.source, header=job.header, delimiter=job.delimiter)
            test = None if job.test is None else test_table(job, table)
            rows = _Rows(table, test, prepared_of(job, table, test, contest.space.losses, folds=contest.folds))
        with clock.part("planning"):
            observer(Stage("planning", "planning the comparison"))
            data = max(rows.prepared.folds or (rows.prepared.dataset,), key=lambda fold: len(fold.train))
            candidates = contest.space.candidates(data.target, rows=len(data.train), sample=contest.sample)
            require_engine(engine, Population(candidates.recipes), data)
            judge = Judge.of(candidates.recipes, data.target, metric=job.metric)
        doubts: tuple[str, ...] = ()
        if job.check and any(recipe.network for recipe in candidates.recipes):
            with clock.part("checking"):
                doubts = check_networks(candidates.recipes, data, observer)
        with clock.part("planning"):
            outline = _outlined(contest, candidates, data, engine)
            outline = replace(outline, notes=(*outline.notes, *doubts))
            observer(Planned(outline.lines, outline.notes))
        return _carried_out(contest, outline, engine, judge, observer, clock, rows)


def _carried_out(
    contest: Contest, outline: Outline, engine: Engine, judge: Judge, observer: JobObserver, clock: Clock, rows: _Rows
) -> Study:
    trials = Trials(
        population=outline.population,
        seeds=len(contest.seeds),
        data=rows.prepared.dataset,
        folds=rows.prepared.folds,
        engine=engine,
        judge=judge,
        halving=contest.halving,
    )
    with reserved(contest.job.out, name=rows.table.name) as draft:
        with clock.part("baselines"):
            observer(Stage("baselines", "fitting what a network has to beat"))
            rivals = baselines(trials.data, judge.scorer)
        runs = plural(len(trials.population), "run")
        observer(Stage("training", f"training {runs}", trials.population, outline.costs, outline.share))
        results, stopped = trials.carried_out(observer, clock)
        with clock.part("ranking"):
            observer(Stage("ranking", f"ranking {plural(len(trials.groups), 'recipe')}"))
            metric = usable(results, judge.metric)
            places = ranked(results, trials.groups, metric)
            places = by_loss(places) if metric == VALIDATION_LOSS else places
            order = _order(results, places, metric)
        finished = Finished(
            job=contest.job,
            table=rows.table,
            test=rows.test,
            prepared=rows.prepared,
            choice=Choice(results=results, metric=metric, order=order),
            baselines=rivals,
            engine=" + ".join(share.engine for share in outline.shares),
            interrupted=stopped,
            notes=(*outline.notes, *said_of(results, judge.metric, metric)),
            compared=_compared(outline, results, places, metric, clock),
        )
        with held_back() as interrupts, clock.part("writing"):
            observer(Stage("writing", f"writing {draft.path}"))
            write(finished, draft, seconds=clock.since)
    if stopped or interrupts:
        raise Interrupted(draft.path)
    return Study(draft.path)


def _outlined(contest: Contest, candidates: Candidates, data: Dataset, engine: Engine) -> Outline:
    return outlined(
        candidates,
        contest.seeds,
        data,
        engine,
        folds=contest.folds or 1,
        halving=contest.halving,
        budget=contest.budget,
        default=contest.default,
    )


def _order(results: Results, places: Sequence[Place], metric: str) -> tuple[int, ...]:
    """The runs, best first: each recipe's best seed, then the other seeds; of each seed all folds, or none."""
    best = [runs for place in places if (runs := best_runs(results, place, metric))]
    ended = [
        runs
        for place in places
        for runs in place.group.seeds
        if all(results.trained[run].best_loss is not None for run in runs)
    ]
    return tuple(run for runs in dict.fromkeys((*best, *ended)) for run in runs)


def _compared(
    outline: Outline,
    results: Results,
    places: tuple[Place, ...],
    metric: str,
    clock: Clock,
) -> Compared:
    return Compared(
        places=places,
        metric=metric,
        seeds=max(1, *(len(counting(results, place.group)) // len(results.held_out) for place in places)),
        tolerances=tolerances(places),
        engines={share.engine: share.runs for share in outline.shares},
        plan=outline.lines,
        steps=sum(run.steps for run in results.trained),
        timings=clock.seconds,
    )
