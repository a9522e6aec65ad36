"""The rate of every step: torch's own schedulers, stepped once per batch, give the same."""

import math
from collections.abc import Callable

import pytest
import torch
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, LRScheduler, SequentialLR

from fallline.catalogue.builders import rate_at
from fallline.catalogue.registry import names, resolved
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from tests import tolerances

BASE = 0.3
THEIRS: dict[str, Callable[[torch.optim.Optimizer, int, dict], LRScheduler]] = {
    "constant": lambda optimizer, steps, options: ConstantLR(optimizer, factor=1.0, total_iters=steps),
    "cosine": lambda optimizer, steps, options: CosineAnnealingLR(optimizer, T_max=steps, **options),
}
VARIANTS = [("constant", {}), ("cosine", {}), ("cosine", {"eta_min": 0.02})]


def numbers(values: float | list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def ours(schedule: str, options: dict, *, warmup: float, steps: int) -> list[float]:
    recipe = Recipe(learning_rate=BASE, schedule=schedule, schedule_options=options, warmup=warmup)
    rate = rate_at(resolved(recipe, Task.regression), steps=steps)
    return [rate(step) for step in range(steps)]


def theirs(schedule: str, options: dict, *, warmup_steps: int, steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
    main = THEIRS[schedule](optimizer, steps - warmup_steps, options)
    if warmup_steps:
        rise = LinearLR(optimizer, start_factor=1 / (warmup_steps + 1), total_iters=warmup_steps)
        scheduler = SequentialLR(optimizer, [rise, main], milestones=[warmup_steps])
    else:
        scheduler = main
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_every_schedule_is_among_the_variants():
    assert {schedule for schedule, _ in VARIANTS} == set(names("schedule")) == set(THEIRS)


@pytest.mark.parametrize(("schedule", "options"), VARIANTS, ids=str)
@pytest.mark.parametrize("warmup", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("steps", [20, 1000])
def test_rates_are_those_of_torchs_schedulers(schedule: str, options: dict, warmup: float, steps: int):
    found = ours(schedule, options, warmup=warmup, steps=steps)
    expected = theirs(schedule, options, warmup_steps=round(warmup * steps), steps=steps)
    torch.testing.assert_close(numbers(found), numbers(expected), **tolerances.SCHEDULE)


def test_a_constant_rate_is_the_learning_rate_itself():
    assert ours("constant", {}, warmup=0.0, steps=9) == [BASE] * 9


def test_a_warm_up_rises_in_equal_steps_to_the_learning_rate():
    rates = ours("constant", {}, warmup=0.4, steps=10)
    expected = [BASE * part for part in (0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 1)]
    torch.testing.assert_close(numbers(rates), numbers(expected), **tolerances.FLOAT64)


def test_cosine_starts_at_the_learning_rate_is_half_way_in_the_middle_and_ends_above_eta_min():
    rates = ours("cosine", {"eta_min": 0.1}, warmup=0.0, steps=100)
    assert rates[0] == BASE
    torch.testing.assert_close(numbers(rates[50]), numbers(0.2), **tolerances.FLOAT64)
    assert 0.1 < rates[-1] < 0.1001
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("schedule", names("schedule"))
def test_every_rate_is_finite_and_above_zero_even_where_warm_up_takes_all_steps(schedule: str):
    for steps in (1, 2, 7):
        for warmup in (0.0, 0.5, 0.99):
            rates = ours(schedule, {}, warmup=warmup, steps=steps)
            assert all(0 < rate <= BASE and math.isfinite(rate) for rate in rates)
