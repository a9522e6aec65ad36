"""Every schedule on the loop is what a plain script does with torch's own, up to the last bits of a rate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim import lr_scheduler

from fallline.catalogue.registry import names
from tests import tolerances
from tests.engines.runs import BATCHES, LAST_STEP
from tests.engines.script import Case, both, net

BASE = 0.05
Made = Callable[[optim.Optimizer, int], lr_scheduler.LRScheduler]
SCHEDULES: dict[str, tuple[dict, Made, str]] = {
    "step": ({"step_size": 2, "gamma": 0.3}, lambda o, n: lr_scheduler.StepLR(o, 2, gamma=0.3), "epoch"),
    "multi_step": (
        {"milestones": (1.0, 3.0), "gamma": 0.3},
        lambda o, n: lr_scheduler.MultiStepLR(o, [1, 3], gamma=0.3),
        "epoch",
    ),
    "exponential": ({"gamma": 0.7}, lambda o, n: lr_scheduler.ExponentialLR(o, 0.7), "epoch"),
    "cosine": ({"eta_min": 0.01}, lambda o, n: lr_scheduler.CosineAnnealingLR(o, n, eta_min=0.01), "step"),
    "cosine_restarts": (
        {"T_0": 1, "T_mult": 2, "eta_min": 0.01},
        lambda o, n: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=1, T_mult=2, eta_min=0.01),
        "share",
    ),
    "one_cycle": (
        {"pct_start": 0.4, "div_factor": 5.0, "final_div_factor": 100.0, "anneal_strategy": "linear"},
        lambda o, n: lr_scheduler.OneCycleLR(
            o,
            BASE,
            total_steps=n,
            pct_start=0.4,
            div_factor=5.0,
            final_div_factor=100.0,
            anneal_strategy="linear",
            cycle_momentum=False,
        ),
        "step",
    ),
    "polynomial": ({"power": 2.0}, lambda o, n: lr_scheduler.PolynomialLR(o, total_iters=n, power=2.0), "step"),
}


def of_torch(make: Made, called: str, steps: int) -> list[float]:
    """The rate of each step, by a scheduler of torch that is called after each step, or at each epoch's end."""
    optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make(optimizer, steps)
    rates = []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if called == "share":
            scheduler.step((step + 1) / BATCHES)
        elif step + 1 < steps and (called == "step" or (step + 1) % BATCHES == 0):
            scheduler.step()
    return rates


def warmed_up(warmup: int, after: Callable[[int, list[float]], float]) -> Callable[[int, list[float]], float]:
    """A straight line up to the base, and then the schedule from its beginning."""
    return lambda step, losses: (
        BASE * (step + 1) / (warmup + 1) if step < warmup else after(step - warmup, losses[warmup // BATCHES :])
    )


def assert_alike(schedule: str, options: dict, warmup: int, rate: Callable[[int, list[float]], float]) -> None:
    fields = {"optimizer": "sgd", "learning_rate": BASE, "warmup": warmup / LAST_STEP, "activation": "tanh"}
    fields |= {"schedule": schedule, "schedule_options": options}
    case = Case(
        fields,
        net(nn.Tanh()),
        functional.mse_loss,
        lambda parameters: optim.SGD(parameters, lr=BASE),
        rate=warmed_up(warmup, rate),
        dtype=torch.float64,
    )
    run, script = both(case)
    assert run.learning_rates == pytest.approx(script.rates, rel=tolerances.SCHEDULE["rtol"])
    for name, expected in script.best.items():
        torch.testing.assert_close(run.parameters[name], expected, **tolerances.WALKED_64)


@pytest.mark.parametrize("warmup", [0, 1, BATCHES, 7])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_is_torchs_in_a_plain_script(schedule: str, warmup: int):
    options, make, called = SCHEDULES[schedule]
    rates = of_torch(make, called, LAST_STEP - warmup)
    assert_alike(schedule, options, warmup, lambda step, losses: rates[step])


@pytest.mark.parametrize("warmup", [0, 1, BATCHES, 7])
def test_reduce_on_plateau_is_torchs_stepped_at_each_epochs_end(warmup: int):
    options = {"patience": 0, "threshold": 0.3, "factor": 0.3}
    optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler, told = lr_scheduler.ReduceLROnPlateau(optimizer, **options), []

    def rate(step: int, losses: list[float]) -> float:
        for loss in losses[len(told) :]:
            scheduler.step(loss)
            told.append(loss)
        return optimizer.param_groups[0]["lr"]

    assert_alike("reduce_on_plateau", options, warmup, rate)
    assert optimizer.param_groups[0]["lr"] < BASE


@pytest.mark.parametrize("warmup", [0, 1, BATCHES, 7])
def test_constant_after_a_warm_up_is_the_base(warmup: int):
    assert_alike("constant", {}, warmup, lambda step, losses: BASE)


def test_the_schedules_are_all_of_them():
    assert {*SCHEDULES, "reduce_on_plateau", "constant"} == set(names("schedule"))
