"""The speed that a plan goes by, measured on a clock of its own."""

from __future__ import annotations

import pytest

from fallline.study import forecast
from tests.engines.runs import KINDS

STEP, STALL = 1e-5, 0.02


class Stalling:
    """An engine and its training, whose first calls wait for threads to start; the clock moves with it alone."""

    def __init__(self, stalls: int) -> None:
        self.now, self.steps, self.stalls = 0.0, 0, stalls

    def start(self, *_: object) -> Stalling:
        return self

    def advance(self, until: forecast.Step) -> None:
        self.now += STEP * (until.number - self.steps) + (STALL if self.stalls > 0 else 0)
        self.steps, self.stalls = until.number, self.stalls - 1

    def reached(self, _: forecast.Step) -> int:
        return self.steps


@pytest.mark.parametrize("stalls", range(6))
def test_threads_that_are_slow_to_start_are_not_taken_for_a_slow_engine(monkeypatch: pytest.MonkeyPatch, stalls: int):
    engine = Stalling(stalls)
    monkeypatch.setattr(forecast.time, "perf_counter", lambda: engine.now)
    speed = forecast._measured(engine, [KINDS["sgd"]] * 4, None)
    assert speed == pytest.approx(4 / STEP)
