"""Loops that are right, and that `fl.check` cannot be given as a step: `fl.watch` says nothing of them."""

import math
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import fallline as fl
from tests.checks.setups import alarms

schedules = torch.optim.lr_scheduler


def mlp(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, outputs))


def data() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    return x, x[:, :1] * 2


def fitted(model: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor) -> None:
    optimizer.zero_grad()
    F.mse_loss(model(x), y).backward()
    optimizer.step()


def test_a_schedule_may_be_tried_on_an_optimizer_of_nothing():
    x, y = data()
    model = mlp(4, 1)
    with fl.watch() as watch:
        trial = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
        preview = schedules.CosineAnnealingLR(trial, 10)
        for _ in range(10):
            trial.step()
            preview.step()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(30):
            fitted(model, optimizer, x, y)
    assert alarms(watch.diagnosis) == []


def test_gradients_may_be_taken_to_be_looked_at():
    x, y = data()
    model = mlp(4, 1)
    fisher = [torch.zeros_like(parameter) for parameter in model.parameters()]
    with fl.watch(model, optimizer := torch.optim.SGD(model.parameters(), lr=0.1)) as watch:
        for row in range(20):
            optimizer.zero_grad()
            F.mse_loss(model(x[row : row + 1]), y[row : row + 1]).backward()
            for total, parameter in zip(fisher, model.parameters(), strict=True):
                total += parameter.grad.detach() ** 2
    assert alarms(watch.diagnosis) == []


@pytest.mark.parametrize("frozen", [True, False])
def test_an_input_may_be_what_is_looked_for(frozen: bool):
    x, y = data()
    model = mlp(4, 1).requires_grad_(not frozen)
    fixed = {name: parameter.detach() for name, parameter in model.named_parameters()}
    with fl.watch() as watch:
        made = x.clone()
        for _ in range(20):
            made = made.detach().clone().requires_grad_()
            output = model(made) if frozen else torch.func.functional_call(model, fixed, (made,))
            F.mse_loss(output, y).backward()
            made = made - 0.1 * made.grad.sign()
    assert alarms(watch.diagnosis) == []


def test_a_second_phase_may_have_its_optimizer_and_schedule_made_at_once():
    x, _ = data()
    body, head, back = nn.Sequential(mlp(4, 8), nn.Tanh()), nn.Linear(8, 1), nn.Linear(8, 4)
    with fl.watch() as watch:
        first = torch.optim.Adam([*body.parameters(), *back.parameters()], lr=0.01)
        second = torch.optim.Adam(head.parameters(), lr=0.01)
        rates = [schedules.CosineAnnealingLR(optimizer, 100) for optimizer in (first, second)]
        for _ in range(50):
            first.zero_grad()
            F.mse_loss(back(body(x)), x).backward()
            first.step()
            rates[0].step()
    assert alarms(watch.diagnosis) == []


@pytest.mark.parametrize("kind", ["milestones", "cosine"])
def test_a_short_training_may_end_as_its_schedule_does(kind: str):
    x, y = data()
    model = mlp(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    steps = 40
    scheduler = (
        schedules.MultiStepLR(optimizer, [20, 30, 36], 0.1)
        if kind == "milestones"
        else schedules.LambdaLR(optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps)))
    )
    with fl.watch(model, optimizer) as watch:
        for _ in range(steps):
            fitted(model, optimizer, x, y)
            scheduler.step()
    assert alarms(watch.diagnosis) == []


def test_a_schedule_that_is_over_early_is_named_in_a_loop():
    x, y = data()
    model = mlp(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = schedules.ExponentialLR(optimizer, 0.5)
    with fl.watch(model, optimizer) as watch:
        for _ in range(40):
            fitted(model, optimizer, x, y)
            scheduler.step()
    (finding,) = watch.diagnosis.findings
    assert (finding.code, finding.evidence["steps"]) == ("FL814", 10)


def test_batch_norm_may_be_given_its_statistics_at_a_rate_of_zero():
    x, y = data()
    model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with fl.watch(model, optimizer) as watch:
        for _ in range(20):
            fitted(model, optimizer, x, y)
    assert alarms(watch.diagnosis) == []


def test_where_torch_warns_of_what_is_meant_nothing_more_is_said():
    x, _ = data()
    targets = (3 * x).softmax(1)

    def divergence(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return F.kl_div(output.log_softmax(1), target, reduction="mean") * target.shape[1]

    def to_one(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(output, torch.ones(1))

    for loss in (divergence, to_one):
        model = mlp(4, 4 if loss is divergence else 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert alarms(fl.check(model, loss, (x, targets), optimizer)) == []
