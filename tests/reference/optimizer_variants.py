"""Every optimizer at options other than its defaults, in the catalogue's names and as torch's arguments by hand."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn, optim
from torch.nn import functional

from fallline.catalogue.lion import Lion
from fallline.catalogue.stepping import Stepper
from fallline.core.recipe import Recipe

RATE = 0.02


class Variant(NamedTuple):
    """An optimizer with the options of a recipe, and torch's class with its arguments."""

    name: str
    torch_class: type[optim.Optimizer]
    options: dict[str, Any]
    arguments: dict[str, Any]

    @property
    def recipe(self) -> Recipe:
        return Recipe(optimizer=self.name, learning_rate=RATE, optimizer_options=self.options)

    def by_hand(self, parameters: Iterable[Tensor]) -> optim.Optimizer:
        """Torch's own."""
        return self.torch_class(parameters, lr=RATE, **self.arguments)


BETAS = {"beta1": 0.8, "beta2": 0.9}
PAIR = {"betas": (0.8, 0.9)}
DECAY = {"weight_decay": 0.1}
EPS = {"eps": 1e-3}
WOLFE = {"line_search_fn": "strong_wolfe"}

# What torch calls the same comes last, once for both.
_VARIED: list[tuple[str, type[optim.Optimizer], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("adadelta", optim.Adadelta, {}, {}, EPS | DECAY | {"rho": 0.8}),
    ("adafactor", optim.Adafactor, {"eps2": 0.1}, {"eps": (None, 0.1)}, {"d": 1.5}),
    (
        "adafactor",
        optim.Adafactor,
        {"eps1": 1e-2, "eps2": 1e-2},
        {"eps": (1e-2, 1e-2)},
        DECAY | {"beta2_decay": -0.5, "d": 1.5},
    ),
    ("adagrad", optim.Adagrad, {}, {}, EPS | DECAY | {"lr_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("adam", optim.Adam, BETAS, PAIR, EPS | DECAY | {"amsgrad": True}),
    ("adamax", optim.Adamax, BETAS, PAIR, EPS | DECAY),
    ("adamw", optim.AdamW, BETAS, PAIR, EPS | DECAY | {"amsgrad": True}),
    ("asgd", optim.ASGD, {}, {}, DECAY | {"lambd": 0.1, "alpha": 0.5, "t0": 2.0}),
    (
        "lbfgs",
        optim.LBFGS,
        {},
        WOLFE,
        {"max_iter": 3, "history_size": 2, "tolerance_grad": 1e-3, "tolerance_change": 1e-5},
    ),
    ("lion", Lion, BETAS, PAIR, DECAY),
    ("nadam", optim.NAdam, BETAS, PAIR, EPS | DECAY | {"momentum_decay": 0.1, "decoupled_weight_decay": True}),
    ("radam", optim.RAdam, BETAS, PAIR, EPS | DECAY | {"decoupled_weight_decay": True}),
    ("rmsprop", optim.RMSprop, {}, {}, EPS | DECAY | {"alpha": 0.9, "momentum": 0.5, "centered": True}),
    (
        "rprop",
        optim.Rprop,
        {"eta_minus": 0.4, "eta_plus": 1.5, "step_size_min": 1e-3, "step_size_max": 0.03},
        {"etas": (0.4, 1.5), "step_sizes": (1e-3, 0.03)},
        {},
    ),
    ("sgd", optim.SGD, {}, {}, DECAY | {"momentum": 0.9, "dampening": 0.3}),
    ("sgd", optim.SGD, {}, {}, {"momentum": 0.9, "nesterov": True}),
]

VARIED = [Variant(name, kind, options | same, arguments | same) for name, kind, options, arguments, same in _VARIED]
DEFAULT = [
    Variant(name, kind, {}, WOLFE if name == "lbfgs" else {})
    for name, kind in {each[0]: each[1] for each in VARIED}.items()
]
MUON = {"momentum": 0.8, "nesterov": False, "ns_steps": 3, "eps": 1e-3, "weight_decay": 0.3} | BETAS


def network(dtype: torch.dtype = torch.float64) -> nn.Module:
    """A small network, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).to(dtype)


def regression(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Inputs ``(row, 3)`` and a smooth target ``(row, 1)``, always the same."""
    inputs = torch.randn(40, 3, generator=torch.Generator().manual_seed(1)).to(dtype)
    return inputs, inputs[:, :1].sin() + 0.5 * inputs[:, 1:2] - 1


def train(module: nn.Module, optimizer: Stepper, steps: int) -> list[float]:
    """The loss before each of ``steps`` steps on all rows, the closure given only to what needs it."""
    inputs, targets = regression(next(module.parameters()).dtype)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.mse_loss(module(inputs), targets)
        loss.backward()
        return loss

    losses = []
    for _ in range(steps):
        if isinstance(optimizer, optim.LBFGS):
            losses.append(optimizer.step(closure).item())
        else:
            losses.append(closure().item())
            optimizer.step()
    return losses
