"""Which engine trains a population."""

import pytest

from fallline.catalogue.networks import Feedforward
from fallline.core.errors import UnknownNameError
from fallline.core.population import Population
from fallline.data.dataset import Dataset
from fallline.engines._cost import worth_lanes
from fallline.engines._plans import LANES
from fallline.engines.chooser import ENGINES, choose
from tests.engines.parity import needs_native
from tests.engines.runs import recipe, train
from tests.reference.sets import dataset

AUTO = ENGINES["auto"]
WIDE = {"widths": (256, 256), "batch_size": 512}


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_is_found_by_its_name(name: str):
    assert choose(name) is ENGINES[name]
    assert choose(name).name == name


def test_auto_is_chosen_where_nothing_is_said():
    assert choose() is ENGINES["auto"]


def test_an_engine_that_does_not_exist_suggests_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        choose("lopp")
    assert str(caught.value) == (
        "choosing the engine: there is no engine named 'lopp'.\n"
        f"  expected  one of {', '.join(ENGINES)}\n"
        "  do        did you mean 'loop'?"
    )


# --- few runs of wide networks -------------------------------------------------------------------


@pytest.fixture(scope="module")
def many_rows() -> Dataset:
    return dataset(rows=(600, 20, 0))


def runs(count: int, **fields) -> Population:
    return Population(tuple(recipe(learning_rate=1e-3 * (1 + place), **fields) for place in range(count)))


def taken_from(sizes: tuple[int, ...], rows: int, dtype: str = "float32") -> int:
    """From how many runs on the compiled engine is taken."""
    inputs, *widths, outputs = sizes
    network = Feedforward(inputs=inputs, widths=tuple(widths), outputs=outputs)
    return next(count for count in range(1, 99) if worth_lanes(network, rows=rows, dtype=dtype, runs=count))


@pytest.mark.parametrize(
    ("sizes", "rows", "count"),
    [
        ((5, 5, 5, 1), 32, 1),
        ((13, 64, 64, 1), 32, 1),
        ((30, 128, 128, 2), 32, 1),
        ((13, 64, 64, 1), 512, 3),
        ((30, 128, 128, 2), 256, 5),
        ((784, 128, 10), 64, 4),
        ((784, 512, 10), 256, 14),
        ((100, 512, 512, 10), 64, 10),
        ((100, 1024, 1024, 10), 512, 16),
    ],
)
def test_lanes_are_worth_it_from_so_many_runs_on_as_was_measured(sizes: tuple[int, ...], rows: int, count: int):
    assert taken_from(sizes, rows) == count


@pytest.mark.parametrize("dtype", LANES)
def test_as_many_runs_as_fill_a_block_are_worth_it_however_wide(dtype: str):
    assert taken_from((10**4, 10**4, 10**4), 10**5, dtype) == LANES[dtype]


@needs_native
def test_auto_gives_few_runs_of_a_wide_network_to_the_loop(many_rows: Dataset):
    assert AUTO.serving(runs(1, **WIDE), many_rows) == "loop"
    assert AUTO.serving(runs(16, **WIDE), many_rows) == "native"
    assert AUTO.serving(runs(6, dtype="float64", **WIDE), many_rows) == "loop"
    assert AUTO.serving(runs(8, dtype="float64", **WIDE), many_rows) == "native"


@needs_native
def test_a_batch_has_no_more_rows_than_there_are(data: Dataset):
    assert AUTO.serving(runs(8, widths=(256, 256), batch_size=50), data) == "native"
    assert AUTO.serving(runs(8, **WIDE), data) == "native"


@needs_native
def test_only_runs_that_may_share_a_block_count_as_many(many_rows: Dataset):
    unlike = [recipe(activation=name, **WIDE) for name in ("relu", "tanh", "gelu", "silu", "elu", "mish") * 3]
    assert AUTO.serving(Population(tuple(unlike)), many_rows) == "loop"
    refused = runs(15, normalization="layer", **WIDE)
    assert AUTO.serving(Population((*refused, *runs(1, **WIDE))), many_rows) == "loop"
    narrow = runs(1, widths=(8,), batch_size=32)
    assert AUTO.serving(Population((*narrow, *runs(1, **WIDE))), many_rows) == "native + loop"


@needs_native
@pytest.mark.parametrize("name", ["native", "loop"])
def test_an_engine_that_was_asked_for_trains_what_auto_would_give_to_another(many_rows: Dataset, name: str):
    for population in (runs(1, **WIDE), runs(2, widths=(4,), batch_size=64)):
        assert ENGINES[name].serving(population, many_rows) == name
        assert len(train(ENGINES[name], [one.replace(epochs=1) for one in population], many_rows)) == len(population)
