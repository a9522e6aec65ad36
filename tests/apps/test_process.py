"""The real executable: its exit codes, Ctrl-C, and readers that go away."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fallline as fl
from fallline.core.outcome import Outcome
from tests.apps.command import SCRIPT, Ended, is_house_form
from tests.study.jobs import FILES

LONG = ["train", "line", "--epochs", "100000", "--patience", "100000", "--widths", "4", "--batch-size", "600"]
POLL_SECONDS, POLLS = 0.2, 2_000  # how long a machine may take that has much else to do


def run(*arguments: str) -> Ended:
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, encoding="utf-8")
    return Ended(done.returncode, done.stdout, done.stderr)


class Watched:
    """A command whose standard error is a terminal that is read as it is written."""

    def __init__(self, *arguments: str) -> None:
        pty = pytest.importorskip("pty", reason="only Unix has terminals of this kind")
        self._terminal, theirs = pty.openpty()
        self.process = subprocess.Popen([SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=theirs, encoding="utf-8")
        os.close(theirs)
        self.shown = b""

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()  # does nothing if it has ended, as it should have
        self.process.communicate()
        os.close(self._terminal)

    def read_until(self, text: str | None) -> None:
        """Read what the terminal shows until there is ``text``, or to the end."""
        for _ in range(POLLS):
            if text is not None and text.encode() in self.shown:
                return
            if select.select([self._terminal], [], [], POLL_SECONDS)[0]:
                try:
                    self.shown += os.read(self._terminal, 65536)
                except OSError:  # the other end is closed
                    return
        pytest.fail(f"{text or 'the end'} did not come; what came is {self.shown.decode(errors='replace')}")


def interrupted_when(shown: str, *arguments: str) -> Ended:
    """Run a command, and press Ctrl-C as soon as its terminal shows a text."""
    with Watched(*arguments) as command:
        command.read_until(shown)
        command.process.send_signal(signal.SIGINT)
        command.read_until(None)
        out, _ = command.process.communicate(timeout=POLLS * POLL_SECONDS)
        return Ended(command.process.returncode, out, command.shown.decode(errors="replace"))


def test_ctrl_c_during_the_training_keeps_the_best_so_far(home: Path):
    ended = interrupted_when("lowest validation loss", *LONG, "--out", "study", "--json")
    assert ended.code == 130
    assert "interrupted; the best so far is kept in study" in ended.err
    study = fl.open("study")
    assert study.header.interrupted
    assert study.header.outcomes == {Outcome.interrupted: 16}
    assert ended.json == study.to_dict()
    assert {path.name for path in home.iterdir()} == {"study"}
    assert {path.name for path in (home / "study").iterdir()} == {*FILES, "report.html"}
    assert len(fl.predict("study", "line")) == 1_000


def test_ctrl_c_before_the_training_says_that_nothing_was_written(home: Path):
    ended = interrupted_when("reading", *LONG, "--out", "new/study", "--json")
    assert (ended.code, ended.out) == (130, "")
    assert "nothing was written" in ended.err
    assert "Traceback" not in ended.err
    assert not list(home.iterdir())


@pytest.mark.parametrize("place", [[], ["--out", "studies/mine"]])
def test_a_killed_comparison_leaves_no_half_written_study(home: Path, place: list[str]):
    flags = ["compare", "line", "--optimizer", "sgd,adam", "--learning-rate", "1e-3:1e-1:4log", "--widths", "4", *place]
    with Watched(*flags, "--epochs", "100000", "--patience", "100000") as command:
        command.read_until("lowest validation loss")
        command.process.send_signal(signal.SIGKILL)
        assert command.process.wait() == -signal.SIGKILL
    assert not [path for path in home.rglob("*") if path.is_file()]
    assert len(fl.studies()) == 0
    assert not fl.studies().unreadable
    assert run(*flags, "--epochs", "2").code == 0
    assert len(fl.studies()) == 1


def test_a_command_that_is_done_ends_with_0(home: Path):
    ended = run("train", "iris", "--epochs", "1", "--lr", "0.1", "--json", "--out", "study")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["study"] == "study"


def test_a_mistake_ends_with_2(home: Path):
    ended = run("train", "--epochs", "1")
    assert (ended.code, ended.out) == (2, "")
    assert is_house_form(ended.err)
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    "arguments", [["train", "iris", "--epochs", "1", "--lr", "0.1", "--out", "study"], ["train", "--help"]]
)
def test_a_reader_that_goes_away_is_no_error(home: Path, arguments: list[str]):
    process = subprocess.Popen([SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), said) == (0, b"")


def test_the_package_is_the_same_command(home: Path):
    done = subprocess.run([sys.executable, "-m", "fallline", "--version"], capture_output=True, encoding="utf-8")
    assert done.returncode == 0
    assert done.stdout == run("--version").out
    assert done.stdout.startswith(f"fallline {fl.__version__} ")
