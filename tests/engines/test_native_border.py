"""What comes into the compiled module is looked at: nonsense is a Python exception with a sentence, never a crash."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fallline.engines._compiled import compiled
from tests.engines.parity import needs_native

pytestmark = needs_native
native: Any = compiled()
ISA = native.instruction_sets()[0] if native else ""
NONSENSE = (ValueError, TypeError, IndexError, KeyError, OverflowError, RuntimeError)


def plan(**changes) -> dict:
    """A plan of two runs of 3-4-1, trained by sgd."""
    fields = {
        "sizes": [3, 4, 1],
        "activation": "relu",
        "activation_options": [],
        "loss": "mse",
        "loss_options": [],
        "full": False,
        "sums": False,
        "dropout": [],
        "optimizer": "sgd",
        "optimizer_options": {"momentum": [0.0, 0.0], "dampening": [0.0, 0.0], "weight_decay": [0.0, 0.0]},
        "optimizer_flags": {"nesterov": False},
        "clip_norm": [],
        "clip_value": [],
        "batch_size": 4,
        "epochs": 2,
        "patience": [0, 0],
        "seeds": [0, 1],
    }
    return {**fields, **changes}


def numbers(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.linspace(-1, 1, math.prod(shape)).reshape(shape).astype(dtype)


def tables(rows: int = 10, features: int = 3, columns: int = 1, dtype: type = np.float32) -> list[np.ndarray]:
    return [numbers(rows, features, dtype=dtype), numbers(rows, columns, dtype=dtype)] * 2


def block(fields: dict | None = None, given: list | None = None, weights: list | None = None, isa: str = ISA) -> Any:
    return native.Block32(
        plan() if fields is None else fields, tables() if given is None else given, weights or [], isa
    )


def test_a_sensible_block_is_trained():
    sensible = block()
    sensible.set_rates(np.full((1, 2), 0.1), 0, 2**62)
    native.advance([sensible], [2], 2**62, 1, 1.0)
    assert [sensible.end(lane) for lane in range(2)] == [native.End.finished] * 2


def test_blocks_take_turns_so_that_small_networks_get_further():
    wide, narrow = (block(plan(sizes=[3, width, 1], epochs=10**9), tables(1_000)) for width in (256, 4))
    for one in (wide, narrow):
        one.set_rates(np.full((1, 2), 0.1), 0, 2**62)
    native.advance([wide, narrow], [10**9] * 2, 2**62, 1, 0.3)  # one thread, for either
    assert 0 < 2 * wide.steps < narrow.steps


def cases(given: dict[str, Any]) -> list:
    """All of ``given``, by name."""
    return [pytest.param(value, id=name) for name, value in given.items()]


PLANS: dict[str, dict] = {
    "no sizes": plan(sizes=[]),
    "one size": plan(sizes=[3]),
    "a layer without units": plan(sizes=[3, 0, 1]),
    "a layer of less than none": plan(sizes=[3, -4, 1]),
    "a layer beyond all measure": plan(sizes=[3, 2**30, 1]),
    "a size that is no int": plan(sizes=[3, 2**40, 1]),
    "a size that is a text": plan(sizes=["3", "1"]),
    "other features": plan(sizes=[5, 4, 1]),
    "other outputs": plan(sizes=[3, 4, 2]),
    "an unknown activation": plan(activation="swoosh"),
    "an activation that is no text": plan(activation=3),
    "an option too many for the activation": plan(activation_options=[[1.0, 1.0]]),
    "an option too few for the activation": plan(activation="elu"),
    "an option of one run for the activation": plan(activation="elu", activation_options=[[1.0]]),
    "an unknown loss": plan(loss="gain"),
    "an option too many for the loss": plan(loss_options=[[1.0, 1.0]]),
    "an option too few for the loss": plan(loss="huber"),
    "an option of three runs for the loss": plan(loss="huber", loss_options=[[1.0, 1.0, 1.0]]),
    "a weight too few": plan(loss="cross_entropy", sizes=[3, 4, 2], loss_options=[[0.0, 0.0], [1.0, 1.0]]),
    "an odd number of outputs for two each": plan(loss="gaussian_nll", sizes=[3, 4, 3], loss_options=[[1e-6, 1e-6]]),
    "an unknown optimizer": plan(optimizer="sgdd"),
    "an option too few for the optimizer": plan(optimizer_options={"momentum": [0.0, 0.0]}),
    "an option of one run for the optimizer": plan(
        optimizer_options={"momentum": [0.0], "dampening": [0.0], "weight_decay": [0.0]}
    ),
    "no options of the optimizer's runs": plan(optimizer_options={"momentum": [], "dampening": [], "weight_decay": []}),
    "dropout of one run": plan(dropout=[0.1]),
    "dropout of all units": plan(dropout=[0.1, 1.0]),
    "dropout of less than none": plan(dropout=[-0.1, 0.1]),
    "dropout that is no number": plan(dropout=[math.nan, 0.1]),
    "a norm of one run": plan(clip_norm=[0.1]),
    "values of three runs": plan(clip_value=[0.1, 0.1, 0.1]),
    "an empty batch": plan(batch_size=0),
    "less than an empty batch": plan(batch_size=-3),
    "no epochs": plan(epochs=0),
    "patience of one run": plan(patience=[0]),
    "no runs": plan(seeds=[], patience=[], optimizer_options={"momentum": [], "dampening": [], "weight_decay": []}),
    "a seed below 0": plan(seeds=[-1, 0]),
    "a seed above 2^32": plan(seeds=[2**32, 0]),
    "too many runs": plan(
        seeds=[0] * 17,
        patience=[0] * 17,
        optimizer_options={name: [0.0] * 17 for name in ("momentum", "dampening", "weight_decay")},
    ),
    **{f"no {name}": {key: value for key, value in plan().items() if key != name} for name in plan()},
}


def assert_refused(call: Callable[[], object]) -> None:
    """It raises, and says something."""
    with pytest.raises(NONSENSE) as caught:
        call()
    assert str(caught.value).strip()


@pytest.mark.parametrize(
    "fields",
    cases(
        PLANS,
    ),
)
def test_a_plan_of_nonsense_is_refused(fields: dict):
    assert_refused(lambda: block(fields))


TABLES: dict[str, list] = {
    "none": [],
    "two": tables()[:2],
    "of one axis": [table[:, 0] for table in tables()],
    "of three axes": [table[:, :, None] for table in tables()],
    "without rows": tables(rows=0),
    "without columns": tables(features=0),
    "without targets": tables(columns=0),
    "with more targets than inputs": [numbers(10, 3), numbers(11, 1), *tables()[2:]],
    "with fewer rows to validate on than targets": [*tables()[:2], numbers(9, 3), numbers(10, 1)],
    "with other features to validate on": [*tables()[:2], *tables(features=4)[:2]],
    "with other targets to validate on": [*tables()[:2], *tables(columns=2)[:2]],
    "with no numbers": [None, None, None, None],
}


@pytest.mark.parametrize("given", TABLES.values(), ids=TABLES)
def test_tables_of_nonsense_are_refused(given: list):
    assert_refused(lambda: block(given=given))


WEIGHTS: dict[str, list] = {
    "of training alone": [numbers(10)],
    "too few": [numbers(9), numbers(10)],
    "too few to validate with": [numbers(10), numbers(9)],
    "of two axes": [numbers(10, 1)] * 2,
}


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_weights_of_nonsense_are_refused(weights: list):
    assert_refused(lambda: block(weights=weights))


def test_arrays_of_another_layout_or_dtype_count_as_the_numbers_they_hold():
    expected = block()
    odd = [
        [np.asfortranarray(table) for table in tables()],
        [np.repeat(table, 2, axis=0)[::2] for table in tables()],
        [table.astype(np.float64) for table in tables()],
    ]
    for one in [expected, *(block(given=given) for given in odd)]:
        one.put(0, 0, np.repeat(numbers(21, dtype=np.float64), 2)[::2])
        one.set_rates(np.full((1, 2), 0.1, dtype=np.float32), 0, 2**62)
        native.advance([one], [2], 2**62, 1, 1.0)
        assert np.array_equal(one.take(0, 0), expected.take(0, 0))
        assert one.record(0).validation == expected.record(0).validation


def test_an_instruction_set_that_is_not_there_is_refused():
    assert_refused(lambda: block(isa="mmx"))
    assert_refused(lambda: native.peak("mmx", 1, 0.001))
    assert_refused(lambda: native.outputs(plan(), numbers(1, 21), numbers(5, 3), 1, "mmx"))


def resume_of(recorded: dict[str, Any] | None = None, **changes) -> Callable[[], object]:
    """Taking up a run where something, in its record or beside it, is as `changes` say."""

    def call() -> None:
        taken, record = block(), native.Record()
        for name, value in (recorded or {}).items():
            setattr(record, name, value)
        rest = {"carried": taken.carried(0), "order": taken.order(0), "steps": 0, "position": 0}
        taken.resume(**{"lane": 0, "record": record, **rest, **changes})

    return call


CALLS: dict[str, Callable[[], object]] = {
    "an array before the first": lambda: block().take(-1, 0),
    "an array after the last": lambda: block().take(block().arrays, 0),
    "an array beyond all measure": lambda: block().take(2**40, 0),
    "a lane before the first": lambda: block().take(0, -1),
    "a lane after the last": lambda: block().take(0, 2),
    "an array to put before the first": lambda: block().put(-1, 0, numbers(21)),
    "an array to put after the last": lambda: block().put(99, 0, numbers(21)),
    "a lane to put after the last": lambda: block().put(0, 2, numbers(21)),
    "numbers too few to put": lambda: block().put(0, 0, numbers(20)),
    "numbers too many to put": lambda: block().put(0, 0, numbers(22)),
    "the record of no lane": lambda: block().record(2),
    "the end of no lane": lambda: block().end(-1),
    "the losses of no lane": lambda: block().losses_since(5, 0),
    "the carried numbers of no lane": lambda: block().carried(2),
    "the order of no lane": lambda: block().order(-1),
    "a dropped lane that is none": lambda: block().drop(2),
    "rates of one run": lambda: block().set_rates(np.ones((1, 1)), 0, 1),
    "rates of one axis": lambda: block().set_rates(np.ones(2), 0, 1),
    "rates from before the first step": lambda: block().set_rates(np.ones((9, 2)), -1, 1),
    "rates from after the next step": lambda: block().set_rates(np.ones((9, 2)), 5, 1),
    "rates from beyond all steps": lambda: block().set_rates(np.ones((9, 2)), 2**62, 1),
    "rates that end before the next step": lambda: block().set_rates(np.ones((0, 2)), 0, 1),
    "rates for no steps": lambda: block().set_rates(np.ones((1, 2)), 0, 0),
    "a lane to resume that is none": resume_of(lane=2),
    "an order too short": resume_of(order=np.zeros(624, dtype=np.uint32)),
    "carried numbers too many": resume_of(carried=[1.0, 2.0]),
    "steps of less than none": resume_of(steps=-1),
    "a position of less than none": resume_of(position=-1),
    "a position beyond the rows": resume_of(position=11),
    "a record that is none": resume_of(record=None),
    "a record of losses without those of training": resume_of({"validation": [1.0], "rates": [0.1]}),
    "a record of losses without rates": resume_of({"validation": [1.0], "training": [1.0]}),
    "a record of a run that has ended": lambda: resume_of({"end": native.End.finished})(),
    "no threads": lambda: native.advance([block()], [1], 1, 0, 0.1),
    "threads of less than none": lambda: native.advance([block()], [1], 1, -2, 0.1),
    "epochs too few": lambda: native.advance([block(), block()], [1], 1, 1, 0.1),
    "a block that is none": lambda: native.advance([None], [1], 1, 1, 0.1),
    "something else than a block": lambda: native.advance([3], [1], 1, 1, 0.1),
    "a block that is also the next": lambda: (lambda one: native.advance([one, one], [1, 1], 9, 2, 0.1))(block()),
    "an order of less than none": lambda: native.order(0, -5, 1),
    "an order of too many rows": lambda: native.order(0, 2**31, 1),
    "an order of a seed below 0": lambda: native.order(-1, 5, 1),
    "points of another size": lambda: native.outputs(plan(), numbers(2, 20), numbers(5, 3), 1, ISA),
    "points of one axis": lambda: native.outputs(plan(), numbers(21), numbers(5, 3), 1, ISA),
    "points on no threads": lambda: native.outputs(plan(), numbers(2, 21), numbers(5, 3), 0, ISA),
    "points of an option too few": lambda: native.outputs(
        plan(activation="elu"), numbers(2, 21), numbers(5, 3), 1, ISA
    ),
    "points of other features": lambda: native.outputs(plan(), numbers(2, 21), numbers(5, 4), 1, ISA),
    "losses of other targets": lambda: native.losses(plan(), numbers(2, 21), numbers(5, 3), numbers(5, 2), [], 1, ISA),
    "losses of too few targets": lambda: native.losses(
        plan(), numbers(2, 21), numbers(5, 3), numbers(4, 1), [], 1, ISA
    ),
    "losses of too few weights": lambda: native.losses(
        plan(), numbers(2, 21), numbers(5, 3), numbers(5, 1), [numbers(4)], 1, ISA
    ),
    "losses on no threads": lambda: native.losses(plan(), numbers(2, 21), numbers(5, 3), numbers(5, 1), [], 0, ISA),
    "losses of an option too few": lambda: native.losses(
        plan(loss="huber"), numbers(2, 21), numbers(5, 3), numbers(5, 1), [], 1, ISA
    ),
    "a peak on no threads": lambda: native.peak(ISA, 0, 0.001),
    "a peak on threads of less than none": lambda: native.peak(ISA, -1, 0.001),
}


@pytest.mark.parametrize(
    "call",
    cases(
        CALLS,
    ),
)
def test_a_call_of_nonsense_is_refused(call: Callable[[], object]):
    assert_refused(call)


def test_class_ids_that_are_none_do_not_crash():
    """The catalogue's encodings make none; a class that is not there then has no weight and no loss worth the name."""
    fields = plan(
        loss="cross_entropy",
        sizes=[3, 4, 2],
        loss_options=[[0.0, 0.0]] + [[1.0, 1.0]] * 2,
    )
    for ids in (-1.0, 7.0, math.nan, 1e30):
        odd = block(fields, [numbers(10, 3), np.full((10, 1), ids, dtype=np.float32)] * 2)
        odd.set_rates(np.full((1, 2), 0.1), 0, 2**62)
        native.advance([odd], [2], 2**62, 1, 1.0)


def test_no_points_have_no_outputs_and_no_losses():
    nothing = np.zeros((0, 21), dtype=np.float32)
    assert native.outputs(plan(), nothing, numbers(5, 3), 1, ISA).shape == (0, 5, 1)
    assert native.losses(plan(), nothing, numbers(5, 3), numbers(5, 1), [], 1, ISA).shape == (0,)
    assert native.outputs(plan(), numbers(2, 21), numbers(0, 3), 1, ISA).shape == (2, 0, 1)


def test_nothing_to_advance_is_done_at_once():
    native.advance([], [], 9, 1, 0.1)


def test_a_block_without_rates_waits_for_them():
    waiting = block()
    native.advance([waiting], [2], 2**62, 1, 0.1)
    assert waiting.needs_rates
    assert waiting.steps == 0


def test_a_run_taken_up_before_the_rates_that_are_known_waits_for_its_own():
    taken, steps = block(), 3
    taken.resume(0, native.Record(), taken.carried(0), taken.order(0), steps, 0)
    taken.set_rates(np.ones((1, 2)), steps, 2**62)
    taken.resume(0, native.Record(), taken.carried(0), taken.order(0), 0, 0)
    native.advance([taken], [2], 2**62, 1, 0.1)
    assert taken.needs_rates
    assert taken.steps == 0


def test_arrays_stay_while_a_block_looks_at_them():
    kept = block(given=[numbers(10, 3).copy(), numbers(10, 1).copy(), numbers(10, 3).copy(), numbers(10, 1).copy()])
    junk = [numbers(10, 3) * 1e9 for _ in range(100)]
    kept.set_rates(np.full((1, 2), 0.1), 0, 2**62)
    native.advance([kept], [2], 2**62, 1, 1.0)
    assert len(junk) == 100
    assert all(math.isfinite(loss) for loss in kept.record(0).validation)
