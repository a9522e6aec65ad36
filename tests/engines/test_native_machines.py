"""The compiled engine on this machine: instruction sets, switches in the environment, Ctrl-C, the order of rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import torch

from fallline.catalogue.losses import LOSSES
from fallline.core.errors import EngineError
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.engines._compiled import compiled, instruction_set
from fallline.engines.chooser import ENGINES
from fallline.engines.loop import LoopTraining
from fallline.engines.protocol import Step
from tests import tolerances
from tests.engines.drawn import ACTIVATIONS, COMPILED
from tests.engines.parity import LOOP, NATIVE, arrays_of, distance, needs_native, of_run, one_step_distances
from tests.engines.runs import KINDS, assert_all_same, recipe, train
from tests.reference.sets import dataset

pytestmark = needs_native
module = compiled()
SETS = module.instruction_sets() if module else []

# --- instruction sets ----------------------------------------------------------------------------


def of_every_kind(dtype: str) -> dict[Task, list[Recipe]]:
    """Every optimizer, activation and loss once, by task."""
    shared = {"dtype": dtype, "widths": (9, 4), "learning_rate": 0.01}
    kinds = {
        task: [recipe(task, loss=loss.card.name, **shared) for loss in LOSSES if task in loss.contract.tasks]
        for task in Task
    }
    kinds[Task.regression] += [recipe(optimizer=name, activation="tanh", **shared) for name in COMPILED]
    kinds[Task.regression] += [recipe(activation=name, clip_norm=0.3, **shared) for name in ACTIVATIONS]
    return kinds


@pytest.mark.parametrize("name", SETS)
def test_every_instruction_set_steps_as_the_loop(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("FALLLINE_ISA", name.upper())
    assert instruction_set() == name
    for task, recipes in of_every_kind("float64").items():
        for one, off in zip(recipes, one_step_distances(recipes, dataset(task), steps=3), strict=True):
            assert off <= tolerances.ONE_STEP_64, one.key


@pytest.mark.parametrize("name", SETS)
def test_every_instruction_set_steps_as_the_loop_in_float32(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("FALLLINE_ISA", name)
    for task, recipes in of_every_kind("float32").items():
        states = []
        for engine in (NATIVE, LOOP):
            training = engine.start(Population(tuple(recipes)), dataset(task))
            training.advance(Step(3))
            states.append(training.state())
        for run, one in enumerate(recipes):
            off = distance(states[0][f"{run}/arrays"][0], arrays_of(of_run(states[1], run))[0])
            assert off <= tolerances.FEW_STEPS_32, one.key


@pytest.mark.parametrize("name", SETS)
def test_every_instruction_set_trains_a_run_among_others_as_alone(
    data: Dataset, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setenv("FALLLINE_ISA", name)
    recipes = [recipe(learning_rate=0.01 * (1 + seed), seed=seed % 3, widths=(13, 7)) for seed in range(20)]
    assert_all_same(train(NATIVE, recipes, data), [train(NATIVE, one, data)[0] for one in recipes])


def test_the_best_instruction_set_is_taken_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("FALLLINE_ISA", raising=False)
    assert instruction_set() == SETS[0]


def test_an_instruction_set_that_the_machine_lacks_is_an_error_that_names_those_it_has(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FALLLINE_ISA", "mmx")
    with pytest.raises(EngineError) as caught:
        train(NATIVE, KINDS["sgd"], data)
    assert str(caught.value) == (
        "choosing the instruction set: this machine has no mmx.\n"
        f"  expected  one of {', '.join(SETS)}\n"
        "  got       FALLLINE_ISA=mmx\n"
        "  do        leave FALLLINE_ISA out"
    )


# --- without it ----------------------------------------------------------------------------------


def test_without_the_compiled_module_native_refuses_and_auto_is_the_loop(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FALLLINE_NO_NATIVE", "1")
    population, auto = Population((KINDS["sgd"],)), ENGINES["auto"]
    assert NATIVE.refuses(KINDS["sgd"], data) == "the compiled engine is not installed"
    with pytest.raises(EngineError, match="the compiled engine is not installed"):
        NATIVE.start(population, data)
    assert auto.serving(population, data) == "loop"
    assert isinstance(auto.start(population, data), LoopTraining)
    assert_all_same(train(auto, population, data), train(LOOP, population, data))


@pytest.mark.parametrize("value", ["", "0", "no", "off", "False"])
def test_the_switch_can_be_left_off(data: Dataset, monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("FALLLINE_NO_NATIVE", value)
    assert NATIVE.refuses(KINDS["sgd"], data) is None


def test_auto_says_who_serves(data: Dataset):
    auto = ENGINES["auto"]
    assert auto.serving(Population((KINDS["sgd"],)), data) == "native"
    assert auto.serving(Population((KINDS["muon"], KINDS["sgd"])), data) == "native + loop"
    assert auto.serving(Population((KINDS["muon"],)), data) == "loop"


@pytest.mark.parametrize("kind", ["muon", "batch normalization", "layer normalization", "of torch itself"])
def test_what_is_not_compiled_is_refused_with_a_sentence(data: Dataset, kind: str):
    reason = NATIVE.refuses(KINDS[kind], data)
    assert reason is not None
    with pytest.raises(EngineError, match="training on engine native"):
        NATIVE.start(Population((KINDS[kind],)), data)


# --- the order of rows ---------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 3, 16, 311, 312, 313, 622, 623, 624, 625, 626, 1249, 10_000])
@pytest.mark.parametrize("seed", [0, 1, 2, 17, 2**31, 2**32 - 1])
def test_the_order_of_every_epoch_is_torchs_permutation(rows: int, seed: int):
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(1, 5):
        expected = torch.randperm(rows, generator=generator)
        assert module is not None
        assert torch.equal(torch.from_numpy(module.order(seed, rows, epoch)).long(), expected)


# --- Ctrl-C --------------------------------------------------------------------------------------

LONG = """
import sys
import torch
from fallline.core.population import Population
from fallline.engines.native import Native
from fallline.engines.protocol import Epoch
from fallline.engines.threads import threads
from tests.engines.runs import assert_all_same, recipe
from tests.reference.sets import dataset

batch_size, width, rows, count = map(int, sys.argv[1:])
data = dataset(rows=(rows, 50, 0))
fields = dict(widths=(width, width), epochs=10**6, batch_size=batch_size, optimizer="sgd")
population = Population(tuple(recipe(learning_rate=1e-4 * (1 + i), seed=i % 2, **fields) for i in range(count)))
training = Native().start(population, data)
training.advance(Epoch(1))
with threads(count):
    try:
        print("going", flush=True)
        training.advance(Epoch(10**6))
    except KeyboardInterrupt:
        print("stopped", flush=True)
runs = training.trained()
reached = [len(run.validation_losses) for run in runs]
assert all(run.outcome.name == "running" for run in runs)
assert all(value.isfinite().all() for run in runs for value in run.parameters.values())
training.state()
training.advance(Epoch(max(reached) + 1))
fresh = Native().start(population, data)
fresh.advance(Epoch(max(reached) + 1))
assert_all_same(training.trained(), fresh.trained())
print("whole", flush=True)
"""


@pytest.mark.parametrize(
    ("batch_size", "width", "rows", "count"),
    [(16, 8, 50, 3), (8_000, 128, 8_000, 1)],
    ids=["many short steps", "in the middle of a long step"],
)
def test_ctrl_c_ends_training_at_once_and_leaves_everything_whole(batch_size: int, width: int, rows: int, count: int):
    """What is read out, and gone on from, is as if nothing had happened."""
    command = [sys.executable, "-c", LONG, *map(str, (batch_size, width, rows, count))]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "going\n"
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=120)
        assert rest == "stopped\nwhole\n"
        assert process.returncode == 0


# --- as many threads as there is work for --------------------------------------------------------

COUNTED = """
import os
import sys
import numpy as np
from tests.engines.test_native_border import block, native, plan, tables

rows, count, threads = map(int, sys.argv[1:])
blocks = [block(plan(batch_size=rows, epochs=10**9), tables(rows)) for _ in range(count)]
for one in blocks:
    one.set_rates(np.full((1, 2), 0.1), 0, 2**62)
before = len(os.listdir("/proc/self/task"))
native.advance(blocks, [10**9] * count, 2**62, threads, 0.3)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there are threads counted so")
@pytest.mark.parametrize(
    ("rows", "blocks", "threads", "busy"),
    [(50, 1, 64, 1), (50, 3, 64, 3), (4_000, 1, 64, 8), (4_000, 2, 3, 3)],
    ids=["a small batch", "small batches", "a large batch", "one more than large batches"],
)
def test_as_many_threads_are_started_as_there_is_work_for(rows: int, blocks: int, threads: int, busy: int):
    assert int(in_a_process_of_its_own(COUNTED, rows, blocks, threads)) == busy


GROWN = """
import resource
import numpy as np
from tests.engines.test_native_border import block, native, plan, tables

wide = block(plan(sizes=[3, 400, 400, 1]), tables(4_000))  # 8 parts to validate on
small = block(given=tables(900))  # 3 parts
peaks = []
for one in (wide, small):
    one.set_rates(np.full((1, 2), 0.1), 0, 2**62)
for step in range(1, 33):
    for one in (wide, small):
        native.advance([one], [2], step, 1, 60.0)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
gradient = 64 * 400 * 401  # bytes
print((peaks[-1] - peaks[1]) * 1024 // gradient)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is the peak in KiB")
def test_the_room_for_gradients_is_that_of_the_steps_before():
    """Whatever blocks took their turn in between."""
    assert int(in_a_process_of_its_own(GROWN)) < 2  # gradients


def in_a_process_of_its_own(script: str, *arguments: int, stack: str = "8192") -> str:
    """What a script writes; ``stack``: KiB of that of each of its threads."""
    command = ["sh", "-c", f'ulimit -s {stack} && exec "$@"', "sh", sys.executable, "-c", script, *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- threads that the system does not give -------------------------------------------------------

CRAMPED = """
import resource
import sys
from pathlib import Path
from fallline.core.population import Population
from fallline.engines._compiled import instruction_set, required
from fallline.engines.native import Native
from fallline.engines.protocol import Epoch
from fallline.engines.threads import threads
from tests.engines.runs import assert_all_same, recipe
from tests.reference.sets import dataset

def refused(act, *arguments):
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + 160 * 2**20, most))  # room for two stacks
    try:
        act(*arguments)
    except (RuntimeError, MemoryError):
        return True
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return False

rows, batch_size, count = map(int, sys.argv[1:])
population = Population(tuple(recipe(widths=(4 + i,), batch_size=batch_size, epochs=3) for i in range(count)))
training = Native().start(population, dataset(rows=(rows, 50, 0)))
with threads(8):
    assert refused(training.advance, Epoch(3))
assert refused(required().peak, instruction_set(), 8, 0.001)
training.advance(Epoch(3))
fresh = Native().start(population, dataset(rows=(rows, 50, 0)))
fresh.advance(Epoch(3))
assert_all_same(training.trained(), fresh.trained())
print("whole", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it known how much memory to leave")
@pytest.mark.parametrize(
    ("rows", "batch_size", "count"), [(50, 16, 8), (4_000, 4_000, 1)], ids=["a block each", "a batch of all"]
)
def test_threads_that_the_system_does_not_give_are_an_error_and_leave_everything_whole(
    rows: int, batch_size: int, count: int
):
    assert in_a_process_of_its_own(CRAMPED, rows, batch_size, count, stack="65536") == "whole\n"
