"""Fixtures of the tests that every engine must pass."""

import pytest

from fallline.data.dataset import Dataset
from fallline.engines.chooser import ENGINES
from fallline.engines.protocol import Engine
from tests.reference.sets import dataset


# `native` refuses some of what the tests train: `auto` gives it all that it takes.
@pytest.fixture(params=["auto", "loop"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


@pytest.fixture(scope="session")
def data() -> Dataset:
    """A regression: 50 rows to train on, 23 to validate on."""
    return dataset()
