"""The loop is what anyone would write by hand: a plain script with the same seed gives the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from fallline.catalogue.registry import names
from fallline.core.outcome import Outcome
from fallline.core.task import Task
from fallline.data.dataset import Dataset, Split
from fallline.engines.loop import Loop
from tests.engines.runs import EPOCHS, recipe, train
from tests.reference.sets import dataset


@dataclass(frozen=True)
class Case:
    """A recipe's fields, and beside them what a script would say instead.

    Args:
        fields: Of the recipe.
        build: The script's network.
        loss: The script's loss of outputs and targets; with row weights it is given ``reduction="none"``.
        optimizer: The script's optimizer.
        rate: The script's learning rate at each step; left out, the optimizer's own.
    """

    fields: dict
    build: Callable[[], nn.Module]
    loss: Callable[..., Tensor]
    optimizer: Callable[..., torch.optim.Optimizer]
    rate: Callable[[int], float] | None = None
    task: Task = Task.regression
    weighted: bool = False
    rows: tuple[int, int, int] = (50, 23, 0)
    batch_size: int = 16
    seed: int = 0
    dtype: torch.dtype = torch.float32
    patience: int | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    said: dict = field(init=False)

    def __post_init__(self) -> None:
        shared = ("batch_size", "seed", "patience", "clip_norm", "clip_value")
        said = {name: getattr(self, name) for name in shared}
        object.__setattr__(self, "said", {**said, "dtype": str(self.dtype).removeprefix("torch."), **self.fields})


def net(activation: nn.Module, *, outputs: int = 1) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(nn.Linear(5, 8), activation, nn.Linear(8, outputs))


def gaussian_nll(outputs: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    return functional.gaussian_nll_loss(
        outputs[:, :1], targets, functional.softplus(outputs[:, 1:]), eps=1e-6, reduction=reduction
    )


def cosine_after_warm_up(step: int) -> float:
    """24 steps: 6 of warm-up towards 0.05, then 18 of half a cosine."""
    if step < 6:
        return 0.05 * ((step + 1) / 7)
    return 0.05 * (1 + math.cos(math.pi * (step - 6) / 18)) / 2


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
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        seed=1,
    ),
    "adam with dropout": Case(
        {"widths": (8, 6), "learning_rate": 0.01, "dropout": 0.3},
        lambda: nn.Sequential(
            nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, 1)
        ),
        functional.mse_loss,
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
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
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        dtype=torch.float64,
    ),
    "a last batch of one row": Case(
        {"learning_rate": 0.01},
        net(nn.ReLU()),
        functional.mse_loss,
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
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
    "binary": Case(
        {"loss": "bce_with_logits", "loss_options": {"pos_weight": 2.0}, "learning_rate": 0.01},
        net(nn.ReLU()),
        lambda outputs, targets, reduction="mean": functional.binary_cross_entropy_with_logits(
            outputs, targets, pos_weight=torch.tensor(2.0), reduction=reduction
        ),
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        task=Task.binary,
    ),
    "binary with two outputs, and row weights": Case(
        {"loss": "cross_entropy", "learning_rate": 0.01, "activation": "sigmoid"},
        net(nn.Sigmoid(), outputs=2),
        functional.cross_entropy,
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        task=Task.binary,
        weighted=True,
    ),
    "multiclass": Case(
        {"loss": "cross_entropy", "loss_options": {"label_smoothing": 0.1}, "learning_rate": 0.01},
        net(nn.ReLU(), outputs=3),
        lambda outputs, targets, reduction="mean": functional.cross_entropy(
            outputs, targets, label_smoothing=0.1, reduction=reduction
        ),
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        task=Task.multiclass,
    ),
    "counts": Case(
        {"loss": "poisson_nll", "learning_rate": 0.01},
        net(nn.ReLU()),
        functional.poisson_nll_loss,
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        task=Task.counts,
    ),
    "a mean and a variance": Case(
        {"loss": "gaussian_nll", "learning_rate": 0.01},
        net(nn.ReLU(), outputs=2),
        gaussian_nll,
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
    ),
    "a mean and a variance, with row weights": Case(
        {"loss": "gaussian_nll", "learning_rate": 0.01},
        net(nn.ReLU(), outputs=2),
        gaussian_nll,
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        weighted=True,
    ),
}


def plain_rows(case: Case, data: Dataset, split: Split) -> tuple[Tensor, Tensor, Tensor | None]:
    """Inputs, targets and weights as a script would hand them to torch."""
    weights = None if split.weights is None else split.weights.to(case.dtype)
    targets = split.targets
    if case.task is Task.regression:
        targets = (targets - data.target.mean) / data.target.scale
    if case.fields.get("loss") != "cross_entropy":
        targets = targets.to(case.dtype).unsqueeze(1)
    return split.inputs.to(case.dtype), targets, weights


def mean_loss(case: Case, outputs: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        return case.loss(outputs, targets)
    return (weights * case.loss(outputs, targets, reduction="none").flatten()).sum() / weights.sum()


def plain_script(case: Case, data: Dataset) -> tuple[list[float], list[float], int, dict[str, Tensor]]:
    """Training losses, validation losses, the best epoch and its parameters."""
    x, y, w = plain_rows(case, data, data.train)
    x_validation, y_validation, w_validation = plain_rows(case, data, data.validation)
    training, validation, best_epoch, best = [], [], 0, {}
    step = 0

    torch.manual_seed(case.seed)
    model = case.build().to(case.dtype)
    optimizer = case.optimizer(model.parameters())
    g = torch.Generator().manual_seed(case.seed)
    for epoch in range(1, EPOCHS + 1):
        model.train()
        loss_sum = weight_sum = 0.0
        for batch in torch.randperm(len(x), generator=g).split(case.batch_size):
            if case.rate is not None:
                optimizer.param_groups[0]["lr"] = case.rate(step)
            optimizer.zero_grad()
            loss = mean_loss(case, model(x[batch]), y[batch], None if w is None else w[batch])
            loss.backward()
            if case.clip_norm is not None:
                nn.utils.clip_grad_norm_(model.parameters(), case.clip_norm)
            if case.clip_value is not None:
                nn.utils.clip_grad_value_(model.parameters(), case.clip_value)
            optimizer.step()
            weight = len(batch) if w is None else w[batch].sum().item()
            loss_sum += loss.item() * weight
            weight_sum += weight
            step += 1
        training.append(loss_sum / weight_sum)

        model.eval()
        with torch.no_grad():
            validation.append(mean_loss(case, model(x_validation), y_validation, w_validation).item())
        if validation[-1] == min(validation) and validation.count(validation[-1]) == 1:
            best_epoch, best = epoch, {name: value.clone() for name, value in model.state_dict().items()}
        if case.patience is not None and epoch - best_epoch >= case.patience:
            break
    return training, validation, best_epoch, best


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_run_is_number_for_number_what_a_plain_script_does(case: Case):
    data = dataset(case.task, rows=case.rows, weighted=case.weighted)
    with torch.random.fork_rng(devices=[]):
        training, validation, best_epoch, best = plain_script(case, data)
    (run,) = train(Loop(), recipe(case.task, **case.said), data)
    assert run.training_losses == tuple(training)
    assert run.validation_losses == tuple(validation)
    assert (run.best_epoch, run.best_loss) == (best_epoch, validation[best_epoch - 1])
    assert list(run.parameters) == list(best)
    assert all(torch.equal(run.parameters[name], value) for name, value in best.items())
    assert all(value.dtype is case.dtype for value in run.parameters.values())


def test_the_cases_cover_the_catalogue():
    recipes = [recipe(case.task, **case.said) for case in CASES.values()]
    for kind in ("loss", "optimizer", "schedule", "activation"):
        assert {getattr(recipe, kind) for recipe in recipes} == set(names(kind))


def test_the_early_stopping_case_stops_early():
    case = CASES["early stopping"]
    (run,) = train(Loop(), recipe(case.task, **case.said), dataset(case.task, rows=case.rows))
    assert run.outcome is Outcome.stopped
    assert len(run.validation_losses) < EPOCHS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_loop_refuses_nothing(case: Case):
    assert Loop().refuses(recipe(case.task, **case.said), dataset(case.task)) is None
