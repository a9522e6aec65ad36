from collections.abc import Callable
from pathlib import Path

import pytest

TABLES = Path(__file__).resolve().parents[3] / "shared/data"


@pytest.fixture
def shared_data() -> Path:
    """The folder of published tables that lies beside the repository, where there is one."""
    if not TABLES.is_dir():
        pytest.skip(f"the published tables are not at {TABLES}")
    return TABLES


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file, and give its path."""

    def write_file(content: str | bytes, *, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file
