"""Seeds: what `torch.manual_seed(seed)` and a generator of the same seed give in a plain script."""

import pytest
import torch
from torch import nn

from fallline.core.seeds import BatchOrder, blank, initialised

SEEDS = [0, 1, 7, 2**32 - 1]
DTYPES = [torch.float32, torch.float64]


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3), nn.Tanh(), nn.Linear(3, 1))


def plainly(seed: int) -> tuple[nn.Sequential, torch.Tensor]:
    """The network of a script that begins with `torch.manual_seed`, and the random state after it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network(), torch.get_rng_state()


def assert_same(module: nn.Module, other: nn.Module) -> None:
    one, two = module.state_dict(), other.state_dict()
    assert list(one) == list(two)
    assert all(one[name].dtype == two[name].dtype and torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_parameters_are_those_of_manual_seed_and_build_in_float32_then_cast(seed: int, dtype: torch.dtype):
    assert_same(initialised(network, seed=seed, dtype=dtype).module, plainly(seed)[0].to(dtype))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_random_state_is_the_plain_scripts_after_building(seed: int):
    assert torch.equal(initialised(network, seed=seed, dtype=torch.float32).random_state, plainly(seed)[1])


def test_seeds_differ():
    weights = [initialised(network, seed=seed, dtype=torch.float32).module[0].weight for seed in SEEDS]
    assert len({weight.sum().item() for weight in weights}) == len(SEEDS)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_callers_random_state_and_default_dtype_are_left_alone(dtype: torch.dtype):
    state = torch.get_rng_state()
    initialised(network, seed=3, dtype=dtype)
    blank(network)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_default_dtype() is torch.float32


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_default_dtype_of_float64_changes_nothing(dtype: torch.dtype):
    torch.set_default_dtype(torch.float64)
    try:
        module = initialised(network, seed=3, dtype=dtype).module
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert_same(module, plainly(3)[0].to(dtype))


def test_a_default_device_changes_nothing():
    with torch.device("meta"):
        module = initialised(network, seed=3, dtype=torch.float32).module
        batches = BatchOrder(rows=10, batch_size=4, seed=3).epoch()
    assert_same(module, plainly(3)[0])
    expected = BatchOrder(rows=10, batch_size=4, seed=3).epoch()
    assert all(torch.equal(batch, other) for batch, other in zip(batches, expected, strict=True))


def test_a_network_that_cannot_be_built_leaves_the_callers_state_alone_too():
    def fail() -> nn.Module:
        torch.rand(3)
        raise RuntimeError("no such layer")

    state = torch.get_rng_state()
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.raises(RuntimeError, match="no such layer"):
            initialised(fail, seed=3, dtype=torch.float32)
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("rows", "batch_size"), [(10, 3), (12, 4), (5, 8), (1, 1), (9, 1)])
def test_batches_are_the_documented_randperm_split(rows: int, batch_size: int, seed: int):
    order = BatchOrder(rows=rows, batch_size=batch_size, seed=seed)
    g = torch.Generator().manual_seed(seed)
    for _ in range(3):
        batches = order.epoch()
        expected = torch.randperm(rows, generator=g).split(batch_size)
        assert len(batches) == len(order) == len(expected)
        assert all(torch.equal(batch, other) for batch, other in zip(batches, expected, strict=True))


def test_drawing_batches_leaves_the_callers_random_state_alone():
    state = torch.get_rng_state()
    BatchOrder(rows=10, batch_size=3, seed=0).epoch()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("rows", "batch_size", "sizes"), [(9, 4, [4, 4]), (10, 4, [4, 4, 2]), (8, 4, [4, 4]), (5, 2, [2, 2]), (3, 8, [3])]
)
def test_only_a_last_batch_of_one_row_is_dropped_where_asked(rows: int, batch_size: int, sizes: list[int]):
    order = BatchOrder(rows=rows, batch_size=batch_size, seed=0, drop_single=True)
    assert [len(batch) for batch in order.epoch()] == sizes
    assert len(order) == len(sizes)


def test_dropping_a_single_row_leaves_all_other_batches_as_they_were():
    kept = BatchOrder(rows=9, batch_size=4, seed=5)
    dropped = BatchOrder(rows=9, batch_size=4, seed=5, drop_single=True)
    for _ in range(3):
        all_batches, batches = kept.epoch(), dropped.epoch()
        assert all(torch.equal(batch, other) for batch, other in zip(batches, all_batches[:2], strict=True))


def test_a_state_goes_on_where_it_was_taken():
    order = BatchOrder(rows=50, batch_size=50, seed=4)
    order.epoch()
    state = order.state()
    expected = [order.epoch()[0] for _ in range(3)]
    another = BatchOrder(rows=50, batch_size=50, seed=99)
    for _ in range(2):  # a state can be gone on from again and again
        another.restore(state)
        assert all(torch.equal(another.epoch()[0], batch) for batch in expected)
