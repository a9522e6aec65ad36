"""Fixtures of the tests that every engine must pass."""

import pytest

from fallline.data.dataset import Dataset
from fallline.engines.chooser import ENGINES
from fallline.engines.protocol import Engine
from tests.reference.sets import dataset


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


@pytest.fixture(scope="session")
def data() -> Dataset:
    """A regression: 50 rows to train on, 23 to validate on."""
    return dataset()
