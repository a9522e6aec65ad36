"""How long a search takes to a peer's best score: `compare` beside Optuna and scikit-learn's random search.

All look for the best ranking metric on the same validation rows of six published tables, in the same space of recipes
and over as many epochs. The bar: at least 10 times shorter, the median over tables and seeds of the split. A comparison
can be stopped at any moment, and then ranks what there is: a score counts as reached when it would have answered with
it. How long the whole search took stands beside.

    python -m benchmarks.searches --json FILE                 all of it: an hour or more; taken up again from FILE
    python -m benchmarks.searches --json FILE --within 500    as much of it as begins within so many seconds
    python -m benchmarks.searches --json FILE --figure FILE   the curves, too
    python -m benchmarks.searches --quick                     whether everything runs: a minute
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks._peers import optuna_search, sklearn_search
from benchmarks._scaling import peak_gflops
from benchmarks._searched import TABLES, Question
from benchmarks._searchers import GRID, Log, Search, comparison

BAR = 10
TRIALS = 100
SPLITS = 3
SEARCHES: dict[str, Search] = {
    "fallline": comparison,
    "optuna": partial(optuna_search, pruning=False),
    "fallline, halving": partial(comparison, halving=True),
    "optuna, pruning": partial(optuna_search, pruning=True),
    "fallline, 8 seeds, halving": partial(comparison, halving=True, seeds=8),
    "scikit-learn": sklearn_search,
}
OURS = tuple(name for name in SEARCHES if name.startswith("fallline"))
PEERS = tuple(name for name in SEARCHES if name not in OURS)
ALMOST = 1e-9  # two ways of computing one score differ by less


@dataclass(frozen=True)
class Found:
    """A search of one table and split."""

    table: str
    split_seed: int
    side: str
    metric: str
    sign: int
    load: float  # of the machine, when it began
    log: Log

    @classmethod
    def of(cls, plain: dict) -> Found:
        log = plain["log"]
        return cls(**{**plain, "log": Log(**{**log, "known": tuple(map(tuple, log["known"]))})})


@dataclass(frozen=True)
class Race:
    """One of ours beside one peer, on one table and split.

    Args:
        table: Its name.
        split_seed: The split's.
        score: The peer's best.
        peer_seconds: When the peer had it.
        reached: When we had one as good; None: never.
        answered: When our whole search was over, if it had one as good; None: it had not.
    """

    table: str
    split_seed: int
    score: float
    peer_seconds: float
    reached: float | None
    answered: float | None

    @property
    def ratio(self) -> float:
        """How many times sooner we have it; 0 where we never do."""
        return self.peer_seconds / self.reached if self.reached else 0.0

    @property
    def answered_ratio(self) -> float:
        """How many times sooner our whole search is over; 0 where it has not found it."""
        return self.peer_seconds / self.answered if self.answered else 0.0


def raced(ours: Found, peer: Found) -> Race:
    seconds, score = peer.log.known[-1]
    enough = (at for at, own in ours.log.known if peer.sign * (own - score) >= -ALMOST * abs(score))
    reached = next(enough, None)
    return Race(peer.table, peer.split_seed, score, seconds, reached, None if reached is None else ours.log.seconds)


def races(found: Sequence[Found], ours: str, peer: str) -> list[Race]:
    by = {(each.table, each.split_seed, each.side): each for each in found}
    places = dict.fromkeys((each.table, each.split_seed) for each in found)
    both = [(by.get((*place, ours)), by.get((*place, peer))) for place in places]
    return [raced(one, other) for one, other in both if one is not None and other is not None]


def lines(found: Sequence[Found], ours: str, peer: str) -> Iterator[str]:
    """The table of one of ours beside one peer."""
    results = races(found, ours, peer)
    if not results:
        return
    metrics = {each.table: each.metric for each in found}
    yield ""
    yield f"{ours}, beside {peer}: seconds to the best score that {peer} found"
    yield "table            split  metric            its best  it took      reached  ratio  whole search  ratio"
    for line in results:
        reached = "never" if line.reached is None else f"{line.reached:.2f}"
        answered = "" if line.answered is None else f"{line.answered:.2f}"
        yield (
            f"{line.table:<16} {line.split_seed:>5}  {metrics[line.table]:<17}{line.score:>9.4f}  "
            f"{line.peer_seconds:>7.2f}  {reached:>11}  {line.ratio:>5.1f}  {answered:>12}  {line.answered_ratio:>5.1f}"
        )
    median = statistics.median(line.ratio for line in results)
    whole = statistics.median(line.answered_ratio for line in results)
    missed = sum(line.reached is None for line in results)
    yield (
        f"median ratio {median:.1f} (the bar is {BAR}: {'reached' if median >= BAR else 'not reached'}), of the whole "
        f"search {whole:.1f}; {missed} of {len(results)} never reached, counted as 0"
    )


def answers(found: Sequence[Found]) -> Iterator[str]:
    """What each side's answer was, and how long it took."""
    yield ""
    yield "medians over the splits: the best score, and the seconds of the whole search"
    yield f"{'':<28}" + "".join(f"{table.name:>19}" for table in TABLES)
    for side in SEARCHES:
        cells = []
        for table in TABLES:
            own = [each for each in found if (each.side, each.table) == (side, table.name)]
            score = statistics.median(each.log.known[-1][1] for each in own) if own else None
            seconds = statistics.median(each.log.seconds for each in own) if own else None
            cells.append("" if score is None else f"{score:.4f} in {seconds:.1f} s")
        yield f"{side:<28}" + "".join(f"{cell:>19}" for cell in cells)


def opening(found: dict[str, object]) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    peak = found["fma_peak_gflops"]
    yield f"{versions}; {found['cores']} cores, float32, {found['machine']}; FMA peak {peak} GFLOP/s"
    yield f"{GRID} recipes of ours, with 4 seeds each where no others are named; {found['trials']} trials of a peer"


def surroundings(trials: int) -> dict[str, object]:
    peak = peak_gflops(2)
    return {
        "versions": {name: version(name) for name in ("torch", "optuna", "scikit-learn")},
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "fma_peak_gflops": None if peak is None else round(peak),
        "trials": trials,
    }


def searched(question: Question, side: str, tries: int) -> Found:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    gc.collect()  # what ran before is not to be cleared away in this one's time
    log = SEARCHES[side](question, tries)
    return Found(question.name, question.split_seed, side, question.metric, question.sign, round(load, 2), log)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep the results there; those it has are not redone")
    parser.add_argument("--figure", metavar="FILE", type=Path, help="draw the curves there, as SVG")
    parser.add_argument("--within", metavar="SECONDS", type=float, default=float("inf"), help="begin none after that")
    parser.add_argument("--only", metavar="TABLE", help="one table alone, as heart")
    parser.add_argument("--sides", help=f"of {'; '.join(SEARCHES)}", default=";".join(SEARCHES))
    parser.add_argument("--splits", type=int, default=SPLITS, help=f"seeds of the split ({SPLITS})")
    parser.add_argument("--quick", action="store_true", help="one table and split, few epochs and trials")
    return parser.parse_args()


def main() -> None:
    given, began = options(), time.perf_counter()
    tables = TABLES[:1] if given.quick else [table for table in TABLES if given.only in (None, table.name)]
    trials, epochs, splits = (8, 5, 1) if given.quick else (TRIALS, tables[0].epochs, given.splits)
    about, found = surroundings(trials), []
    if given.json and given.json.exists():
        stored = json.loads(given.json.read_text())
        about, found = stored["surroundings"], [Found.of(plain) for plain in stored["found"]]
    print(*opening(about), sep="\n", flush=True)
    sides = [side.strip() for side in given.sides.split(";")]
    for side in sides:  # imports what it needs, and wakes everything up
        SEARCHES[side](replace(TABLES[0], epochs=2), 2)
    for question in (replace(table, split_seed=seed, epochs=epochs) for seed in range(splits) for table in tables):
        for side in sides:
            place = question.name, question.split_seed, side
            if time.perf_counter() - began > given.within or place in {(f.table, f.split_seed, f.side) for f in found}:
                continue
            found.append(searched(question, side, GRID if side in OURS and not given.quick else trials))
            print(f"{', '.join(map(str, place))}: {found[-1].log.seconds:.1f} s, load {found[-1].load}", flush=True)
            if given.json:
                kept = {"surroundings": about, "found": [asdict(each) for each in found]}
                given.json.write_text(json.dumps(kept, indent=None, separators=(",", ":")) + "\n")
    for peer in PEERS:
        for ours in OURS:
            print("".join(f"{line}\n" for line in lines(found, ours, peer)), end="")
    print(*answers(found), sep="\n")
    if given.figure:
        from benchmarks._curves import figure  # matplotlib comes with the peers

        figure(found, given.figure)


if __name__ == "__main__":
    main()
