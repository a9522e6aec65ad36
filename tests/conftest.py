"""Fixtures of all tests."""

import signal
from pathlib import Path

import pytest

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background would ignore Ctrl-C

TABLES = Path(__file__).resolve().parents[2] / "shared/data"


@pytest.fixture
def shared_data() -> Path:
    """The folder of published tables that lies beside the repository, where there is one."""
    if not TABLES.is_dir():
        pytest.skip("the published tables are not beside the repository, in ../shared/data")
    return TABLES
