"""`fallline catalog`: a list without torch, a card with its picture, a page, or JSON."""

import json
import os
import subprocess
import sys

import pytest

from fallline.apps.cli.main import main

HEAVY = ("numpy", "plotly", "polars", "sklearn", "torch")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["catalog", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_everything_is_listed_by_kind(capsys):
    code, out, err = run(capsys)
    assert code == 0
    for heading in ("losses", "optimizers", "schedules", "activations", "initializations", "normalizations"):
        assert f"\n{heading}\n" in f"\n{out}"
    assert "fallline catalog NAME" in err


def test_a_kind_is_listed_alone_with_the_tasks_of_losses(capsys):
    code, out, _ = run(capsys, "losses")
    assert code == 0
    assert "for regression" in out
    assert "optimizers" not in out
    assert "CTCLoss: it aligns sequences" in out


def test_a_card_is_shown_with_its_formula_and_picture(capsys):
    code, out, err = run(capsys, "adam")
    assert (code, err) == (0, "")
    for part in (
        "adam  optimizer, torch.optim.Adam",
        "m ← β₁ m + (1 − β₁) g",
        "60 steps down a ravine",
        "--beta1",
        "Kingma",
    ):
        assert part in out
    assert any(0x2800 <= ord(mark) < 0x2900 for mark in out)


def test_json_is_one_object(capsys):
    code, out, err = run(capsys, "HuberLoss", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["name"] == "huber"
    assert len(json.loads(run(capsys, "schedules", "--json")[1])["cards"]) > 3


def test_a_page_is_written_and_said(capsys, tmp_path):
    path = tmp_path / "relu.html"
    code, out, err = run(capsys, "relu", "--plot", str(path))
    assert (code, out) == (0, "")
    assert "relu.html" in err.replace("\n", "")
    assert path.stat().st_size > 1e6
    assert json.loads(run(capsys, "relu", "--plot", str(path), "--json")[1])["name"] == "relu"


@pytest.mark.parametrize(("name", "answer"), [("adm", "did you mean 'adam'"), ("GLU", "GLU is left out: it gates")])
def test_an_unknown_name_is_answered_in_the_house_form(capsys, name: str, answer: str):
    code, out, err = run(capsys, name)
    assert (code, out) == (2, "")
    assert err.startswith(f"looking up {name} in the catalogue: ")
    assert answer in err


@pytest.mark.parametrize("arguments", [[], ["optimizers"], ["adam", "--json"], ["adm"], ["--help"]], ids=" ".join)
def test_lists_and_data_import_nothing_heavy(arguments: list[str]):
    code = (
        "import sys\nfrom fallline.apps.cli.main import main\n"
        f"try:\n    main(['catalog', *{arguments!r}])\nexcept SystemExit:\n    pass\n"
        f"print('heavy', *(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.stderr.splitlines()[-1] == "heavy", done.stderr


def test_an_old_terminal_gets_ascii():
    code = "from fallline.apps.cli.main import main; main(['catalog', 'huber'])"
    surroundings = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=surroundings, check=True)
    assert done.stdout.isascii()
    assert b"?" not in done.stdout
    assert b"**" in done.stdout
