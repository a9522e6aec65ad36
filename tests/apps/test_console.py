"""Where output goes, and the progress bar."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from fallline.apps.cli.console import print_json
from fallline.apps.cli.progress import ProgressBar
from fallline.core.errors import FalllineError
from fallline.core.outcome import Outcome
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.study.events import Progress, Stage
from tests.apps.command import is_house_form
from tests.study.jobs import train


def shown(tmp_path: Path, *, quiet: bool = False, terminal: bool = True, **given) -> str:
    """What the bar draws during a job."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=120)
    with ProgressBar(console, quiet=quiet) as bar:

        def observer(event):
            bar(event)
            bar._bar.refresh()  # it draws itself ten times a second, which a short job may not last

        train("iris", epochs=3, out=tmp_path / "[/study]", observer=observer, **given)
    return screen.getvalue()


def test_progress_shows_the_stages_the_lowest_loss_and_the_time_left(tmp_path: Path):
    text = shown(tmp_path)
    assert "lowest validation loss" in text
    assert "at rate" in text
    assert "writing" in text


def test_progress_ends_at_all_epochs_also_where_runs_end_early(tmp_path: Path):
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with ProgressBar(console, quiet=False) as bar:
        done = []

        def observer(event):
            bar(event)
            done.extend((task.completed, task.total) for task in bar._bar.tasks if task.total)

        train("iris", epochs=12, patience=1, optimizer="sgd", out=tmp_path / "study", observer=observer)
    assert done[-1] == (16 * 12, 16 * 12)
    assert [completed for completed, _ in done] == sorted(completed for completed, _ in done)


@pytest.mark.parametrize(("quiet", "terminal"), [(True, True), (False, False), (True, False)])
def test_there_is_no_progress_where_nobody_looks(tmp_path: Path, quiet: bool, terminal: bool):
    assert shown(tmp_path, quiet=quiet, terminal=terminal) == ""


def test_json_has_null_for_numbers_that_it_has_no_word_for(capsys: pytest.CaptureFixture[str]):
    print_json({"a": [float("nan"), float("inf"), 1.5], "b": {"c": -float("inf")}, "d": "ä"})
    out = "".join(capsys.readouterr().out.split())
    assert out == '{"a":[null,null,1.5],"b":{"c":null},"d":"ä"}'


def test_the_house_form_is_told_from_others():
    whole = FalllineError("reading x", "it is wrong", expected="1", got="2", likely="a slip", do="--x 1")
    assert is_house_form(str(whole))
    assert is_house_form(str(FalllineError("reading x", "it is wrong")))
    for other in ("wrong", "reading x: it is wrong", "reading x: it is wrong.\n  hint      1", str(whole) + "\n"):
        assert not is_house_form(other + "\n  Traceback")


def test_progress_counts_epochs_by_what_they_take():
    """A small network's epochs come first, and are soon over."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    runs = Population.ladder(Recipe(epochs=2), [0.1, 0.2])
    with ProgressBar(console, quiet=False) as bar:
        bar(Stage("training", "training 2 runs", runs, costs=(1.0, 9.0), share=0.5))
        (task,) = bar._bar.tasks
        assert task.total == 10
        bar(Progress(0, 1, 5, 0.2, 0.2, Outcome.running))
        bar._draw()
        assert task.completed == 1
        bar(Progress(1, 1, 5, 0.2, 0.2, Outcome.running))
        assert task.completed == 10
