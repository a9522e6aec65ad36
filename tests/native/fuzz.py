"""Trains blocks of random shape and kind in the compiled engine, and looks for what must not differ.

`make test-native` runs it on a build with sanitizers, on every instruction set, and as an old machine would: it needs
numpy only, never torch. A run that fails says which number draws it again: `--first NUMBER`.
"""

import argparse
import importlib
import importlib.util
import itertools
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FOREVER = 2**62
PARAMETERS, BEST = 0, 1

ACTIVATIONS = {
    **dict.fromkeys(("identity", "relu", "relu6", "hardsigmoid", "selu", "gelu", "gelu_tanh", "silu", "mish"), ()),
    **dict.fromkeys(("hardswish", "log_sigmoid", "tanh", "sigmoid", "softsign", "tanhshrink"), ()),
    **dict.fromkeys(("leaky_relu", "hardshrink", "softshrink", "elu", "celu"), ((0.01, 1),)),
    "hardtanh": ((-2, -0.5), (0.5, 2)),
    "threshold": ((-1, 1), (-1, 1)),
    "softplus": ((0.5, 2), (5, 20)),
}
"""The ranges of each option."""

LOSSES = {
    **dict.fromkeys(("mse", "l1", "log_cosh"), ("numbers", ())),
    **dict.fromkeys(("smooth_l1", "huber"), ("numbers", ((0.1, 2),))),
    "quantile": ("numbers", ((0.1, 0.9),)),
    "poisson_nll": ("counts", ()),
    "poisson_nll_rate": ("counts", ((1e-8, 1e-3),)),
    "gaussian_nll": ("halves", ((1e-6, 1e-3),)),
    "bce_with_logits": ("bits", ("units",)),
    "bce": ("bits", ()),
    "soft_margin": ("signs", ()),
    "hinge_embedding": ("signs", ((0.5, 2),)),
    "multilabel_soft_margin": ("bits", ("units",)),
    "multilabel_margin": ("labels", ()),
    "cross_entropy": ("classes", ((0, 0.3), "units")),
    "nll": ("classes", ("units",)),
    "focal": ("classes", ((0, 3), "units")),
    "kl_div": ("shares", ()),
    "multi_margin": ("classes", ((1, 1), (0.5, 2), "units")),
}
"""What the targets are, and the ranges of each option; `units`: one for each output."""

BETAS = {"beta1": (0, 0.95), "beta2": (0.5, 0.999), "eps": (1e-8, 1e-4), "weight_decay": (0, 0.1)}
OPTIMIZERS = {
    "sgd": ({"momentum": (0, 0.9), "dampening": (0, 0), "weight_decay": (0, 0.1)}, ["nesterov"]),
    "asgd": ({"lambd": (1e-4, 1e-3), "alpha": (0.5, 1), "weight_decay": (0, 0.1)}, []),
    **dict.fromkeys(("adam", "adamw"), (BETAS, ["amsgrad"])),
    "adamax": (BETAS, []),
    "nadam": (BETAS | {"momentum_decay": (0, 0.01)}, ["decoupled_weight_decay"]),
    "radam": (BETAS, ["decoupled_weight_decay"]),
    "adagrad": (
        {"lr_decay": (0, 0.1), "weight_decay": (0, 0.1), "initial_accumulator_value": (0, 1), "eps": (1e-8, 1e-4)},
        [],
    ),
    "adadelta": ({"rho": (0.5, 0.99), "eps": (1e-8, 1e-4), "weight_decay": (0, 0.1)}, []),
    "rmsprop": (
        {"alpha": (0.5, 0.99), "eps": (1e-8, 1e-4), "weight_decay": (0, 0.1), "momentum": (0, 0.9)},
        ["centered"],
    ),
    "rprop": (
        {"eta_minus": (0.3, 0.7), "eta_plus": (1.1, 1.5), "step_size_min": (1e-6, 1e-5), "step_size_max": (1, 50)},
        [],
    ),
    "lion": ({"beta1": (0, 0.95), "beta2": (0.5, 0.999), "weight_decay": (0, 0.1)}, []),
}


def load(path: Path | None) -> ModuleType:
    """The compiled engine from a file, or as it is installed."""
    if path is None:
        return importlib.import_module("fallline._native")
    spec = importlib.util.spec_from_file_location("fallline._native", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Case:
    """A random kind of block: its plan, the rows that it is trained on, and where its runs start."""

    def __init__(self, number: int) -> None:
        self.random = np.random.default_rng(number)
        draw = self.random.integers
        self.dtype = self.random.choice([np.float32, np.float64])
        self.lanes = int(draw(1, 17 if self.dtype is np.float32 else 9))
        loss = str(self.random.choice(list(LOSSES)))
        targets, loss_options = LOSSES[loss]
        outputs = int(draw(1, 12)) + (targets == "classes")
        if targets == "halves":
            outputs *= 2
        # now and then a first layer that is large, and batches that threads share
        self.sizes = [
            int(draw(1, 400 if draw(8) == 0 else 40)),
            *(int(draw(1, 70)) for _ in range(draw(0, 4))),
            outputs,
        ]
        most_rows = 1200 if draw(8) == 0 else 200
        self.parameters = sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))
        self.tables, self.weights = [], []
        for rows in (int(draw(1, most_rows)), int(draw(1, most_rows // 2))):
            self.tables += [
                self.random.normal(size=(rows, self.sizes[0])).astype(self.dtype),
                self._targets(targets, rows),
            ]
            self.weights.append(self.random.uniform(0.1, 2, size=rows).astype(self.dtype))
        if draw(2):
            self.weights = []
        activation = str(self.random.choice(list(ACTIVATIONS)))
        optimizer = str(self.random.choice(list(OPTIMIZERS)))
        numbers, flags = OPTIMIZERS[optimizer]
        self.plan: dict[str, Any] = {
            "sizes": self.sizes,
            "activation": activation,
            "activation_options": [self._lanes(*limits) for limits in ACTIVATIONS[activation]],
            "loss": loss,
            "loss_options": [
                self._lanes(*((0.5, 2) if limits == "units" else limits))
                for limits in loss_options
                for _ in range(outputs if limits == "units" else 1)
            ],
            "full": bool(draw(2)),
            "sums": bool(draw(2)),
            "dropout": self._lanes(0, 0.9) if draw(2) else [],
            "optimizer": optimizer,
            "optimizer_options": {name: self._lanes(*limits) for name, limits in numbers.items()},
            "optimizer_flags": {name: bool(draw(2)) for name in flags},
            "clip_norm": self._lanes(0.1, 2) if draw(2) else [],
            "clip_value": self._lanes(0.01, 1) if draw(2) else [],
            "batch_size": int(draw(1, len(self.tables[0]) + 5)),
            "epochs": int(draw(1, 4)),
            "patience": [int(patience) for patience in draw(0, 3, size=self.lanes)],
            "seeds": [7] * self.lanes if draw(2) else [int(seed) for seed in draw(0, 2**32, size=self.lanes)],
        }
        self.rates = self.random.uniform(1e-4, 1e-2, size=(1, self.lanes))
        self.start = (self.random.normal(size=(self.lanes, self.parameters)) * 0.3).astype(self.dtype)
        self.pause = int(draw(1, 50))

    def _lanes(self, low: float, high: float) -> list[float]:
        return self.random.uniform(low, high, size=self.lanes).tolist()

    def _targets(self, kind: str, rows: int) -> np.ndarray:
        units, random = self.sizes[-1], self.random
        match kind:
            case "numbers":
                found = random.normal(size=(rows, units))
            case "halves":
                found = random.normal(size=(rows, units // 2))
            case "counts":
                found = random.poisson(2, size=(rows, units))
            case "bits":
                found = random.integers(0, 2, size=(rows, units))
            case "signs":
                found = random.integers(0, 2, size=(rows, units)) * 2 - 1
            case "classes":
                found = random.integers(0, units, size=(rows, 1))
            case "labels":  # some of them in any order, then -1
                found = random.permuted(np.tile(np.arange(units), (rows, 1)), axis=1)
                found[np.arange(units) >= random.integers(0, units + 1, size=(rows, 1))] = -1
            case _:
                found = random.dirichlet(np.ones(units), size=rows)
        return np.ascontiguousarray(found, dtype=self.dtype)

    def of_lanes(self, lanes: list[int]) -> dict[str, Any]:
        """The plan of a block that holds these runs only."""

        def some(values: list) -> list:
            return [values[lane] for lane in lanes] if values else []

        plan = self.plan | {
            name: some(self.plan[name]) for name in ("dropout", "clip_norm", "clip_value", "patience", "seeds")
        }
        for name in ("activation_options", "loss_options"):
            plan[name] = [some(option) for option in self.plan[name]]
        plan["optimizer_options"] = {name: some(option) for name, option in self.plan["optimizer_options"].items()}
        return plan


def block(native: ModuleType, case: Case, lanes: list[int], instruction_set: str) -> Any:
    build = native.Block32 if case.dtype is np.float32 else native.Block64
    made = build(case.of_lanes(lanes), case.tables, case.weights, instruction_set)
    made.set_rates(np.ascontiguousarray(case.rates[:, lanes]), 0, FOREVER)
    return made


def train(native: ModuleType, block: Any, step: int = FOREVER) -> None:
    while block.pending(FOREVER, step):
        native.advance([block], [FOREVER], step, 2, 60.0)


def moved(native: ModuleType, case: Case, lanes: list[int], old: Any, instruction_set: str) -> Any:
    """A block that goes on from where another one is."""
    new = block(native, case, lanes, instruction_set)
    for lane in range(len(lanes)):
        for array in range(old.arrays):
            new.put(array, lane, old.take(array, lane))
        new.resume(lane, old.record(lane), old.carried(lane), old.order(lane), old.steps, old.position)
    return new


def results(block: Any, lane: int) -> list[np.ndarray]:
    """What became of a run, as arrays to be compared."""
    record = block.record(lane)
    best = [block.take(BEST, lane)] if record.best_epoch else []
    numbers = [record.end.value, record.steps, record.best_epoch]
    return [np.array(numbers), np.array(record.training), np.array(record.validation), *best]


def same(ones: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other, equal_nan=True) for one, other in zip(ones, others, strict=True))


def try_training(native: ModuleType, case: Case, instruction_set: str) -> None:
    everyone = list(range(case.lanes))
    together = block(native, case, everyone, instruction_set)
    for lane in everyone:
        together.put(PARAMETERS, lane, case.start[lane])
    train(native, together, case.pause)
    under_way = together.alive == case.lanes
    other = moved(native, case, everyone, together, instruction_set) if under_way else None
    train(native, together)
    if other is not None:
        train(native, other)
        assert all(same(results(together, lane), results(other, lane)) for lane in everyone), (
            "a resumed run went elsewhere"
        )
    lane = int(case.random.integers(case.lanes))
    alone = block(native, case, [lane], instruction_set)
    alone.put(PARAMETERS, 0, case.start[lane])
    train(native, alone)
    assert same(results(together, lane), results(alone, 0)), f"the run of lane {lane} went elsewhere alone"


def try_other_ways(native: ModuleType, case: Case, instruction_set: str) -> None:
    """Where nothing is clipped, whole gradients are found first or not, and come to the same."""
    if case.plan["clip_norm"] or case.plan["clip_value"]:
        return
    ways = []
    for limits in ({}, {"clip_value": [np.inf] * case.lanes}, {"clip_norm": [np.inf] * case.lanes}):
        case.plan |= {"clip_value": [], "clip_norm": []} | limits
        ways.append(block(native, case, list(range(case.lanes)), instruction_set))
        for lane in range(case.lanes):
            ways[-1].put(PARAMETERS, lane, case.start[lane])
        train(native, ways[-1])
    case.plan |= {"clip_value": [], "clip_norm": []}
    for way in ways[1:]:
        for lane in range(case.lanes):
            assert same(results(ways[0], lane), results(way, lane)), "a run that is not clipped went elsewhere"


def try_threads(native: ModuleType, case: Case, instruction_set: str) -> None:
    """Blocks that are trained by turns, on more threads than there are blocks or on fewer, come to the same."""
    blocks = [block(native, case, list(range(case.lanes)), instruction_set) for _ in range(3)]
    for one in blocks:
        for lane in range(case.lanes):
            one.put(PARAMETERS, lane, case.start[lane])
    for threads in itertools.cycle((2, 7, 1, 4)):
        pending = [one for one in blocks if one.pending(FOREVER, FOREVER)]
        if not pending:
            break
        native.advance(pending, [FOREVER] * len(pending), FOREVER, threads, 0.001)
    for one in blocks[1:]:
        for lane in range(case.lanes):
            assert same(results(blocks[0], lane), results(one, lane)), "a run went elsewhere on other threads"


def try_points(native: ModuleType, case: Case, instruction_set: str) -> None:
    inputs, targets = case.tables[:2]
    plan = case.of_lanes([0]) | {"dropout": []}
    which = int(case.random.integers(case.lanes))
    outputs = native.outputs(plan, case.start, inputs, 2, instruction_set)
    assert outputs.shape == (case.lanes, len(inputs), case.sizes[-1])
    assert same([outputs[which]], [native.outputs(plan, case.start[which : which + 1], inputs, 1, instruction_set)[0]])
    losses = native.losses(plan, case.start, inputs, targets, case.weights[:1], 2, instruction_set)
    alone = native.losses(plan, case.start[which : which + 1], inputs, targets, case.weights[:1], 1, instruction_set)
    assert same([losses[which : which + 1]], [alone])


def try_nonsense(native: ModuleType, case: Case, instruction_set: str) -> None:
    """Arrays and lists of the wrong size are refused, whatever they are."""
    inputs, targets, *validation = case.tables
    build = native.Block32 if case.dtype is np.float32 else native.Block64
    wide = np.ascontiguousarray(np.hstack([inputs, inputs]))
    short = np.ascontiguousarray(targets[:-1])
    for tables in (
        [wide, targets, *validation],
        [inputs, short, *validation],
        [inputs, wide[:, :0], *validation],
        [inputs],
    ):
        refused(build, case.plan, tables, [], instruction_set)
    refused(build, case.plan, case.tables, [np.ones(len(inputs) + 1, case.dtype)] * 2, instruction_set)
    for name in ("patience", "dropout", "clip_norm", "clip_value"):
        refused(build, case.plan | {name: [0] * (case.lanes + 1)}, case.tables, [], instruction_set)
    made = block(native, case, [0], instruction_set)
    refused(made.put, PARAMETERS, 0, case.start[0][:-1])
    refused(made.put, PARAMETERS, 1, case.start[0])
    refused(made.put, made.arrays, 0, case.start[0])
    refused(made.set_rates, np.ones((1, 2)), 0, 1)
    refused(native.outputs, case.plan, case.start[:, :-1].copy(), inputs, 1, instruction_set)


def refused(call: Any, *arguments: Any) -> None:
    try:
        call(*arguments)
    except (ValueError, IndexError, TypeError):
        return
    raise AssertionError(f"{call} took {arguments}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", type=Path, help="the compiled engine's file; without it, the installed one")
    parser.add_argument("--instruction-set", help="the one to use; without it, the best of this machine")
    parser.add_argument("--best", help="the one that has to be the best of this machine")
    parser.add_argument("--threads-only", action="store_true", help="only what is done by several threads")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--first", type=int, default=0, help="the number of the first block")
    arguments = parser.parse_args()
    native = load(arguments.module)
    best = native.instruction_sets()[0]
    if arguments.best not in (None, best):
        sys.exit(f"{best} is taken for the best of this machine, and {arguments.best} is")
    chosen = arguments.instruction_set or best
    attempts = [try_threads, try_points]
    if not arguments.threads_only:
        attempts += [try_training, try_other_ways, try_nonsense]
    number, end = arguments.first, time.monotonic() + arguments.seconds
    while number == arguments.first or time.monotonic() < end:
        try:
            case = Case(number)
            for attempt in attempts:
                attempt(native, case, chosen)
        except AssertionError:
            print(f"{chosen}, --first {number}: {case.plan}", file=sys.stderr)
            raise
        number += 1
    print(f"{chosen}: {number - arguments.first} random blocks, nothing wrong")


if __name__ == "__main__":
    main()
