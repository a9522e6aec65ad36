"""Optimizers by package.module:Class: built with the options as they are, or refused in the house form."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from torch import optim

from fallline.catalogue.optimizer_state import packed, restore
from fallline.catalogue.optimizers import foreign
from fallline.catalogue.stepping import optimizer_for
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe
from tests.reference.optimizer_variants import RATE, network, train

MODULE = '''
import torch
from torch.optim import SGD, Optimizer

class Walk(SGD):
    """Passes on to SGD what it does not know itself."""
    def __init__(self, params, lr, pace=1.0, **rest):
        super().__init__(params, lr * pace, **rest)

class Swallows(Optimizer):
    def __init__(self, params, lr, speed=1.0, **ignored):
        super().__init__(params, dict(lr=lr))

class WantsClosure(SGD):
    def step(self, closure):
        return closure()

class WantsCurvature(SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                torch.autograd.grad(p.grad.sum(), p)

class Noisy(SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.add_(torch.randn_like(p))

class Secretive(SGD):
    def state_dict(self):
        return {"state": {0: {"rule": object()}}, "param_groups": []}

class RateLess(Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {})

class Counts(Optimizer):
    """Counts its steps in the group, and keeps its constants there too."""
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr, t=0, rule="harmonic"))
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            group["t"] += 1
            for p in group["params"]:
                p.sub_(p.grad, alpha=group["lr"] / group["t"])

not_a_class = 3
'''


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Modules of a user's own on the path."""
    (tmp_path / "my_optimizers.py").write_text(dedent(MODULE))
    (tmp_path / "my_broken.py").write_text("1 / 0")
    (tmp_path / "my_needy.py").write_text("import no_such_package_anywhere")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("my_optimizers", "my_broken", "my_needy"):
        sys.modules.pop(name, None)


def recipe(reference: str, **options: object) -> Recipe:
    return Recipe(optimizer=reference, learning_rate=RATE, optimizer_options=options)


def test_torchs_own_by_its_path_is_torchs_own():
    module, other = network(), network()
    built = optimizer_for(recipe("torch.optim:Adam", betas=(0.8, 0.9), amsgrad=True), module)
    torchs = optim.Adam(other.parameters(), lr=RATE, betas=(0.8, 0.9), amsgrad=True)
    assert type(built) is optim.Adam
    assert train(module, built, steps=5) == train(other, torchs, steps=5)


def test_options_reach_it_as_they_are_also_through_keyword_arguments():
    built = optimizer_for(recipe("my_optimizers:Walk", pace=0.5, momentum=0.9), network())
    assert built.param_groups[0]["lr"] == RATE / 2
    assert built.param_groups[0]["momentum"] == 0.9


REFUSED = [
    ("no_such_package:Adam", {}, "no module named no_such_package"),
    ("torch.no_such_part:Adam", {}, r"no module named torch\.no_such_part"),
    ("my_needy:Adam", {}, "needs no_such_package_anywhere"),
    ("my_broken:Adam", {}, "ZeroDivisionError"),
    ("torch.optim:Adan", {}, "did you mean torch.optim:Adam"),
    ("torch.optim:lr_scheduler", {}, "is no optimizer"),
    ("my_optimizers:not_a_class", {}, "is no optimizer"),
    ("torch.nn:Linear", {}, "is no optimizer"),
    ("torch.optim:Adam", {"momentum": 0.9}, "has no option 'momentum'"),
    ("torch.optim:Adam", {"amsgrid": True}, "did you mean 'amsgrad'"),
    ("torch.optim:Adam", {"betas": 0.9}, "cannot be built"),
    ("torch.optim:Adam", {"eps": -1.0}, "Invalid epsilon"),
    ("my_optimizers:Swallows", {"sped": 2.0}, "did you mean 'speed'"),
    ("my_optimizers:Walk", {"momentun": 0.9}, "did you mean 'momentum'"),
    ("torch.optim:LBFGS", {}, "cannot step along given gradients"),
    ("my_optimizers:WantsClosure", {}, "cannot step along given gradients"),
    ("my_optimizers:WantsCurvature", {}, "differentiates the gradient"),
    ("my_optimizers:RateLess", {}, "no learning rate"),
    ("my_optimizers:Secretive", {}, "cannot be kept without pickle"),
]


@pytest.mark.parametrize(("reference", "options", "words"), REFUSED, ids=str)
def test_what_cannot_train_is_refused_before_training(reference: str, options: dict, words: str):
    module = network()
    with pytest.raises(RecipeError, match=words) as caught:
        optimizer_for(recipe(reference, **options), module)
    assert caught.value.doing.partition(" ")[0] in ("importing", "setting", "keeping")
    assert all(torch.equal(*pair) for pair in zip(module.parameters(), network().parameters(), strict=True))


def test_trying_it_out_moves_neither_the_parameters_nor_the_random_state():
    module = network()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    optimizer_for(recipe("my_optimizers:Noisy"), module)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(*pair) for pair in zip(module.parameters(), network().parameters(), strict=True))
    assert all(parameter.grad is None for parameter in module.parameters())


def test_what_it_counts_in_its_groups_is_restored_too():
    module, other = network(), network()
    first = optimizer_for(recipe("my_optimizers:Counts"), module)
    train(module, first, steps=3)
    other.load_state_dict(module.state_dict())
    second = optimizer_for(recipe("my_optimizers:Counts"), other)
    restore(second, packed(first.state_dict()))
    assert second.param_groups[0]["t"] == 3
    assert train(module, first, steps=3) == train(other, second, steps=3)


def test_its_entry_knows_no_options_and_imports_nothing():
    entry = foreign("my_optimizers:Walk")
    assert entry.card.name == "my_optimizers:Walk"
    assert entry.card.options == ()
    assert entry.contradiction({}) is None
    assert not entry.elementwise
    assert not entry.full_batch
    assert "my_optimizers" not in sys.modules


@pytest.mark.parametrize(
    "reference", ["my optimizers:Walk", "my_optimizers:", ":Walk", "a:b:c", "a..b:C", "1a:B", "a:b.C"]
)
def test_a_reference_of_another_form_is_refused(reference: str):
    with pytest.raises(RecipeError, match=r"package\.module:Class"):
        foreign(reference)


@pytest.mark.parametrize("name", ["AdaBelief", "Prodigy", "SOAP", "ScheduleFreeAdamW"])
def test_those_of_pytorch_optimizer_train_and_go_on_bit_for_bit(name: str):
    pytest.importorskip("pytorch_optimizer", reason="it is not installed: pip install pytorch_optimizer")
    module, other = network(torch.float32), network(torch.float32)
    first = optimizer_for(recipe(f"pytorch_optimizer:{name}"), module)
    losses = train(module, first, steps=60)
    assert losses[-1] < losses[0]
    other.load_state_dict(module.state_dict())
    second = optimizer_for(recipe(f"pytorch_optimizer:{name}"), other)
    restore(second, packed(first.state_dict()))
    assert train(module, first, steps=3) == train(other, second, steps=3)
