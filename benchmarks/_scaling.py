"""The engine alone: model-steps per second over one thing at a time, and the memory that many runs take."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks._workloads import WORKLOADS, Workload
from fallline.engines._compiled import compiled, instruction_set
from fallline.engines.chooser import ENGINES
from fallline.engines.protocol import Epoch, Step, Training
from fallline.engines.threads import threads

__all__ = ["FIELDS", "MEMORY_RUNS", "measured_memory", "memory", "peak_gflops", "scaling"]

REPEATS = 3
PEAK_SECONDS = 0.3
MANY_EPOCHS = 100_000  # more than there is time for
MEMORY_RUNS = 16_384
MEMORY_LIMIT_GIB = 2.0
BASE = WORKLOADS[1]  # 13-64-64-1, batch 32, 16 seeds × 16 rates

FIELDS = {
    "network": ("network", 12),
    "batch": ("batch", 5),
    "runs": ("runs", 6),
    "rows": ("rows", 9),
    "threads": ("threads", 7),
    "seeds_in_block": ("seeds/block", 11),
    "per_second": ("model-steps/s", 13),
    "gflops": ("GFLOP/s", 7),
    "share_of_peak": ("of peak %", 9),
    "gain": ("× the first", 11),
}
"""The columns of a table: of each field, its title and width."""

Point = dict[str, float | int | str]


def peak_gflops(count: int) -> float | None:
    """What ``count`` threads can do at most by fused multiply-adds; None where the compiled engine is not there."""
    module = compiled()
    return None if module is None else module.peak(instruction_set(), count, PEAK_SECONDS)


def scaling(engine: str, cores: int, *, most: int | None, seconds: float) -> Iterator[list[Point]]:
    """One list of points for each thing that is varied; ``most``: runs, at most."""
    all_runs = [Workload(BASE.sizes, 32, 1024, seeds=runs // 16) for runs in (16, 64, 256, 1024, 4096, 16_384)]
    rows = [replace(BASE, rows=rows) for rows in (1_024, 10_240, 100_000, 1_000_000)]  # whole batches
    widths = [Workload((13, w, w, 1), 32, 1024, seeds=4) for w in (4, 8, 16, 32, 64, 128, 256, 512)]
    for over, workloads in (("runs", all_runs), ("rows", rows), ("width", widths)):
        fitting = [workload for workload in workloads if most is None or workload.runs <= most]
        yield [_point(over, workload, engine, cores, seconds) for workload in fitting]
    for workload in WORKLOADS[:3]:
        if most is None or workload.runs <= most:
            counts = sorted({1, cores})
            yield _related([_point("threads", workload, engine, count, seconds) for count in counts])
    for workload in WORKLOADS[:3]:
        if most is None or workload.runs <= most:
            # as many runs, of one rate: each of a block's lanes has a seed of its own
            mixed = replace(workload, seeds=workload.runs, rates=1)
            points = [_point("seeds in a block", each, engine, cores, seconds) for each in (workload, mixed)]
            yield _related([point | {"seeds_in_block": count} for point, count in zip(points, (1, 16), strict=True)])


def _related(points: list[Point]) -> list[Point]:
    """With each point's rate as a multiple of the first one's."""
    return [point | {"gain": point["per_second"] / points[0]["per_second"]} for point in points]


def _point(over: str, workload: Workload, engine: str, count: int, seconds: float) -> Point:
    rate = _rate(workload, engine, count, seconds)
    gflops = rate * workload.operations / 1e9
    peak = peak_gflops(count)
    share: Point = {"share_of_peak": 100 * gflops / peak} if peak else {}
    about: Point = {
        "over": over,
        "network": workload.name,
        "batch": workload.batch,
        "runs": workload.runs,
        "rows": workload.rows,
        "threads": count,
    }
    return about | {"per_second": rate, "gflops": gflops} | share


def _rate(workload: Workload, engine: str, count: int, seconds: float) -> float:
    """Model-steps per second, the median.

    By steps, as an epoch of many rows takes minutes: the order of the batches is drawn at its beginning, which falls
    into what is not timed where an epoch is longer than that (less than 1 % of the epoch).
    """
    with threads(count):
        training = ENGINES[engine].start(workload.population(MANY_EPOCHS), workload.data)
        at, steps, taken = 0, 1, 0.0
        while taken < seconds / 2:  # the first rounds wake everything up and say how many steps fill the time
            steps *= 1 if at == 0 else 2
            taken, at = _timed(training, at, steps), at + steps
        steps = max(1, round(steps * seconds / taken))
        rates = []
        for _ in range(REPEATS):
            rates.append(workload.runs * steps / _timed(training, at, steps))
            at += steps
    return statistics.median(rates)


def _timed(training: Training, at: int, count: int) -> float:
    began = time.perf_counter()
    training.advance(Step(at + count))
    return time.perf_counter() - began


def memory(engine: str, cores: int, runs: int) -> dict[str, float]:
    """The peak of memory of ``runs`` runs, in a process of its own."""
    command = ["--engine", engine, "--cores", str(cores), "--runs", str(runs), "--measure-memory"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.engines", *command], check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return json.loads(done.stdout)


def measured_memory(engine: str, cores: int, runs: int) -> dict[str, float | str]:
    """The same of this process: an epoch of 13-64-64-1."""
    idle = _peak_gib()
    workload = replace(BASE, seeds=max(1, runs // BASE.rates))
    with threads(cores):
        training = ENGINES[engine].start(workload.population(1), workload.data)
        training.advance(Epoch(1))
    assert len(training.trained()) == workload.runs
    return {
        "network": workload.name,
        "runs": workload.runs,
        "idle_gib": idle,
        "peak_gib": _peak_gib(),
        "limit_gib": MEMORY_LIMIT_GIB,
    }


def _peak_gib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)  # macOS counts bytes, Linux KiB
