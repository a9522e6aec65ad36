"""Fixtures: the command line in a fresh working directory, and what it works on."""

from pathlib import Path

import polars as pl
import pytest

from fallline.apps.cli.main import main
from tests.apps.command import Command, Ended
from tests.study.jobs import table


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fallline(home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process."""

    def run(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the studies ``kind``, ``price`` and ``hopeless``; to be read only."""
    folder = tmp_path_factory.mktemp("shelf")
    table("kind").write_csv(folder / "kind.csv")
    table("price").write_csv(folder / "price.csv")
    short = ["--epochs", "2", "--widths", "4", "--quiet"]
    for name, options in {"kind": ["--lr", "0.02"], "price": ["--loss", "gaussian_nll", "--lr", "0.02"]}.items():
        arguments = [str(folder / f"{name}.csv"), "--target", name, "--out", str(folder / name)]
        assert main(["train", *arguments, *options, *short]) == 0
    arguments = [str(folder / "kind.csv"), "--target", "kind", "--out", str(folder / "hopeless"), "--lr", "1e30"]
    assert main(["train", *arguments, *short]) == 2
    return folder


@pytest.fixture
def rows(home: Path) -> Path:
    """A file of 12 new rows."""
    path = home / "new.csv"
    new: pl.DataFrame = table().head(12)
    new.write_csv(path)
    return path
