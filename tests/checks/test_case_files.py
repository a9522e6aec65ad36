"""Every case file shows what it claims: a wrong one its symptom, a mended or clean one that it trains.

A file of `cases/wrong` names in `CASE["evidence"]` the kind of proof and its numbers; `PROOFS` says what each kind is.
`score(setup)`, where a file has one, measures how bad the result is; `progress(setup)` is what falls where a healthy
loss need not (a GAN's, a policy's); `evidence()` is a proof of its own.
"""

import ast
import importlib.util
import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
import torch

CASES = Path(__file__).parent / "cases"
WRONG = sorted((CASES / "wrong").glob("*.py"))
CLEAN = sorted((CASES / "clean").glob("*.py"))
STEPS, FALL = 40, 0.1  # enough for most set-ups to lose a tenth of their loss; a file may say otherwise


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_name(path: Path) -> str:
    return path.stem


@contextmanager
def one_thread() -> Iterator[None]:
    """The sums of small tensors are the same on every machine, and quicker, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def repeatable() -> Iterator[None]:
    with one_thread(), torch.random.fork_rng():
        yield


def assemble(setup: dict) -> dict:
    """The set-up with its optimizer built, where a factory builds it."""
    factory = setup.get("optimizer_factory")
    return setup | {"optimizer": factory(setup["model"])} if factory and setup["optimizer"] is None else setup


def outcome(model: torch.nn.Module, x: object) -> object:
    if isinstance(x, tuple):
        return model(*x)
    return model(**x) if isinstance(x, dict) else model(x)


def plain_step(model: torch.nn.Module, loss_fn: Callable, optimizer: torch.optim.Optimizer, batch: tuple) -> object:
    optimizer.zero_grad()
    loss = loss_fn(outcome(model, batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def train(setup: dict, steps: int) -> list[float]:
    """The loss before each of so many steps."""
    step = setup.get("train_step") or plain_step
    taken = (step(setup["model"], setup["loss_fn"], setup["optimizer"], setup["batch"]) for _ in range(steps))
    return [loss.detach().item() for loss in taken]


@contextmanager
def warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def weights(setup: dict) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in setup["model"].named_parameters()}


def assert_trains(module: ModuleType, make: Callable[[], dict]) -> None:
    """No exception, no warning, every number finite, and what should fall falls."""
    progress = getattr(module, "progress", None)
    with warnings_are_errors():
        setup = assemble(make())
        before = progress(setup) if progress else None
        losses = train(setup, module.CASE.get("steps", STEPS))
        after = progress(setup) if progress else sum(losses[-3:]) / 3
    before = losses[0] if before is None else before
    assert all(map(math.isfinite, losses))
    assert all(torch.isfinite(value).all() for value in weights(setup).values())
    assert after <= before - module.CASE.get("fall", FALL) * abs(before), f"from {before} to {after}"


# --- proofs of what is wrong -------------------------------------------------------------------------------------


def raises(module: ModuleType, proof: dict) -> None:
    steps = proof.get("at_step", 0)
    with pytest.raises(Exception, match=re.escape(proof["match"])) as caught:
        train(assemble(module.build()), steps + 1)
    assert type(caught.value).__name__ == proof["exc"]


def warns(module: ModuleType, proof: dict) -> None:
    with pytest.warns(UserWarning, match=re.escape(proof["match"])):
        train(assemble(module.build()), proof.get("steps", 2))


def frozen(module: ModuleType, proof: dict) -> None:
    """The parameters named do not move, though the mended ones do."""
    for make, moves in (module.build, False), (module.fixed, True):
        setup = assemble(make())
        before = weights(setup)
        train(setup, proof["steps"])
        after = weights(setup)
        named = before if proof["params"] == "all" else proof["params"]
        assert all(torch.equal(before[name], after[name]) is not moves for name in named)


def not_finite(module: ModuleType, proof: dict) -> None:
    setup = assemble(module.build())
    losses = train(setup, proof["steps"])
    finite = all(torch.isfinite(value).all() for value in weights(setup).values())
    assert not finite or not all(map(math.isfinite, losses))


def diverges(module: ModuleType, proof: dict) -> None:
    losses = train(assemble(module.build()), proof["steps"])
    assert not all(map(math.isfinite, losses)) or losses[-1] > 100 * losses[0]


def falls_below_zero(module: ModuleType, proof: dict) -> None:
    """The loss of the set-up as found has no lower bound; the mended one's is at least 0."""
    assert train(assemble(module.build()), proof["steps"])[-1] < 0
    assert min(train(assemble(module.fixed()), proof["steps"])) >= 0


def stuck(module: ModuleType, proof: dict) -> None:
    """The loss as found stays above a share of its start, the mended one's ends below half that share."""
    found, mended = (train(assemble(make()), proof["steps"]) for make in (module.build, module.fixed))
    assert found[-1] > proof["ratio"] * found[0]
    assert mended[-1] < proof["ratio"] / 2 * mended[0]


def scores_worse(module: ModuleType, proof: dict) -> None:
    setups = [assemble(module.build()), assemble(module.fixed())]
    for setup in setups:
        train(setup, proof["steps"])
    found, mended = map(module.score, setups)
    assert found > mended * proof.get("ratio", 1) + proof.get("margin", 0), f"as found {found}, mended {mended}"


def leaks(module: ModuleType, proof: dict) -> None:
    """A sample's output depends on another sample's input; once mended it does not."""
    assert influence(module.build()) > 0
    assert influence(module.fixed()) == 0


def influence(setup: dict) -> float:
    """How strongly the first sample's output reacts to the inputs of the others."""
    x = setup["batch"][0].detach().clone().requires_grad_()
    first = setup["model"](x)[0]
    (gradient,) = torch.autograd.grad((first * torch.linspace(0.5, 1.5, first.numel()).view_as(first)).sum(), x)
    return gradient[1:].abs().max().item()


def proves_itself(module: ModuleType, proof: dict) -> None:
    shown, said = module.evidence()
    assert shown, said


PROOFS: dict[str, Callable[[ModuleType, dict], None]] = {
    "raises": raises,
    "warns": warns,
    "frozen": frozen,
    "nan": not_finite,
    "diverge": diverges,
    "negative_loss": falls_below_zero,
    "stuck": stuck,
    "score": scores_worse,
    "leak": leaks,
    "custom": proves_itself,
}


# --- tests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WRONG, ids=by_name)
def test_a_wrong_case_shows_its_symptom(path: Path):
    module = load(path)
    proof = module.CASE["evidence"]
    if module.CASE["symptom"] == "silent":
        with warnings_are_errors():
            PROOFS[proof["kind"]](module, proof)
    else:
        assert proof["kind"] == module.CASE["symptom"]
        PROOFS[proof["kind"]](module, proof)


@pytest.mark.parametrize("path", WRONG, ids=by_name)
def test_a_mended_case_trains(path: Path):
    module = load(path)
    assert_trains(module, module.fixed)


@pytest.mark.parametrize("path", CLEAN, ids=by_name)
def test_a_clean_case_trains(path: Path):
    module = load(path)
    assert_trains(module, module.build)


@pytest.mark.parametrize("path", WRONG + CLEAN, ids=by_name)
def test_a_case_is_the_same_every_time(path: Path):
    module = load(path)
    first, second = (weights(module.build()) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("path", WRONG + CLEAN, ids=by_name)
def test_a_case_is_named_and_sourced(path: Path):
    case, said = load(path).CASE, ast.get_docstring(ast.parse(path.read_text()))
    assert case["id"] == path.stem
    assert case["source"]
    assert all(address in said for address in case["source"])


def test_there_are_enough_cases():
    assert len(WRONG) >= 30
    assert len(CLEAN) >= 45
