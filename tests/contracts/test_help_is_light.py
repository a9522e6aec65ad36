"""`fallline --help` answers at once, as it imports nothing heavy; imports are asserted here, never times."""

import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "plotly", "polars", "pyarrow", "scipy", "sklearn", "torch")
SCRIPT = """
import sys
sys.argv = ["fallline", *sys.argv[1:]]
from fallline.apps.cli.main import main
try:
    code = main()
except SystemExit as end:
    code = end.code
print("exit code", code or 0, file=sys.stderr)
print("heavy", *(name for name in HEAVY if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        *([verb, "--help"] for verb in ("train", "compare", "check", "predict", "studies", "catalog")),
    ],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(arguments: list[str]):
    code = f"HEAVY = {HEAVY!r}\n{SCRIPT}"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, encoding="utf-8")
    assert done.stderr.splitlines()[-2:] == ["exit code 0", "heavy"], done.stderr
    assert done.stdout.strip()
