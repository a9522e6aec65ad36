"""How a search went, and Fallline's own: ``fl.compare`` under a clock."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import fallline as fl
from benchmarks._searched import ACTIVATIONS, OPTIMIZERS, RATES, WIDTHS, Question
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.engines.chooser import choose
from fallline.engines.protocol import Epoch
from fallline.study.events import Event, Progress, Stage
from fallline.study.metrics import DECISIONS
from fallline.study.results import Results

__all__ = ["GRID", "Log", "Search", "comparison", "rising"]

RUNGS = 16
AT_ONCE = 0.005
"""Epochs of a run that are told of within so many seconds are those of one round, which ended with the last."""
GRID = len(OPTIMIZERS) * len(WIDTHS) * len(ACTIVATIONS) * RUNGS


@dataclass(frozen=True)
class Log:
    """How a search went.

    Args:
        runs: That it trained, to their end or not.
        known: Its best scores so far: seconds since it was asked, and the score in the metric's own unit. A comparison
            ranks at its end, or when it is stopped: here when it would have answered, had it been stopped at once.
        seconds: Until it gave its answer, without being stopped.
    """

    runs: int
    known: tuple[tuple[float, float], ...]
    seconds: float


Search = Callable[[Question, int], Log]
"""Of a question and of how many recipes, at most, are to be tried."""


def rising(found: Iterable[tuple[float, float]], sign: int) -> tuple[tuple[float, float], ...]:
    """Of times and scores those that are better than all before; ``sign``: 1 where higher is better, else -1."""
    kept: list[tuple[float, float]] = []
    for seconds, score in sorted(found):
        if not kept or sign * score > sign * kept[-1][1]:
            kept.append((float(seconds), float(score)))
    return tuple(kept)


def comparison(question: Question, recipes: int, *, seeds: int = 4, halving: bool = False) -> Log:
    """``fl.compare``; the clock runs from the call, which reads the table, to the end of the ranking.

    Its baselines, which no peer fits, are taken off. Writing the study comes after the answer. The
    best score is that of the best of all runs, as the peers' is that of their best trial; what it was at each epoch is
    found out afterwards.
    """
    stages: dict[str, float] = {}
    reached: dict[tuple[int, int], float] = {}

    def observe(event: Event) -> None:
        if isinstance(event, Progress):
            reached[event.run, event.epoch] = time.perf_counter()
        elif isinstance(event, Stage):
            stages[event.name] = time.perf_counter()

    shared = question.recipe
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        study = fl.compare(
            question.path,
            question.target,
            drop=question.drop,
            split_seed=question.split_seed,
            seeds=seeds,
            sample=recipes if recipes < GRID else None,
            halving=halving,
            loss=shared.loss,
            batch_size=shared.batch_size,
            epochs=shared.epochs,
            patience=shared.patience,
            optimizer=list(OPTIMIZERS),
            learning_rate=fl.log_range(*RATES, RUNGS),
            widths=[list(widths) for widths in WIDTHS],
            activation=list(ACTIVATIONS),
            keep=1,
            out=f"{folder}/study",
            observer=observe,
        )
        frame, header = study.frame(), study.header
    assert header.best is not None
    assert header.comparison is not None
    baselines = stages["training"] - stages["baselines"]
    began += baselines
    timings = header.comparison.timings
    began -= timings["ranking"]  # of which a comparison that is stopped is in need
    pauses = {at for at in reached if reached.get((at[0], at[1] + 1), float("inf")) - reached[at] > AT_ONCE}
    scores = scores_by_epoch(question, [Recipe.from_json(text) for text in frame["recipe"]], frame["epochs"].to_list())
    known = ((reached[run, epoch] - began, score) for run, epoch, score in scores if (run, epoch) in pauses)
    return Log(
        runs=header.runs,
        known=rising(known, question.sign),
        seconds=stages["writing"] - began - timings["ranking"],
    )


def scores_by_epoch(
    question: Question, recipes: Sequence[Recipe], epochs: Sequence[int]
) -> Iterator[tuple[int, int, float]]:
    """Run, epoch and score: of a comparison that is stopped there, which a second training tells, as both are the same.

    Args:
        question: The table.
        recipes: The runs.
        epochs: How many of its epochs each was trained for.
    """
    numbers = [run for run, many in enumerate(epochs) if many]
    engine, recipes = choose("auto"), [recipes[run] for run in numbers]
    training = engine.start(Population(tuple(recipes)), question.data)
    for epoch in range(1, max(epochs) + 1):
        training.advance(Epoch(epoch))
        here = [place for place, run in enumerate(numbers) if epochs[run] >= epoch]
        trained, latest = training.trained(), training.latest()
        results = Results(
            population=Population(tuple(recipes[place] for place in here)),
            trained=[trained[place] for place in here],
            latest=[latest[place] for place in here] if question.metric in DECISIONS else (),
            data=question.data,
            engine=engine,
            scorer=question.scorer,
            metric=question.metric,
        )
        for run, place in enumerate(here):
            if (
                len(trained[place].validation_losses) == epoch
                and (score := results.score(run, question.metric)) is not None
            ):
                yield numbers[place], epoch, score
        training.drop({place for place in here if epochs[numbers[place]] == epoch})
