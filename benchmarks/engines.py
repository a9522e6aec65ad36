"""The native engine beside what people train many small networks with: the plain loop, JAX, and torch.func.

All sides start from the same parameters and see the same batches of the same rows, by Adam in float32 on the same
number of cores, and take turns within each repeat. A model-step is one optimizer step of one run. First each peer tries
its set-ups on this machine, and the fastest one races.

    python -m benchmarks.engines                the race: about five minutes; --quick: one
    python -m benchmarks.engines --scaling      the engine alone over runs, rows, widths, threads and seeds
    python -m benchmarks.engines --memory       the peak of memory of 16,384 runs
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks._race import FULL, QUICK, Result, race
from benchmarks._scaling import FIELDS, MEMORY_RUNS, measured_memory, memory, peak_gflops, scaling
from benchmarks._workloads import WORKLOADS, Workload

NAMES = {"loop": "plain PyTorch loop", "jax": "JAX vmap + scan + jit", "vmap": "torch.func vmap"}


def race_lines(results: list[Result], peak: float | None) -> Iterator[str]:
    """The table of one workload."""
    first = results[0]
    share = f", {100 * first.ours_gflops / peak:.0f} % of the FMA peak" if peak else ""
    yield ""
    yield (
        f"{first.network}, batch {first.batch}, {first.runs:,} runs: ours {first.ours_per_second:,.0f} model-steps/s "
        f"({first.ours_gflops:,.0f} GFLOP/s{share})"
    )
    for line in results:
        spread = f"({_short(line.lowest)}-{_short(line.highest)})"
        yield (
            f"  {NAMES[line.peer]:<22} {line.peer_per_second:>11,.0f}/s  ours {_short(line.ratio):>6} × {spread:<15} "
            f"target {line.target:>5,g} × {'✓' if line.reached else '✗'}   "
            f"loss {line.ours_loss:.6f} and {line.peer_loss:.6f} after {line.epochs} epochs "
            f"{'✓' if line.agrees else f'✗ (first epoch {line.first_epoch_difference:.1e})'}"
        )
        yield f"  {'':<22} {line.setup}"


def _short(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def scaling_lines(points: list[dict[str, float | int | str]]) -> Iterator[str]:
    before = None
    for point in points:
        if point["over"] != before:
            before = point["over"]
            yield ""
            yield f"over {before}" + (
                "" if "share_of_peak" in point else "   (no share of the peak: no compiled engine)"
            )
            yield "  ".join(f"{title:>{width}}" for title, width in FIELDS.values())
        yield "  ".join(_cell(point.get(name), width) for name, (_, width) in FIELDS.items())


def _cell(value: float | int | str | None, width: int) -> str:
    if isinstance(value, float):
        return f"{value:>{width},.0f}" if value >= 10 else f"{value:>{width}.2f}"
    return f"{value:>{width},}" if isinstance(value, int) else f"{value or '':>{width}}"


def memory_line(found: dict[str, float]) -> str:
    held = "held" if found["peak_gib"] <= found["limit_gib"] else "exceeded"
    return (
        f"{found['runs']:,.0f} runs of {found['network']}, Adam: peak {found['peak_gib']:.2f} GiB, of which "
        f"{found['idle_gib']:.2f} before the population; the limit is {found['limit_gib']:g} GiB: {held}"
    )


def keep_to(cores: int) -> None:
    """Run on this many cores only, not two of which are threads of the same one; JAX starts a thread for each."""
    if not hasattr(os, "sched_setaffinity"):
        return  # not Linux: torch keeps to its number of threads, JAX takes all cores
    chosen: dict[str, int] = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        chosen.setdefault(siblings.read_text() if siblings.exists() else str(cpu), cpu)
    os.sched_setaffinity(0, list(chosen.values())[:cores])


def surroundings(engine: str, threads: int, peak: float | None) -> dict[str, object]:
    return {
        "engine": engine,
        "threads": threads,
        "dtype": "float32",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "jax", "jaxlib") if _installed(name)},
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "fma_peak_gflops": peak,
    }


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def cut(workload: Workload, runs: int | None) -> Workload:
    """The same with at most ``runs`` runs."""
    if runs is None or runs >= workload.runs:
        return workload
    rates = min(workload.rates, runs)
    return dataclasses.replace(workload, rates=rates, seeds=max(1, runs // rates))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="native", help="the engine that is measured (native)")
    parser.add_argument("--cores", type=int, default=2, help="cores, and threads of every side (2)")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, shorter ones, fewer set-ups of the peers")
    parser.add_argument("--peers", default="loop,jax,vmap", help="of loop,jax,vmap")
    parser.add_argument("--only", metavar="NETWORK", help="one workload alone, as 13-64-64-1")
    parser.add_argument("--runs", type=int, help="at most this many runs of a workload: to try the benchmark out")
    parser.add_argument("--scaling", action="store_true", help="the engine alone, over one thing at a time")
    parser.add_argument("--memory", action="store_true", help=f"the peak of memory of {MEMORY_RUNS:,} runs")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything there as well")
    parser.add_argument("--measure-memory", action="store_true", help=argparse.SUPPRESS)  # the process measured
    return parser.parse_args()


def main() -> None:
    given = options()
    keep_to(given.cores)
    torch.set_num_threads(given.cores)
    if given.measure_memory:
        print(json.dumps(measured_memory(given.engine, given.cores, given.runs or MEMORY_RUNS)))
        return
    peak = peak_gflops(given.cores)
    found = surroundings(given.engine, given.cores, peak)
    print(*opening(found), sep="\n", flush=True)
    if given.memory:  # first, while this process is small: a child's peak counts from its parent's memory
        found["memory"] = memory(given.engine, given.cores, given.runs or MEMORY_RUNS)
        print("", memory_line(found["memory"]), sep="\n", flush=True)
    if given.scaling:
        found["scaling"] = points = []
        for sweep in scaling(given.engine, given.cores, most=given.runs, seconds=0.2 if given.quick else 0.5):
            points += sweep
            print(*scaling_lines(sweep), sep="\n", flush=True)
    if not (given.memory or given.scaling):
        found["results"] = raced(given, peak)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


def opening(found: dict[str, object]) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    yield f"{versions}; engine {found['engine']}, {found['threads']} threads, float32, {found['machine']}"
    if found["load_before"] and found["load_before"] > 0.5:
        load = f"{found['load_before']:.1f}"
        yield f"note: other work is under way (load {load}): ratios mean little, most of all where threads meet"
    if found["fma_peak_gflops"]:
        yield f"FMA peak {found['fma_peak_gflops']:,.0f} GFLOP/s"


def raced(given: argparse.Namespace, peak: float | None) -> list[dict[str, object]]:
    peers = [peer for peer in given.peers.split(",") if peer != "jax" or _installed("jax")]
    if len(peers) < len(given.peers.split(",")):
        print("JAX is not installed here: `make bench` makes an environment with it")
    results: list[Result] = []
    for workload in WORKLOADS:
        if given.only in (None, workload.name):
            lines = race(cut(workload, given.runs), given.engine, peers, given.cores, QUICK if given.quick else FULL)
            print(*race_lines(lines, peak), sep="\n", flush=True)
            results += lines
    print("", verdict(results), sep="\n")
    return [asdict(result) for result in results]


def verdict(results: list[Result]) -> str:
    def count(holds: Callable[[Result], bool]) -> str:
        return f"{sum(map(holds, results))} of {len(results)}"

    return f"targets reached: {count(lambda line: line.reached)}; losses agree: {count(lambda line: line.agrees)}"


if __name__ == "__main__":
    main()
