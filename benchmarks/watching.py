"""A loop inside `with fl.watch(...)` against the bare loop, over 1,000 steps. The bar is a ratio of 1.3.

The two take turns, each time from the same start; the losses of both have to be equal. The time is the process's own,
and what passes on the clock stands beside it (one thread, so on an idle machine the two are the same).

    benchmarks/.venv/bin/python -m benchmarks.watching [--repeats N] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

import fallline as fl

BAR = 1.3
STEPS = 1000
REPEATS = 7
BATCHES = 32


@dataclass(frozen=True)
class Result:
    """One network; milliseconds of a step are medians, of the process and on the clock.

    Args:
        ratio: The median over the repeats of the process's times, watched over bare.
        lowest: The lowest of them.
        highest: The highest.
        clock_ratio: The same median on the clock.
        diagnosis: Seconds that the diagnosis takes afterwards.
    """

    network: str
    bare: float
    watched: float
    ratio: float
    lowest: float
    highest: float
    clock_ratio: float
    diagnosis: float


def perceptron() -> tuple[nn.Module, Tensor]:
    """13-64-64-1 and its rows."""
    network = nn.Sequential(nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    return network, torch.randn(BATCHES, 32, 13)


def convolutional() -> tuple[nn.Module, Tensor]:
    """A small network for 16 × 16 images, with batch norm."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 1),
    ), torch.randn(BATCHES, 32, 1, 16, 16)


NETWORKS: dict[str, Callable[[], tuple[nn.Module, Tensor]]] = {
    "13-64-64-1, batch 32": perceptron,
    "2 convolutions with batch norm, 16 × 16, batch 32": convolutional,
}


def trained(make: Callable[[], tuple[nn.Module, Tensor]], *, watched: bool) -> tuple[float, float, float, float]:
    """The process's seconds, those on the clock, the last loss, and the seconds of the diagnosis."""
    torch.manual_seed(0)
    network, inputs = make()
    targets = inputs.flatten(2).mean(2, keepdim=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss = nn.MSELoss()
    value = torch.tensor(0.0)
    cpu, clock = time.process_time(), time.perf_counter()
    with fl.watch(network, optimizer) if watched else contextlib.nullcontext() as watch:
        for step in range(STEPS):
            optimizer.zero_grad()
            value = loss(network(inputs[step % BATCHES]), targets[step % BATCHES])
            value.backward()
            optimizer.step()
    seconds = time.process_time() - cpu, time.perf_counter() - clock
    began = time.perf_counter()
    if watch is not None and watch.diagnosis.findings:
        raise SystemExit(f"a healthy loop is found fault with:\n{watch.diagnosis}")
    return *seconds, value.item(), time.perf_counter() - began


def measured(name: str, repeats: int) -> Result:
    """Bare and watched in turns."""
    make = NETWORKS[name]
    bare, watched = [], []
    for repeat in range(repeats + 1):
        pair = [trained(make, watched=each) for each in ((False, True) if repeat % 2 else (True, False))]
        first, second = pair if repeat % 2 else pair[::-1]
        if first[2] != second[2]:
            raise SystemExit(f"{name}: watched, the loss ends at {second[2]}, else at {first[2]}")
        if repeat:  # the first one warms up
            bare.append(first)
            watched.append(second)
    ratios = [b[0] / a[0] for a, b in zip(bare, watched, strict=True)]
    return Result(
        network=name,
        bare=statistics.median(each[0] for each in bare) / STEPS * 1e3,
        watched=statistics.median(each[0] for each in watched) / STEPS * 1e3,
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        clock_ratio=statistics.median(b[1] / a[1] for a, b in zip(bare, watched, strict=True)),
        diagnosis=statistics.median(each[3] for each in watched),
    )


def main() -> None:
    """Measure both networks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--json", action="store_true", help="one object instead of the table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = [measured(name, options.repeats) for name in NETWORKS]
    if options.json:
        print(json.dumps({"torch": torch.__version__, "bar": BAR, "results": [asdict(each) for each in results]}))
        return
    print(f"torch {torch.__version__}, one thread, Adam, float32, {STEPS:,} steps, {options.repeats} repeats\n")
    print("| network | bare, ms a step | watched | ratio | on the clock | diagnosis, s |")
    print("|---|---|---|---|---|---|")
    for each in results:
        print(
            f"| {each.network} | {each.bare:.3f} | {each.watched:.3f} | {each.ratio:.2f} "
            f"({each.lowest:.2f} to {each.highest:.2f}) | {each.clock_ratio:.2f} | {each.diagnosis:.3f} |"
        )
    print(f"\nbar {BAR}: {'reached' if all(each.ratio <= BAR for each in results) else 'missed'}")


if __name__ == "__main__":
    main()
