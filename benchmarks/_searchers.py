"""How a search went, and Fallline's own: ``fl.compare`` under a clock."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import fallline as fl
from benchmarks._searched import ACTIVATIONS, OPTIMIZERS, RATES, WIDTHS, Question
from fallline.study.events import Event, Progress, Stage

__all__ = ["GRID", "SEEDS", "Log", "Search", "comparison", "rising"]

RUNGS = 16
SEEDS = 4
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


def comparison(question: Question, recipes: int, *, halving: bool = False, rungs: int = RUNGS) -> Log:
    """``fl.compare``; the clock runs from the call, which reads the table, to the end of the ranking.

    Its baselines, which no peer fits, are taken off. Writing the study comes after the answer. The
    best score is that of the best of all runs, as the peers' is that of their best trial.
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
            seeds=SEEDS,
            sample=recipes if recipes < GRID else None,
            halving=halving,
            loss=shared.loss,
            batch_size=shared.batch_size,
            epochs=shared.epochs,
            patience=shared.patience,
            optimizer=list(OPTIMIZERS),
            learning_rate=fl.log_range(*RATES, rungs),
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
    column = f"validation_{question.metric}"
    runs = frame.filter(frame["best_epoch"] > 0).select("run", "best_epoch", column).drop_nulls().rows()
    ranked = [(reached[run, epoch] - began + timings["ranking"], score) for run, epoch, score in runs]
    return Log(
        runs=header.runs,
        known=rising(ranked, question.sign),
        seconds=stages["writing"] - began,
    )
