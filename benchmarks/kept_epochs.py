"""Which epoch to keep where decisions rank: that of the lowest validation loss, or the last if it scores higher?

The recipes of a comparison, 256 from four seeds, are trained on published tables with several classes. Of either way of
keeping epochs: the test score of the chosen run, of the best recipe (the mean over its seeds), and of the ten best.

    python -m benchmarks.kept_epochs               all of it: a quarter of an hour
    python -m benchmarks.kept_epochs --splits 1    of one split
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass, replace

import numpy as np

from benchmarks._searched import ACTIVATIONS, OPTIMIZERS, RATES, WIDTHS, Question
from benchmarks._searchers import RUNGS
from fallline import log_range
from fallline.core.population import Population
from fallline.engines.chooser import choose
from fallline.engines.protocol import Epoch
from fallline.study.results import Results
from fallline.study.space import Space

TABLES = (
    Question("winequality-red", -1),
    Question("auto_imports", 1),
    Question("mpg", "origin", drop=("name",)),
    Question("titanic", "embark_town", drop=("embarked",)),
    Question("horse-colic", 23),
    Question("abalone", 1),
    Question("penguins", "species"),
)
METRIC = "balanced_accuracy"
WAYS = {"lowest loss": None, "or the last": METRIC}
BEST = 10
SEEDS = 4


@dataclass(frozen=True)
class Scores:
    """What one way of keeping epochs comes to, on test rows."""

    chosen: float
    recipe: float
    best: float


def recipes_of(question: Question) -> Population:
    """Each recipe with its seeds side by side."""
    shared, data = question.recipe, question.data
    space = Space.of(
        {
            "loss": shared.loss,
            "batch_size": shared.batch_size,
            "epochs": shared.epochs,
            "patience": shared.epochs,
            "optimizer": OPTIMIZERS,
            "widths": WIDTHS,
            "activation": ACTIVATIONS,
            "learning_rate": log_range(*RATES, RUNGS),
        }
    )
    recipes = space.candidates(data.target, rows=len(data.train)).recipes
    return Population(tuple(recipe.with_seed(seed) for recipe in recipes for seed in range(SEEDS)))


def scores_of(question: Question) -> dict[str, Scores]:
    """By how epochs are kept."""
    engine, population, data = choose("auto"), recipes_of(question), question.data
    training = engine.start(population, data)
    training.advance(Epoch(question.recipe.epochs))
    trained, latest = training.trained(), training.latest()
    found = {}
    for way, metric in WAYS.items():
        given = {"population": population, "engine": engine, "scorer": question.scorer}
        results = Results(**given, trained=trained, latest=latest, data=data, metric=metric)
        kept = [
            replace(run, parameters=results.models[number].parameters) if number in results.models else run
            for number, run in enumerate(trained)
        ]
        tested = Results(**given, trained=kept, data=replace(data, validation=data.test))
        runs = range(len(population))
        known, test = (
            np.array([np.nan if (score := each.score(run, METRIC)) is None else score for run in runs])
            for each in (results, tested)
        )
        known, test = known.reshape(-1, SEEDS), test.reshape(-1, SEEDS)
        order = np.argsort(-np.nan_to_num(known.mean(axis=1), nan=-1.0), kind="stable")
        first = order[0]
        found[way] = Scores(
            chosen=float(test[first, known[first].argmax()]),
            recipe=float(test[first].mean()),
            best=float(test[order[:BEST]].mean()),
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=5, help="seeds of the split (5)")
    splits = parser.parse_args().splits
    print(
        f"{METRIC} on test rows, mean over {splits} splits: of the lowest loss, and how much more with the last epoch"
    )
    print(f"{'':<18}{'chosen run':>22}{'best recipe':>22}{'best ten':>22}", flush=True)
    gains: list[Scores] = []
    for table in TABLES:
        found = [scores_of(replace(table, split_seed=seed)) for seed in range(splits)]
        cells = []
        for name in ("chosen", "recipe", "best"):
            before, after = ([getattr(each[way], name) for each in found] for way in WAYS)
            cells.append((statistics.mean(before), statistics.mean(after) - statistics.mean(before)))
        gains.append(Scores(*(gain for _, gain in cells)))
        print(f"{table.name:<18}" + "".join(f"{score:>12.4f} {gain:>+9.4f}" for score, gain in cells), flush=True)
    means = (statistics.mean(getattr(each, name) for each in gains) for name in ("chosen", "recipe", "best"))
    print(f"{'the mean of all':<18}" + "".join(f"{'':>12} {gain:>+9.4f}" for gain in means))


if __name__ == "__main__":
    main()
