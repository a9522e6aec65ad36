"""What users can write is documented: every option of the command line, every public name."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import fallline
from fallline.apps.cli.main import app
from fallline.catalogue.registry import KINDS, flags

ROOT = Path(__file__).resolve().parents[2]
COMMAND_LINE = typer.main.get_command(app)
EVERYWHERE = {"--help", "--install-completion", "--show-completion"}
ON_CARDS = {flag for kind in KINDS for flag in flags(kind)}
"""Flags of the catalogue's options: they stand on the cards, from which pages are made."""


def parameters() -> Iterator[tuple[str, str, object]]:
    """Each parameter of the command line: its verb, its name as users write it, and itself."""
    for verb, command in {"fallline": COMMAND_LINE, **COMMAND_LINE.commands}.items():
        for parameter in command.params:
            for name in parameter.opts:
                if name.startswith("--") and name not in EVERYWHERE | ON_CARDS:
                    yield verb, name, parameter
                elif not name.startswith("-"):
                    yield verb, name.upper(), parameter


PARAMETERS = [pytest.param(*found, id=" ".join(found[:2])) for found in parameters()]


def section(page: str, heading: str) -> str:
    """The part of a page under the second-level heading that names the verb."""
    parts = re.split(r"^## ", page, flags=re.MULTILINE)
    return next((part for part in parts[1:] if re.match(rf"`?{re.escape(heading)}\b", part)), "")


@pytest.mark.parametrize(("verb", "name", "parameter"), PARAMETERS)
def test_a_parameter_says_what_it_is_for_and_is_on_its_verbs_part_of_the_page(verb, name, parameter):
    assert (parameter.help or "").strip()
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    part = section(page, verb) if verb in COMMAND_LINE.commands else page
    if "It takes the flags of [train](#train)" in part:
        part += section(page, "train")
    assert re.search(rf"{name}(?![\w-])", part)


@pytest.mark.parametrize("verb", COMMAND_LINE.commands)
def test_a_verb_says_what_it_does_and_has_its_part_of_the_page(verb: str):
    assert (COMMAND_LINE.commands[verb].help or "").strip()
    assert section((ROOT / "docs/cli.md").read_text(encoding="utf-8"), verb)


@pytest.mark.parametrize("name", fallline.__all__)
def test_a_public_name_is_on_the_python_page(name: str):
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    assert re.search(rf"\bfallline\.{re.escape(name)}$", page, flags=re.MULTILINE)


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    strict = ["-q", "-E", "-W", "--keep-going", "-n"]
    folders = ["-d", tmp_path / "doctrees", ROOT / "docs", tmp_path / "html"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *strict, "-b", "html", *folders],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
