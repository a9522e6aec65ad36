"""Every optimizer walks the path of torch's own class, built by hand with the same options, bit for bit."""

from itertools import chain

import pytest
import torch
from torch import Tensor, nn, optim

from fallline.catalogue.lion import Lion
from fallline.catalogue.optimizers import OPTIMIZERS
from fallline.catalogue.stepping import optimizer_for
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe
from tests.reference.optimizer_variants import DEFAULT, MUON, RATE, VARIED, Variant, network, train

ENTRIES = {entry.card.name: entry for entry in OPTIMIZERS}


def resolved(recipe: Recipe) -> Recipe:
    options = ENTRIES[recipe.optimizer].card.complete(dict(recipe.optimizer_options))
    return recipe.replace(optimizer_options=options)


def recipe(optimizer: str, rate: float = RATE, **options: object) -> Recipe:
    return resolved(Recipe(optimizer=optimizer, learning_rate=rate, optimizer_options=options))


def parameters(module: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_every_option_of_every_optimizer_is_varied():
    for name, entry in ENTRIES.items():
        varied = MUON if name == "muon" else chain(*(each.options for each in VARIED if each.name == name))
        assert set(varied) == {option.name for option in entry.card.options}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("variant", DEFAULT + VARIED, ids=lambda variant: f"{variant.name}-{variant.options}")
def test_five_steps_are_those_of_torchs_class(variant: Variant, dtype: torch.dtype):
    module, other = network(dtype), network(dtype)
    losses = train(module, optimizer_for(resolved(variant.recipe), module), steps=5)
    assert losses == train(other, variant.by_hand(other.parameters()), steps=5)
    torch.testing.assert_close(parameters(module), parameters(other), rtol=0, atol=0)


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=list(ENTRIES))
def test_some_rung_of_its_ladder_halves_the_loss_of_a_small_regression(entry):
    def fall(rate: float) -> float:
        module = network()
        optimizer = optimizer_for(recipe(entry.card.name, rate), module)
        losses = train(module, optimizer, steps=5 if entry.full_batch else 100)  # one of lbfgs is 20 iterations
        return losses[-1] / losses[0]

    low, high = entry.rates
    assert min(fall(low * (high / low) ** (rung / 3)) for rung in range(4)) < 0.5


@pytest.mark.parametrize("name", [name for name in ENTRIES if name != "lbfgs"])
def test_a_closure_computes_the_gradients_of_a_step_and_its_loss_is_returned(name: str):
    module, other = network(), network()
    first, second = optimizer_for(recipe(name), module), optimizer_for(recipe(name), other)

    def closure() -> Tensor:
        first.zero_grad()
        loss = module(torch.ones(2, 3, dtype=torch.float64)).square().mean()
        loss.backward()
        return loss

    loss = first.step(closure)
    expected = other(torch.ones(2, 3, dtype=torch.float64)).square().mean()
    expected.backward()
    second.step()
    assert loss == expected
    torch.testing.assert_close(parameters(module), parameters(other), rtol=0, atol=0)


@pytest.mark.parametrize("name", [name for name in ENTRIES if name != "rprop"])
def test_the_rate_set_in_every_group_is_the_rate_of_the_step(name: str):
    module, other = network(), network()
    optimizer = optimizer_for(recipe(name, 0.5), module)
    for group in optimizer.param_groups:
        group["lr"] = RATE
    train(module, optimizer, steps=1)
    train(other, optimizer_for(recipe(name), other), steps=1)
    torch.testing.assert_close(parameters(module), parameters(other), rtol=0, atol=0)


def test_an_option_without_a_default_is_left_to_torch():
    (group,) = optimizer_for(recipe("adafactor"), network()).param_groups
    assert group["eps"] == (None, 1e-3)


def test_a_network_without_parameters_is_refused():
    with pytest.raises(RecipeError, match="no parameters"):
        optimizer_for(recipe("adam"), nn.ReLU())


# --- muon: two optimizers as one -------------------------------------------------------------------


def by_hand(module: nn.Module, *, varied: bool) -> list[optim.Optimizer]:
    matrices = [parameter for parameter in module.parameters() if parameter.ndim == 2]
    others = [parameter for parameter in module.parameters() if parameter.ndim != 2]
    muon, adamw = {"weight_decay": 0.1}, {"weight_decay": 0.1}
    if varied:
        muon = {"weight_decay": 0.3, "momentum": 0.8, "nesterov": False, "ns_steps": 3}
        adamw = {"weight_decay": 0.3, "betas": (0.8, 0.9), "eps": 1e-3}
    parts = []
    if matrices:
        parts.append(optim.Muon(matrices, lr=RATE, adjust_lr_fn="match_rms_adamw", **muon))
    if others:
        parts.append(optim.AdamW(others, lr=RATE, **adamw))
    return parts


@pytest.mark.parametrize("varied", [False, True])
@pytest.mark.parametrize("shape", ["both", "matrices", "others"])
def test_muon_is_torchs_on_matrices_and_adamw_on_the_rest(shape: str, varied: bool):
    def build() -> nn.Module:
        if shape == "others":
            return nn.Sequential(nn.LayerNorm(3))
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5, bias=shape == "both"), nn.Tanh(), nn.Linear(5, 1, bias=shape == "both"))

    module, other = build(), build()
    optimizer = optimizer_for(recipe("muon", **(MUON if varied else {})), module)
    parts = by_hand(other, varied=varied)
    assert len(optimizer.param_groups) == len(parts)
    inputs = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    for _ in range(5):
        optimizer.zero_grad()
        module(inputs).sub(1).square().mean().backward()
        optimizer.step()
        other.zero_grad()
        other(inputs).sub(1).square().mean().backward()
        for part in parts:
            part.step()
    torch.testing.assert_close(parameters(module), parameters(other), rtol=0, atol=0)


def test_muon_on_a_torch_without_it_is_refused_with_the_version_that_has_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(torch.optim, "Muon")  # the older torch cannot be installed beside this one
    with pytest.raises(RecipeError, match=r"torch 2\.9 or later"):
        optimizer_for(recipe("muon"), network())


# --- lion: ours, by hand -------------------------------------------------------------------------------


def test_two_steps_of_lion_by_pencil_and_paper():
    """From 1 at rate 0.1 and decay 0.5, gradients -0.5 and then 0.04.

    First sign(0.1 * -0.5) = -1, so 1 - 0.1 (-1 + 0.5) = 1.05, and m = 0.01 * -0.5 = -0.005. Then
    0.9 * -0.005 + 0.1 * 0.04 = -0.0005: the memory outvotes the gradient, 1.05 - 0.1 (-1 + 0.525) = 1.0975.
    """
    weight = nn.Parameter(numbers(1.0))
    optimizer = Lion([weight], lr=0.1, weight_decay=0.5)
    for gradient, expected in ((-0.5, 1.05), (0.04, 1.0975)):
        weight.grad = numbers(gradient)
        optimizer.step()
        torch.testing.assert_close(weight.detach(), numbers(expected))


def test_lion_leaves_alone_what_has_no_gradient():
    still, moved = nn.Parameter(numbers(1.0)), nn.Parameter(numbers(1.0))
    optimizer = Lion([still, moved], lr=0.1, weight_decay=0.5)
    moved.grad = numbers(1.0)
    optimizer.step()
    assert still == 1
    assert moved < 1
