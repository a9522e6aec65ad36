"""Fixtures: a working directory with two studies, made once."""

from pathlib import Path

import polars as pl
import pytest

import fallline as fl

SHORT = {"epochs": 2, "learning_rate": 0.02, "widths": (4,)}


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose ./studies holds ``first`` and ``second``, both of `line`; to be read only."""
    home = tmp_path_factory.mktemp("home")
    for name in ("first", "second"):
        fl.train("line", out=home / "studies" / name, **SHORT)
    return home


@pytest.fixture
def home(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder as the working directory."""
    monkeypatch.chdir(shelf)
    return shelf


@pytest.fixture
def rows() -> pl.DataFrame:
    """New rows for the studies of `line`."""
    return pl.DataFrame({"x": [-1.0, 0.0, 0.5]})
