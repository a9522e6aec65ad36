"""Few runs on `loop` and on `native`: from how many on lanes that stay empty are worth it, and what `auto` thinks.

One thread each, taking turns; the time is the process's own, so that other work on the machine counts for little. Both
sides take steps of the same population, by Adam in float32, and the time is that of a step of all its runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch

from benchmarks._workloads import Workload
from fallline.core.population import Population
from fallline.engines.chooser import ENGINES
from fallline.engines.protocol import Step, Training
from fallline.engines.threads import threads

SHAPES = (
    ((5, 5, 5, 1), 32),
    ((13, 64, 64, 1), 32),
    ((13, 64, 64, 1), 512),
    ((30, 128, 128, 2), 32),
    ((30, 128, 128, 2), 256),
    ((784, 128, 10), 64),
    ((784, 512, 10), 256),
    ((100, 512, 512, 10), 64),
    ((100, 1024, 1024, 10), 512),
)
RUNS = (1, 2, 4, 8, 12, 16)
SECONDS = 0.3  # of a measurement
REPEATS = 3
SIDES = ("loop", "native")


@dataclass(frozen=True)
class Result:
    """One line of the table; milliseconds of a step of all runs."""

    network: str
    batch: int
    runs: int
    loop: float
    native: float
    auto: str

    @property
    def ratio(self) -> float:
        return self.loop / self.native

    @property
    def lost(self) -> float:
        """How many times as long what `auto` takes is as the other one."""
        return max(1.0, self.loop / self.native if self.auto == "loop" else self.native / self.loop)


class Side:
    """A training that is taken on step by step."""

    def __init__(self, training: Training) -> None:
        self._training, self._at, self._steps = training, 1, 1
        training.advance(Step(1))  # which draws the order and touches the memory

    def step_milliseconds(self, seconds: float) -> float:
        """Milliseconds of a step, over as many as fill about so many seconds."""
        while (taken := self._timed()) < seconds / 2 and self._steps < 1e6:
            self._steps *= 2
        return 1e3 * taken / self._steps

    def _timed(self) -> float:
        self._at += self._steps
        began = time.process_time()
        self._training.advance(Step(self._at))
        return time.process_time() - began


def measure(sizes: tuple[int, ...], batch: int, runs: int, seconds: float) -> Result:
    workload = Workload(sizes, batch, rows=8 * batch, seeds=1)
    population = Population(tuple(workload.population(epochs=10**6))[:runs])
    with threads(1):
        sides = [Side(ENGINES[name].start(population, workload.data)) for name in SIDES]
        found = [[side.step_milliseconds(seconds) for side in sides] for _ in range(REPEATS)]
    loop, native = (statistics.median(times) for times in zip(*found, strict=True))
    auto = ENGINES["auto"].serving(population, workload.data)
    return Result(workload.name, batch, runs, loop, native, auto)


def lines(results: list[Result]) -> Iterator[str]:
    for line in results:
        wrong = f"  {line.lost:.2f} × the time of the other" if line.lost > 1 else ""
        yield (
            f"{line.network:<16}  {line.batch:>5}  {line.runs:>4}  {line.loop:>9.3f}  {line.native:>9.3f}  "
            f"{line.ratio:>13.2f}  {line.auto}{wrong}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--only", metavar="NETWORK", help="one network alone, as 13-64-64-1")
    parser.add_argument("--quick", action="store_true", help="shorter measurements")
    given = parser.parse_args()
    results: list[Result] = []
    if not given.json:
        print(f"torch {torch.__version__}, 1 thread, float32; load {os.getloadavg()[0]:.1f}; milliseconds of a step")
        print("network           batch  runs       loop     native  loop / native  auto")
    for sizes, batch in SHAPES:
        if given.only in (None, "-".join(map(str, sizes))):
            measured = [measure(sizes, batch, runs, SECONDS / 4 if given.quick else SECONDS) for runs in RUNS]
            results += measured
            if not given.json:
                print(*lines(measured), sep="\n", flush=True)
    if given.json:
        print(json.dumps({"torch": torch.__version__, "results": [asdict(result) for result in results]}))


if __name__ == "__main__":
    main()
