"""What a comparison takes beside its training: 1,024 runs × 100 epochs on heart.csv, from the file to the study.

`fl.compare` and the engine alone, which trains the same population with nobody watching, take turns in one warm
process. The bar: all that a comparison does, but for its baselines, takes at most 2 times as long as the engine alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

import fallline as fl
from benchmarks._scaling import peak_gflops
from fallline.core.population import Population
from fallline.data.prepare import prepare
from fallline.data.table import read
from fallline.engines.chooser import ENGINES
from fallline.engines.protocol import Epoch
from fallline.engines.threads import threads, workers
from fallline.study.events import Event, Stage

BAR = 2.0
TABLE = Path(__file__).resolve().parents[2] / "shared/data/heart.csv"
SEEDS = 8  # × 4 optimizers × 2 activations × 16 learning rates
REPEATS = 5


@dataclass(frozen=True)
class Result:
    """One comparison, beside the engine alone right after it; seconds."""

    total: float
    engine: float
    parts: dict[str, float]
    steps: int

    @property
    def counted(self) -> float:
        """All but the baselines."""
        return self.total - self.parts["baselines"]

    @property
    def ratio(self) -> float:
        return self.counted / self.engine


def compared(epochs: int) -> tuple[float, dict[str, float], Population]:
    """Seconds of ``fl.compare``, those of its parts, and what it trained."""
    populations: list[Population] = []

    def observe(event: Event) -> None:
        if isinstance(event, Stage) and event.population is not None:
            populations.append(event.population)

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        study = fl.compare(
            str(TABLE),
            "target",
            optimizer=["sgd", "adam", "adamw", "rmsprop"],
            learning_rate=fl.log_range(1e-4, 1, 16),
            widths=[64, 64],
            activation=["relu", "tanh"],
            batch_size=32,
            epochs=epochs,
            patience=epochs,
            seeds=SEEDS,
            out=f"{folder}/study",
            observer=observe,
        )
        total = time.perf_counter() - began
        assert study.header.comparison is not None
        parts = dict(study.header.comparison.timings)
    # the header is written before the last file is in place
    return total, {**parts, "the rest": total - sum(parts.values())}, populations[0]


def alone(population: Population) -> tuple[float, int]:
    """Seconds of the engine's training alone, and its optimizer steps."""
    data = prepare(read(str(TABLE)), target="target").dataset
    with threads(None):
        training = ENGINES["auto"].start(population, data)
        began = time.perf_counter()
        training.advance(Epoch(population[0].epochs))
        seconds = time.perf_counter() - began
    return seconds, sum(run.steps for run in training.trained())


def measured(epochs: int) -> Result:
    total, parts, population = compared(epochs)
    seconds, steps = alone(population)
    return Result(total, seconds, parts, steps)


def lines(results: list[Result]) -> Iterator[str]:
    middle = sorted(results, key=lambda result: result.ratio)[len(results) // 2]
    yield "part            seconds   of the engine's time"
    for name, seconds in middle.parts.items():
        beside = "   not counted" if name == "baselines" else ""
        yield f"{name:<14}  {seconds:>7.3f}   {seconds / middle.engine:>6.2f}{beside}"
    yield f"{'counted':<14}  {middle.counted:>7.3f}   {middle.ratio:>6.2f}"
    yield f"{'engine alone':<14}  {middle.engine:>7.3f}   {middle.steps / middle.engine:,.0f} model-steps per second"
    ratios = [result.ratio for result in results]
    median = statistics.median(ratios)
    yield ""
    yield (
        f"median ratio {median:.2f} ({min(ratios):.2f}-{max(ratios):.2f}) of {len(results)}; "
        f"the bar is {BAR}: {'held' if median <= BAR else 'exceeded'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything there as well")
    parser.add_argument("--quick", action="store_true", help="10 epochs, twice")
    given = parser.parse_args()
    epochs, repeats = (10, 2) if given.quick else (100, REPEATS)
    peak, load = peak_gflops(workers()), os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"torch {torch.__version__}, {workers()} threads, float32, {platform.machine()}; load {load:.1f}, "
        f"FMA peak {peak or float('nan'):,.0f} GFLOP/s; 13-64-64-2, batch 32, {epochs} epochs",
        flush=True,
    )
    measured(epochs=2)
    results = [measured(epochs) for _ in range(repeats)]
    print(*lines(results), sep="\n")
    if given.json:
        shown = {"torch": torch.__version__, "threads": workers(), "load": load, "fma_peak_gflops": peak, "bar": BAR}
        plain = [{**asdict(result), "ratio": result.ratio} for result in results]
        given.json.write_text(json.dumps({**shown, "results": plain}, indent=1) + "\n")


if __name__ == "__main__":
    main()
