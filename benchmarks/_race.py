"""The race: ours and the peers on one workload, their times and their outcomes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks._sides import Ours, PlainLoop, Side, TorchVmap
from benchmarks._workloads import Workload

__all__ = ["FULL", "QUICK", "Pace", "Result", "race"]

TUNING_EPOCHS = 2  # and the fewest of a repeat
SETTLING_SECONDS = 0.02  # in which the threads of the side before fall asleep

# Of a run's loss after the first epoch, the largest difference: mostly 1e-7; 4e-5 where in one of hundreds of runs a
# ReLU rounds to the other side of its kink.
FIRST_EPOCH = 1e-3
# Of the median over the runs' losses at the last epoch both have reached: 1e-6, though in the fastest runs rounding has
# grown to some per cent by then. Of the plain loop there are two runs only, and their median is their mean.
LAST_EPOCH = 0.02


@dataclass(frozen=True)
class Pace:
    """How long things take."""

    repeats: int
    seconds: float  # of each side in each repeat
    all_setups: bool


FULL, QUICK = Pace(repeats=5, seconds=0.8, all_setups=True), Pace(repeats=3, seconds=0.3, all_setups=False)


@dataclass(frozen=True)
class Result:
    """Ours against one peer on one workload; rates are medians, in model-steps per second."""

    network: str
    batch: int
    runs: int
    peer: str
    setup: str
    ours_per_second: float
    ours_gflops: float
    peer_per_second: float
    ratio: float
    lowest: float
    highest: float
    target: float
    reached: bool
    epochs: int  # after which the losses are compared
    ours_loss: float
    peer_loss: float
    first_epoch_difference: float
    last_epoch_difference: float
    agrees: bool


def setups(workload: Workload, peer: str, *, threads: int, full: bool) -> Iterator[Side]:
    """The ways in which a peer may be set up; all, or those that are likely to be the fastest."""
    if peer == "loop":
        yield PlainLoop(workload, 1)
        if threads > 1 and (full or max(workload.sizes) >= 128):
            yield PlainLoop(workload, threads)
    elif peer == "vmap":
        for nested in (False, True) if full else (False,):
            for foreach in (False, True):
                yield TorchVmap(workload, threads, nested=nested, foreach=foreach)
            if threads > 1:
                yield TorchVmap(workload, 1, nested=nested, foreach=True)
    else:
        from benchmarks._jax import JaxVmap  # where JAX is not installed, the other peers still race

        calls = [(1, 1), (workload.seeds, threads)]
        if full:
            even = max(count for count in range(1, threads + 1) if workload.seeds % count == 0)
            calls += [(workload.seeds, 1), (even, even)]
        for nested in (False, True) if full else (False,):
            for groups, at_a_time in dict.fromkeys(calls):
                yield JaxVmap(workload, groups=groups, threads=at_a_time, nested=nested)


def fastest(sides: Iterator[Side], steps: int) -> tuple[Side, float]:
    """The side that trains fastest, and its model-steps per second. ``steps``: of an epoch."""
    best: tuple[Side, float] | None = None
    for side in sides:
        side.train(TUNING_EPOCHS)  # compiles, and wakes everything up
        seconds = min(side.train(TUNING_EPOCHS) for _ in range(2))
        rate = len(side.runs) * TUNING_EPOCHS * steps / seconds
        if best is None or rate > best[1]:
            best = side, rate
    assert best is not None
    return best


def paced(side: Side, rate: float, workload: Workload, seconds: float) -> int:
    """As many epochs as fill about ``seconds``, and enough for the losses to be compared."""
    return max(TUNING_EPOCHS, round(seconds * rate / (len(side.runs) * workload.steps)))


def warm(side: Side, workload: Workload, seconds: float) -> float:
    """Model-steps per second, roughly, by training longer until it can be timed."""
    epochs = 1
    while (taken := side.train(epochs)) < seconds / 2:
        epochs *= 4
    return len(side.runs) * epochs * workload.steps / taken


def race(workload: Workload, engine: str, peers: Sequence[str], threads: int, pace: Pace) -> list[Result]:
    """Ours and every peer, taking turns; each repeat in the other order."""
    ours = Ours(workload, engine, threads)
    sides, epochs = [ours], [paced(ours, warm(ours, workload, pace.seconds), workload, pace.seconds)]
    for peer in peers:
        side, rate = fastest(setups(workload, peer, threads=threads, full=pace.all_setups), workload.steps)
        sides.append(side)
        epochs.append(paced(side, rate, workload, pace.seconds))
        side.train(epochs[-1])  # JAX compiles for this number of epochs
    rates: list[list[float]] = [[] for _ in sides]
    for repeat in range(pace.repeats):
        for place in range(len(sides))[:: -1 if repeat % 2 else 1]:
            time.sleep(SETTLING_SECONDS)
            seconds = sides[place].train(epochs[place])
            rates[place].append(len(sides[place].runs) * epochs[place] * workload.steps / seconds)
    return [
        compared(workload, peer, ours, side, rates[0], rates[place])
        for place, (peer, side) in enumerate(zip(peers, sides[1:], strict=True), start=1)
    ]


def compared(
    workload: Workload, peer: str, ours: Side, theirs: Side, our_rates: list[float], their_rates: list[float]
) -> Result:
    """The time and the outcome of one peer beside ours."""
    ratios = [a / b for a, b in zip(our_rates, their_rates, strict=True)]
    epochs = min(ours.losses.shape[1], theirs.losses.shape[1])
    a, b = ours.losses[list(theirs.runs), :epochs].double(), theirs.losses[:, :epochs].double()
    first = ((a[:, 0] - b[:, 0]).abs() / b[:, 0]).max().item()
    ours_loss, peer_loss = a[:, -1].quantile(0.5).item(), b[:, -1].quantile(0.5).item()
    last = abs(ours_loss - peer_loss) / peer_loss
    target, ratio = dict(workload.targets)[peer], statistics.median(ratios)
    ours_per_second = statistics.median(our_rates)
    return Result(
        network=workload.name,
        batch=workload.batch,
        runs=workload.runs,
        peer=peer,
        setup=theirs.setup,
        ours_per_second=ours_per_second,
        ours_gflops=ours_per_second * workload.operations / 1e9,
        peer_per_second=statistics.median(their_rates),
        ratio=ratio,
        lowest=min(ratios),
        highest=max(ratios),
        target=target,
        reached=ratio >= target,
        epochs=epochs,
        ours_loss=ours_loss,
        peer_loss=peer_loss,
        first_epoch_difference=first,
        last_epoch_difference=last,
        agrees=first <= FIRST_EPOCH and last <= LAST_EPOCH,
    )
