"""Ctrl-C: what was reached is kept as a study, and before that nothing is written."""

import signal
import threading
from pathlib import Path

import polars as pl
import pytest

from fallline.core.errors import Interrupted
from fallline.core.outcome import Outcome
from fallline.engines.protocol import Progress
from fallline.study.events import Event, Stage
from fallline.study.record import Study
from tests.study.jobs import FILES, train


class CtrlC:
    """An observer that presses Ctrl-C when it is told of a stage, or of a run's epoch."""

    def __init__(self, stage: str = "", *, run: int = -1, epoch: int = -1) -> None:
        self.stage, self.run, self.epoch = stage, run, epoch

    def __call__(self, event: Event) -> None:
        reached = (
            event.name == self.stage if isinstance(event, Stage) else (event.run, event.epoch) == (self.run, self.epoch)
        )
        if reached:
            signal.raise_signal(signal.SIGINT)


def interrupted(out: Path, *, run: int, epoch: int, **given) -> Study:
    """On the loop, which tells of each epoch before the next begins."""
    with pytest.raises(Interrupted) as caught:
        train("iris", out=out, observer=CtrlC(run=run, epoch=epoch), **{"epochs": 6, "engine": "loop", **given})
    assert caught.value.study == out
    assert str(out) in str(caught.value)
    return Study(caught.value.study)


@pytest.mark.parametrize("stage", ["reading", "baselines", "training"])
def test_before_the_first_epoch_nothing_is_kept(tmp_path: Path, stage: str):
    with pytest.raises(KeyboardInterrupt) as caught:
        train("iris", epochs=2, out=tmp_path / "new/study", observer=CtrlC(stage))
    assert not isinstance(caught.value, Interrupted)
    assert not list(tmp_path.iterdir())


def test_what_was_reached_is_a_study_like_any_other(tmp_path: Path):
    study = interrupted(tmp_path / "study", run=15, epoch=2)
    assert {path.name for path in study.path.iterdir()} == FILES
    assert study.header.interrupted
    assert study.header.outcomes == {Outcome.interrupted: 16}
    assert study.best.outcome is Outcome.interrupted
    assert set(study.header.test) == {"accuracy", "balanced_accuracy", "log_loss", "roc_auc"}
    assert len(study.predict("iris")) == 150
    assert study.report().is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


def test_an_engine_that_trains_in_rounds_keeps_what_it_has_reached_too(tmp_path: Path):
    study = interrupted(tmp_path / "study", run=0, epoch=1, epochs=20_000, patience=20_000, engine="auto")
    assert study.header.outcomes[Outcome.interrupted] > 0
    reached = study.frame()["epochs"]
    assert 1 <= reached.min() <= reached.max() < 20_000
    assert len(study.predict("iris")) == 150


def test_runs_are_kept_as_far_as_they_got_and_the_best_of_them_chosen(tmp_path: Path):
    study = interrupted(tmp_path / "study", run=4, epoch=3)
    results = study.frame()
    assert results["epochs"].to_list() == [3] * 5 + [2] * 11
    assert study.header.best.run == results.sort("validation_loss")["run"][0]


def test_an_interrupted_run_went_the_way_of_the_uninterrupted_one(tmp_path: Path):
    short = interrupted(tmp_path / "short", run=15, epoch=2).curves()
    whole = train("iris", epochs=6, out=tmp_path / "whole", engine="loop").curves()
    assert short.equals(whole.filter(pl.col("epoch") <= 2))


def test_runs_that_have_not_begun_have_no_curve_and_are_never_the_best(tmp_path: Path):
    study = interrupted(tmp_path / "study", run=2, epoch=1)
    assert study.frame()["epochs"].to_list() == [1, 1, 1] + [0] * 13
    assert study.frame()["validation_loss"].null_count() == 13
    assert study.header.best.run in (0, 1, 2)
    assert study.curves()["run"].to_list() == [0, 1, 2]
    assert study.report().is_file()


def test_runs_that_had_ended_keep_their_outcome(tmp_path: Path):
    # Without patience: a run whose loss rises, as at the highest rates of sgd, is stopped, the others go on.
    study = interrupted(tmp_path / "study", run=0, epoch=5, patience=1, optimizer="sgd")
    assert set(study.header.outcomes) == {Outcome.stopped, Outcome.interrupted}
    assert sum(study.header.outcomes.values()) == 16
    ended = study.frame().filter(pl.col("outcome") == "stopped")
    assert (ended["epochs"] == ended["best_epoch"] + 1).all()


def test_while_the_study_is_written_ctrl_c_waits(tmp_path: Path):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted) as caught:
        train("iris", epochs=2, learning_rate=0.01, out=tmp_path / "study", observer=CtrlC("writing"))
    study = Study(caught.value.study)
    assert study.header.outcomes == {Outcome.finished: 1}
    assert not study.header.interrupted  # it had all been trained
    assert signal.getsignal(signal.SIGINT) is before


def test_a_job_off_the_main_thread_runs_as_any_other(tmp_path: Path):
    thread = threading.Thread(target=train, args=["iris"], kwargs={"out": tmp_path / "study", "epochs": 1})
    thread.start()
    thread.join()
    assert Study(tmp_path / "study").header.runs == 16


def test_an_observer_is_told_of_every_stage_and_every_epoch(tmp_path: Path):
    events: list[Event] = []
    study = train("iris", epochs=3, learning_rate=0.01, out=tmp_path / "study", observer=events.append)
    stages = [event for event in events if isinstance(event, Stage)]
    assert [stage.name for stage in stages] == ["reading", "baselines", "training", "writing"]
    assert [recipe.key for recipe in stages[2].population] == study.frame()["recipe"].to_list()
    told = [event for event in events if isinstance(event, Progress)]
    assert [(event.run, event.epoch) for event in told] == [(0, 1), (0, 2), (0, 3)]
    assert [event.validation_loss for event in told] == study.curves()["validation_loss"].to_list()
    assert told[-1].outcome is Outcome.finished
