"""Makes a test of every example on README.md and docs/: Python blocks run, and console blocks do too.

The blocks of a page share a namespace and a working directory of their own, which is thrown away afterwards.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from _pytest.doctest import DoctestItem  # pytest has no public name for it
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

SCRIPT = Path(sys.executable).with_name("fallline")
ALIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

# No deadlines, as a slow machine is no mistake, and the same examples every time.
hypothesis.settings.register_profile("fallline", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("fallline")


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what the page shows beneath it."""
    joined = block.replace("\\\n", " ")
    for part in re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run_console(example: Example) -> str | None:
    """Run a console block; what is shown is compared only where it says `...` for what may differ."""
    for command, shown in commands(example.parsed):
        program, *arguments = shlex.split(command, comments=True)
        if program != "fallline":
            return f"A console block holds fallline commands only; write this one in a sh block: {command}"
        done = subprocess.run([SCRIPT, *arguments], capture_output=True, encoding="utf-8")
        if done.returncode != 0:
            return f"$ {command}\nended with exit code {done.returncode}\n{done.stdout}{done.stderr}"
        if "..." in shown and not doctest.OutputChecker().check_output(shown, done.stdout, ALIKE):
            return f"$ {command}\nprinted\n{done.stdout}\nand the page shows\n{shown}"
    return None


def enter_folder(namespace: dict) -> None:
    namespace["_home"] = os.getcwd()
    namespace["_folder"] = tempfile.TemporaryDirectory()
    os.chdir(namespace["_folder"].name)


def leave_folder(namespace: dict) -> None:
    os.chdir(namespace["_home"])
    namespace["_folder"].cleanup()


@pytest.fixture(autouse=True)
def own_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the examples in docstrings where they may leave files behind."""
    if isinstance(request.node, DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ALIKE), CodeBlockParser("console", run_console)],
    patterns=["README.md", "docs/*.md"],
    excludes=["docs/rules.md"],  # generated; its examples run in tests/checks
    setup=enter_folder,
    teardown=leave_folder,
).pytest()
