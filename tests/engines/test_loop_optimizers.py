"""Every optimizer on the loop is what a plain script does with torch's own."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
from torch import nn, optim
from torch.nn import functional

from fallline.catalogue.registry import find, names
from tests.engines.runs import ROWS
from tests.engines.script import Case, assert_number_for_number, net
from tests.reference.optimizer_variants import DEFAULT, MUON, RATE, VARIED, Variant

TANH = net(nn.Tanh())
BOTH_DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


class MuonAndAdamW:
    """What a script does that wants Muon on its matrices: two optimizers, one after the other."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, options: dict) -> None:
        parameters = list(parameters)
        matrices = [parameter for parameter in parameters if parameter.ndim == 2]
        others = [parameter for parameter in parameters if parameter.ndim != 2]
        of_muon = {name: options[name] for name in ("momentum", "nesterov", "ns_steps", "weight_decay")}
        betas = (options["beta1"], options["beta2"])
        of_adamw = {"betas": betas, "eps": options["eps"], "weight_decay": options["weight_decay"]}
        self.parts = [
            optim.Muon(matrices, lr=RATE, adjust_lr_fn="match_rms_adamw", **of_muon),
            optim.AdamW(others, lr=RATE, **of_adamw),
        ]
        self.param_groups = self.parts[0].param_groups

    def zero_grad(self) -> None:
        for part in self.parts:
            part.zero_grad()

    def step(self) -> None:
        for part in self.parts:
            part.step()


def says(optimizer: str, options: dict) -> dict:
    return {"optimizer": optimizer, "optimizer_options": options, "learning_rate": RATE, "activation": "tanh"}


@pytest.mark.parametrize("variant", DEFAULT + VARIED, ids=lambda variant: f"{variant.name}-{variant.options}")
@BOTH_DTYPES
def test_every_optimizer_steps_as_torchs_does_in_a_plain_script(variant: Variant, dtype: torch.dtype):
    batch_size = ROWS if variant.name == "lbfgs" else 16
    fields = says(variant.name, variant.options)
    assert_number_for_number(
        Case(fields, TANH, functional.mse_loss, variant.by_hand, dtype=dtype, batch_size=batch_size)
    )


@pytest.mark.parametrize("options", [{}, MUON], ids=["default", "varied"])
@BOTH_DTYPES
def test_muon_steps_as_torchs_on_matrices_and_adamw_on_the_rest(options: dict, dtype: torch.dtype):
    complete = find("optimizer", "muon").card.complete(options)

    def by_hand(parameters: Iterable[nn.Parameter]) -> MuonAndAdamW:
        return MuonAndAdamW(parameters, options=complete)

    assert_number_for_number(Case(says("muon", options), TANH, functional.mse_loss, by_hand, dtype=dtype))


def test_the_optimizers_are_all_of_them():
    assert {variant.name for variant in DEFAULT} | {"muon"} == set(names("optimizer"))


def test_one_from_elsewhere_steps_as_in_a_plain_script():
    fields = says("torch.optim:SGD", {"momentum": 0.9, "nesterov": True})

    def by_hand(parameters: Iterable[nn.Parameter]) -> optim.Optimizer:
        return optim.SGD(parameters, lr=RATE, momentum=0.9, nesterov=True)

    assert_number_for_number(Case(fields, TANH, functional.mse_loss, by_hand))


def test_lbfgs_goes_through_row_weights_and_several_targets():
    fields = {"optimizer": "lbfgs", "learning_rate": 1.0, "activation": "tanh"}

    def by_hand(parameters: Iterable[nn.Parameter]) -> optim.Optimizer:
        return optim.LBFGS(parameters, lr=1.0, line_search_fn="strong_wolfe")

    network = net(nn.Tanh(), outputs=2)
    case = Case(fields, network, functional.mse_loss, by_hand, several=True, weighted=True, batch_size=ROWS)
    assert_number_for_number(case)
