"""A run of the compiled engine has the same bits in any block, thread count or population, whole or resumed."""

from __future__ import annotations

import dataclasses
import math

import pytest
import safetensors.torch
import torch

from fallline.catalogue.criteria import Criterion
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import initialised
from fallline.core.task import Task
from fallline.data.dataset import Dataset
from fallline.engines import _native_training
from fallline.engines._native_training import NativeTraining
from fallline.engines.loop import feed, network_of
from fallline.engines.protocol import Epoch, Progress, Step, Trained
from fallline.engines.threads import threads
from tests import tolerances
from tests.engines.parity import LOOP, NATIVE, needs_native
from tests.engines.runs import assert_all_same, assert_same, recipe, train
from tests.reference.sets import dataset

pytestmark = needs_native

EPOCHS = 25
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def rate(place: int) -> float:
    return 0.002 * 1.2**place


def ladder(count: int, *, seeds: int = 1, **fields) -> list[Recipe]:
    """Runs of one kind that differ in rates, decays and seeds."""
    chosen = {"optimizer": "adamw", "epochs": EPOCHS, "schedule": "cosine", "widths": (7, 5), **fields}
    return [
        recipe(
            learning_rate=rate(place), optimizer_options={"weight_decay": 0.01 * place}, seed=place % seeds, **chosen
        )
        for place in range(count)
    ]


def impatient(count: int = 40, **fields) -> list[Recipe]:
    """Runs of one kind most of which stop early, each at its own time."""
    patience = [1 + place % 4 for place in range(count)]
    recipes = ladder(count, seeds=7, schedule="constant", **fields)
    return [one.replace(patience=wait, epochs=60) for one, wait in zip(recipes, patience, strict=True)]


def alone(recipes: list[Recipe], data: Dataset) -> list[Trained]:
    return [train(NATIVE, one, data)[0] for one in recipes]


# --- blocks --------------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("seeds", [1, 3], ids=["one seed", "mixed seeds"])
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_a_run_among_15_others_is_that_run_alone(dtype: str, seeds: int, weighted: bool):
    data, recipes = dataset(weighted=weighted), ladder(16, seeds=seeds, dtype=dtype)
    assert_all_same(train(NATIVE, recipes, data), alone(recipes, data))


@DTYPES
def test_a_run_among_many_is_that_run_alone_whatever_its_place(data: Dataset, dtype: str):
    """More than fill two blocks of one seed, and a rest of mixed ones."""
    recipes = [*ladder(37, dtype=dtype), *ladder(9, seeds=9, dtype=dtype)]
    found = train(NATIVE, recipes, data)
    assert_all_same(found, alone(recipes, data))
    assert_all_same(reversed(train(NATIVE, recipes[::-1], data)), found)


def test_runs_that_differ_in_everything_that_a_block_allows_are_each_as_alone(data: Dataset):
    recipes = [
        recipe(
            optimizer="sgd",
            optimizer_options={"momentum": 0.05 * place + 0.1, "dampening": 0.02 * place},
            activation="leaky_relu",
            activation_options={"negative_slope": 0.05 * place},
            loss="huber",
            loss_options={"delta": 0.2 + 0.1 * place},
            clip_norm=0.1 + 0.1 * place,
            clip_value=0.5 / (1 + place),
            learning_rate=rate(place),
            schedule="one_cycle",
            schedule_options={"pct_start": 0.1 + 0.05 * place},
            warmup=0.01 + 0.03 * place,
            dropout=0.02 * (1 + place),
            patience=3 + place,
        )
        for place in range(12)
    ]
    assert len(NATIVE.start(Population(tuple(recipes)), data)._blocks) == 1
    assert_all_same(train(NATIVE, recipes, data), alone(recipes, data))


@pytest.mark.parametrize(
    "fields",
    [
        [{"initialization": name} for name in ("default", "orthogonal", "kaiming_normal")],
        [
            {
                "initialization": "kaiming_normal",
                "activation": "leaky_relu",
                "activation_options": {"negative_slope": slope},
            }
            for slope in (0.0, 0.5, 1.0)
        ],
    ],
    ids=["initialization", "the slope that it goes by"],
)
def test_runs_that_are_initialised_otherwise_are_each_as_alone(data: Dataset, fields: list[dict]):
    recipes = [recipe(**each) for each in fields]
    assert_all_same(train(NATIVE, recipes, data), alone(recipes, data))


def test_momentum_of_some_does_not_touch_those_without(data: Dataset):
    options = [{"momentum": momentum} for momentum in (0.0, 0.9, 0.0, 0.5)]
    for optimizer in ("sgd", "rmsprop"):
        recipes = [recipe(optimizer=optimizer, optimizer_options=each, learning_rate=0.01) for each in options]
        assert_all_same(train(NATIVE, recipes, data), alone(recipes, data))


@DTYPES
@pytest.mark.parametrize("loss", ["cross_entropy", "nll", "focal"])
def test_class_weights_of_some_do_not_touch_those_without(dtype: str, loss: str):
    data = dataset(Task.multiclass, weighted=True)
    given: list[dict] = [{}, {"weight": (1.0, 2.0, 0.5)}, {}]
    recipes = [recipe(Task.multiclass, loss=loss, loss_options=each, dtype=dtype) for each in given]
    assert len(NATIVE.start(Population(tuple(recipes)), data)._blocks) == 1
    assert_all_same(train(NATIVE, recipes, data), alone(recipes, data))


# --- threads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_number_of_threads_changes_nothing(data: Dataset, count: int):
    recipes = [*ladder(20, seeds=2), *ladder(20, dtype="float64")]
    expected = train(NATIVE, recipes, data)
    with threads(count):
        assert_all_same(train(NATIVE, recipes, data), expected)


@DTYPES
def test_threads_that_share_a_large_batch_change_nothing(dtype: str):
    data = dataset(rows=(1500, 700, 0))
    chosen = recipe(batch_size=700, widths=(9,), dtype=dtype, clip_norm=0.5, dropout=0.1)
    with threads(1):
        expected = train(NATIVE, chosen, data)
    for count in (2, 3, 5):
        with threads(count):
            assert_all_same(train(NATIVE, chosen, data), expected)


# --- blocks put together -------------------------------------------------------------------------


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many blocks were put together each time that some were."""
    counts: list[int] = []
    put = NativeTraining._put_together

    def counted(training: NativeTraining, blocks) -> None:
        counts.append(len(blocks))
        put(training, blocks)

    monkeypatch.setattr(NativeTraining, "_put_together", counted)
    return counts


@DTYPES
@pytest.mark.parametrize(
    "pauses", [[Epoch(epoch) for epoch in range(1, 61)], [Step(step) for step in range(3, 241, 3)]]
)
def test_blocks_that_were_put_together_leave_every_run_as_it_is_alone(
    data: Dataset, dtype: str, pauses: list[Epoch | Step], together: list[int]
):
    """Within an `advance` they are looked at every 40 ms, in which these runs are done: so there are many."""
    recipes = impatient(dtype=dtype)
    training = NATIVE.start(Population(tuple(recipes)), data)
    for until in pauses:
        training.advance(until)
    assert together
    assert {run.outcome for run in training.trained()} >= {Outcome.stopped}
    assert_all_same(training.trained(), alone(recipes, data))


def test_blocks_that_are_apart_wait_for_each_other(data: Dataset, monkeypatch: pytest.MonkeyPatch, together: list[int]):
    """Rounds so short that blocks of one kind are at different epochs when they become thin."""
    monkeypatch.setattr(_native_training, "_FIRST_ROUND", 0.0)
    monkeypatch.setattr(_native_training, "_ROUND", 0.0)
    recipes = [one.replace(patience=2 + place % 9) for place, one in enumerate(impatient(widths=(40, 40)))]
    assert_all_same(train(NATIVE, recipes, data), alone(recipes, data))
    assert together


def test_ctrl_c_while_blocks_are_put_together_loses_no_run(data: Dataset, monkeypatch: pytest.MonkeyPatch):
    recipes = impatient()
    training = NATIVE.start(Population(tuple(recipes)), data)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(NativeTraining, "_resumed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            advance_by_epochs(training)
    assert len(training.trained()) == len(recipes)
    advance_by_epochs(training)
    assert_all_same(training.trained(), alone(recipes, data))


def advance_by_epochs(training: NativeTraining) -> None:
    for epoch in range(1, 61):
        training.advance(Epoch(epoch))


def test_halving_leaves_the_others_as_they_are_alone(data: Dataset):
    recipes = ladder(40, seeds=3)
    training = NATIVE.start(Population(tuple(recipes)), data)
    for epoch, kept in ((3, 20), (6, 9), (10, 2)):
        training.advance(Epoch(epoch))
        training.drop([run for run in range(40) if run * 7 % 40 >= kept])
    training.advance(Epoch(EPOCHS))
    for one, run in zip(recipes, training.trained(), strict=True):
        if run.outcome is Outcome.finished:
            assert_same(run, train(NATIVE, one, data)[0])
    assert sum(run.outcome is Outcome.finished for run in training.trained()) == 2


# --- states --------------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("until", [Step(1), Step(6), Epoch(3), Step(15), Epoch(9)], ids=str)
def test_a_population_goes_on_from_a_file_bit_for_bit(data: Dataset, dtype: str, until: Epoch | Step):
    """In the middle of an epoch and at its end, some runs having stopped."""
    recipes = impatient(24, dtype=dtype)
    training = NATIVE.start(Population(tuple(recipes)), data)
    training.advance(until)
    stored = safetensors.torch.load(safetensors.torch.save(training.state()))
    resumed = NATIVE.start(Population(tuple(recipes)), data, stored)
    for going in (training, resumed):
        going.advance(Epoch(60))
    assert_all_same(resumed.trained(), training.trained())
    assert_all_same(resumed.trained(), train(NATIVE, recipes, data))


@pytest.mark.parametrize("until", [Step(6), Epoch(3)], ids=str)
def test_one_run_taken_out_of_a_population_goes_on_alone(data: Dataset, until: Epoch | Step):
    recipes = ladder(20, seeds=4)
    training = NATIVE.start(Population(tuple(recipes)), data)
    training.advance(until)
    state = {name.replace("13/", "0/", 1): value for name, value in training.state().items() if name.startswith("13/")}
    taken = NATIVE.start(Population((recipes[13],)), data, state)
    taken.advance(Epoch(EPOCHS))
    assert_all_same(taken.trained(), train(NATIVE, recipes[13], data))


# --- diverging -----------------------------------------------------------------------------------


@DTYPES
def test_a_run_that_diverges_ends_where_the_loops_does_and_harms_none_of_its_block(data: Dataset, dtype: str):
    calm = [recipe(optimizer="sgd", learning_rate=rate(place), dtype=dtype, epochs=20) for place in range(14)]
    wild = [calm[0].replace(learning_rate=high) for high in (1e6, 1e12, 1e30)]
    recipes = [*calm[:5], wild[0], *calm[5:11], *wild[1:], *calm[11:]]
    found = train(NATIVE, recipes, data)
    beside = {one.key: run for one, run in zip(recipes, found, strict=True)}
    assert_all_same([beside[one.key] for one in calm], train(NATIVE, calm, data))
    for one in wild:
        run, (expected,) = beside[one.key], train(LOOP, one, data)
        assert run.outcome is expected.outcome is Outcome.diverged
        assert (run.steps, run.best_epoch) == (expected.steps, expected.best_epoch)
        assert len(run.training_losses) == len(expected.training_losses)


def test_a_divisor_of_zero_ends_a_run_as_on_the_loop(data: Dataset):
    """Dead units have no gradient, and without an eps that is 0 / 0."""
    recipes = [
        recipe(optimizer=optimizer, optimizer_options={"eps": 0.0}, learning_rate=0.02, widths=(40,), dtype="float64")
        for optimizer in ("adam", "adamw", "rmsprop", "adagrad", "adadelta", "nadam", "adamax")
    ]
    data = zeroed(data)
    for one, run, expected in zip(recipes, train(NATIVE, recipes, data), train(LOOP, recipes, data), strict=True):
        assert (run.outcome, run.steps) == (expected.outcome, expected.steps), one.optimizer


def zeroed(data: Dataset) -> Dataset:
    """The same rows, whose last input says nothing: its weights have no gradient."""
    splits = {}
    for part in ("train", "validation", "test"):
        split = getattr(data, part)
        inputs = split.inputs.clone()
        inputs[:, 4] = 0
        splits[part] = dataclasses.replace(split, inputs=inputs)
    return dataclasses.replace(data, **splits)


# --- watching ------------------------------------------------------------------------------------


def test_an_observer_is_told_the_same_as_on_the_loop(data: Dataset):
    """Of each run, in order: finished ones, stopped ones, and one that diverges."""
    recipes = [
        *[one.replace(epochs=12, learning_rate=0.05) for one in impatient(20, dtype="float64")],
        recipe(optimizer="sgd", learning_rate=1e30, epochs=12, dtype="float64"),
        recipe(optimizer="sgd", learning_rate=1e300, batch_size=50, epochs=12, dtype="float64"),
    ]
    told: list[list[Progress]] = []
    for engine in (NATIVE, LOOP):
        told.append([])
        engine.start(Population(tuple(recipes)), data).advance(Epoch(12), told[-1].append)
    for run in range(len(recipes)):
        found, expected = ([event for event in events if event.run == run] for events in told)
        for one, other in zip(found, expected, strict=True):
            assert (one.epoch, one.steps, one.outcome) == (other.epoch, other.steps, other.outcome)
            for loss, wanted in (one.training_loss, other.training_loss), (one.validation_loss, other.validation_loss):
                assert (loss is None) == (wanted is None)
                if wanted is not None and math.isfinite(wanted):
                    assert loss == pytest.approx(wanted, rel=tolerances.WALKED_BY_OTHERS_64)
                elif wanted is not None:
                    assert not math.isfinite(loss or 0.0)
    assert {event.outcome for event in told[0]} == {
        Outcome.running,
        Outcome.finished,
        Outcome.stopped,
        Outcome.diverged,
    }


# --- points --------------------------------------------------------------------------------------


@DTYPES
def test_a_point_has_the_same_outputs_and_loss_beside_any_others_and_on_any_threads(dtype: str):
    data, chosen = dataset(weighted=True), recipe(widths=(9, 4), activation="gelu", dtype=dtype)
    network, rows = network_of(chosen, data), feed(chosen, data, data.train)
    criterion = Criterion(chosen, dtype=getattr(torch, dtype))
    states = [
        initialised(network.build, seed=seed, dtype=getattr(torch, dtype)).module.state_dict() for seed in range(35)
    ]
    points = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    outputs, losses = NATIVE.outputs(network, points, rows.inputs), NATIVE.evaluate(network, points, rows, criterion)
    for one in (0, 15, 16, 34):
        single = {name: value[one : one + 1] for name, value in points.items()}
        assert torch.equal(NATIVE.outputs(network, single, rows.inputs)[0], outputs[one])
        assert torch.equal(NATIVE.evaluate(network, single, rows, criterion)[0], losses[one])
    for count in (1, 3):
        with threads(count):
            assert torch.equal(NATIVE.outputs(network, points, rows.inputs), outputs)
            assert torch.equal(NATIVE.evaluate(network, points, rows, criterion), losses)
