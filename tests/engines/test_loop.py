"""The loop is what anyone would write by hand: a plain script with the same seed gives the same numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from fallline.core.outcome import Outcome
from fallline.engines.loop import Loop
from tests.engines.runs import EPOCHS, train
from tests.engines.script import Case, assert_number_for_number, net


def cosine_after_warm_up(step: int, losses: list[float]) -> float:
    """24 steps: 6 of warm-up towards 0.05, then 18 of half a cosine."""
    if step < 6:
        return 0.05 * ((step + 1) / 7)
    return 0.05 * (1 + math.cos(math.pi * (step - 6) / 18)) / 2


def halved_when_no_better(step: int, losses: list[float]) -> float:
    """Half the rate after each epoch that is not a tenth better than the best before it."""
    rate, best = 0.1, math.inf
    for loss in losses:
        if loss < 0.9 * best:
            best = loss
        else:
            rate *= 0.5
    return rate


CASES = {
    "sgd": Case(
        {"optimizer": "sgd", "learning_rate": 0.1},
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    ),
    "sgd with momentum, nesterov and weight decay": Case(
        {
            "optimizer": "sgd",
            "learning_rate": 0.05,
            "optimizer_options": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        },
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
        seed=2**32 - 1,
    ),
    "adam, deep": Case(
        {"widths": (8, 6, 4), "learning_rate": 0.01},
        lambda: nn.Sequential(
            nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1)
        ),
        functional.mse_loss,
        seed=1,
    ),
    "adam with dropout": Case(
        {"widths": (8, 6), "learning_rate": 0.01, "dropout": 0.3},
        lambda: nn.Sequential(
            nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, 1)
        ),
        functional.mse_loss,
        seed=3,
    ),
    "amsgrad with other betas": Case(
        {
            "learning_rate": 0.01,
            "optimizer_options": {"amsgrad": True, "beta1": 0.8, "beta2": 0.95, "eps": 1e-5, "weight_decay": 0.1},
        },
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.Adam(
            parameters, lr=0.01, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.1, amsgrad=True
        ),
    ),
    "adamw in float64 with row weights": Case(
        {"optimizer": "adamw", "learning_rate": 0.02, "activation": "gelu"},
        net(nn.GELU()),
        functional.mse_loss,
        lambda parameters: torch.optim.AdamW(parameters, lr=0.02),
        weighted=True,
        dtype=torch.float64,
    ),
    "centered rmsprop with momentum": Case(
        {
            "optimizer": "rmsprop",
            "learning_rate": 0.01,
            "optimizer_options": {"centered": True, "momentum": 0.5},
            "activation": "silu",
            "loss": "huber",
            "loss_options": {"delta": 0.5},
        },
        net(nn.SiLU()),
        lambda outputs, targets, reduction="mean": functional.huber_loss(
            outputs, targets, delta=0.5, reduction=reduction
        ),
        lambda parameters: torch.optim.RMSprop(parameters, lr=0.01, centered=True, momentum=0.5),
    ),
    "clipped by norm": Case(
        {"optimizer": "sgd", "learning_rate": 0.5, "activation": "tanh"},
        net(nn.Tanh()),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.5),
        clip_norm=0.3,
    ),
    "clipped by value": Case(
        {"optimizer": "sgd", "learning_rate": 0.5, "activation": "identity", "loss": "l1"},
        net(nn.Identity()),
        functional.l1_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.5),
        clip_value=0.05,
    ),
    "clipped by norm, then by value": Case(
        {"optimizer": "sgd", "learning_rate": 0.5},
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.5),
        clip_norm=0.5,
        clip_value=0.1,
    ),
    "cosine with warm-up": Case(
        {"learning_rate": 0.05, "schedule": "cosine", "warmup": 0.25},
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.Adam(parameters, lr=0.05),
        rate=cosine_after_warm_up,
    ),
    "early stopping": Case(
        {"optimizer": "sgd", "learning_rate": 0.4},
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.4),
        patience=2,
    ),
    "float64": Case(
        {"learning_rate": 0.01, "activation": "leaky_relu", "activation_options": {"negative_slope": 0.2}},
        net(nn.LeakyReLU(0.2)),
        functional.mse_loss,
        dtype=torch.float64,
    ),
    "a last batch of one row": Case(
        {"learning_rate": 0.01},
        net(nn.ReLU()),
        functional.mse_loss,
        batch_size=7,
        weighted=True,
    ),
    "a linear model on the full batch": Case(
        {"widths": (), "optimizer": "sgd", "learning_rate": 0.1},
        lambda: nn.Sequential(nn.Linear(5, 1)),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.1),
        batch_size=1000,
    ),
    "the sum of the errors": Case(
        {"optimizer": "sgd", "learning_rate": 0.003, "loss_options": {"reduction": "sum"}},
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.003),
        sums=True,
    ),
    "two targets on unlike scales": Case({}, net(nn.ReLU(), outputs=2), functional.mse_loss, several=True),
    "two targets, and row weights": Case(
        {}, net(nn.ReLU(), outputs=2), functional.mse_loss, several=True, weighted=True
    ),
    "a rate that is halved on a plateau": Case(
        {
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "schedule": "reduce_on_plateau",
            "schedule_options": {"patience": 0, "threshold": 0.1, "factor": 0.5},
        },
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.SGD(parameters, lr=0.1),
        rate=halved_when_no_better,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_run_is_number_for_number_what_a_plain_script_does(case: Case):
    assert_number_for_number(case)


def test_the_early_stopping_case_stops_early():
    case = CASES["early stopping"]
    (run,) = train(Loop(), case.recipe, case.data)
    assert run.outcome is Outcome.stopped
    assert len(run.validation_losses) < EPOCHS


def test_the_plateau_case_is_halved():
    case = CASES["a rate that is halved on a plateau"]
    (run,) = train(Loop(), case.recipe, case.data)
    assert 0.1 > run.learning_rates[-1] > 0


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_loop_refuses_nothing(case: Case):
    assert Loop().refuses(case.recipe, case.data) is None
