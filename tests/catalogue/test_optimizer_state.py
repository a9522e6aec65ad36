"""The state of every optimizer as named tensors: through safetensors and on, bit for bit."""

from collections import deque

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from fallline.catalogue.optimizer_state import packed, restore, unpacked
from fallline.catalogue.optimizers import OPTIMIZERS
from fallline.catalogue.stepping import optimizer_for
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe
from tests.reference.optimizer_variants import MUON, RATE, VARIED, network, train

ENTRIES = {entry.card.name: entry for entry in OPTIMIZERS}
CASES = [*((name, {}) for name in ENTRIES), *((each.name, each.options) for each in VARIED), ("muon", MUON)]
every_case = pytest.mark.parametrize(("name", "options"), CASES, ids=str)
every_dtype = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)


def full(name: str, options: dict) -> Recipe:
    return Recipe(optimizer=name, learning_rate=RATE, optimizer_options=ENTRIES[name].card.complete(options))


@every_dtype
@every_case
def test_restored_from_a_file_it_goes_on_bit_for_bit(name: str, options: dict, dtype: torch.dtype):
    module, other = network(dtype), network(dtype)
    optimizer = optimizer_for(full(name, options), module)
    train(module, optimizer, steps=3)

    file = save(packed(optimizer.state_dict()))
    other.load_state_dict(module.state_dict())
    fresh = optimizer_for(full(name, options), other)
    restore(fresh, load(file))

    assert save(packed(fresh.state_dict())) == file
    assert train(module, optimizer, steps=3) == train(other, fresh, steps=3)
    for first, second in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(first, second)
    assert save(packed(fresh.state_dict())) == save(packed(optimizer.state_dict()))


@every_case
def test_before_the_first_step_it_can_be_kept_too(name: str, options: dict):
    module, other = network(), network()
    restore(
        fresh := optimizer_for(full(name, options), other),
        packed(optimizer_for(full(name, options), module).state_dict()),
    )
    assert train(module, optimizer_for(full(name, options), module), steps=2) == train(other, fresh, steps=2)


def test_what_is_packed_is_a_copy():
    module = network()
    optimizer = optimizer_for(full("adam", {}), module)
    train(module, optimizer, steps=1)
    tensors = packed(optimizer.state_dict())
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    fresh = optimizer_for(full("adam", {}), module)
    restore(fresh, tensors)
    train(module, optimizer, steps=1)
    train(module, fresh, steps=1)
    assert all(torch.equal(tensors[name], before[name]) for name in tensors)


@pytest.mark.parametrize("name", list(ENTRIES))
def test_the_rates_set_since_the_start_are_kept(name: str):
    module = network()
    optimizer, fresh = optimizer_for(full(name, {}), module), optimizer_for(full(name, {}), module)
    for number, group in enumerate(optimizer.param_groups):
        group["lr"] = 0.75 + number
    restore(fresh, packed(optimizer.state_dict()))
    assert [group["lr"] for group in fresh.param_groups] == [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize("name", ["nadam", "asgd"])
def test_numbers_kept_in_float32_beside_float64_parameters_stay_float32(name: str):
    """Torch's own load_state_dict turns them into float64 (pytorch#43706)."""
    module = network(torch.float64)
    optimizer, fresh = optimizer_for(full(name, {}), module), optimizer_for(full(name, {}), module)
    train(module, optimizer, steps=1)
    restore(fresh, packed(optimizer.state_dict()))
    slot = {"nadam": "mu_product", "asgd": "eta"}[name]
    assert fresh.state_dict()["state"][0][slot].dtype == torch.float32


STATES = {
    "numbers": {0: {"tensor": torch.ones(2), "whole": 3, "real": 0.1, "switch": True, "nothing": None}},
    "lists": {0: {"list": [torch.ones(1), None, 2, None], "pair": (1.5, False), "empty": [], "nested": [[1], [None]]}},
    "dictionaries": {0: {"inner": {"x": {3: torch.zeros(())}}, "empty": {}}, "global": {"k": 2**40}},
    "dtypes": {
        0: {"half": torch.ones(2, dtype=torch.bfloat16), "mask": torch.tensor([True, False]), "index": torch.tensor(7)}
    },
    "empty": {},
}


def same(first: object, second: object) -> bool:
    if isinstance(first, Tensor):
        assert isinstance(second, Tensor)
        return first.dtype == second.dtype and first.stride() == second.stride() and torch.equal(first, second)
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


@pytest.mark.parametrize("state", STATES.values(), ids=list(STATES))
def test_any_nest_of_tensors_and_numbers_comes_back_as_it_was(state: dict):
    like = {"state": {}, "param_groups": [{"params": [0], "lr": 0.1}]}
    tensors = load(save(packed({**like, "state": state})))
    assert same(unpacked(tensors, like)["state"], state)


def test_a_tensor_keeps_the_order_in_which_it_lies_in_memory():
    state = {0: {"columns": torch.arange(6.0).reshape(2, 3).T, "spread": torch.ones(1).expand(3)}}
    like = {"state": {}, "param_groups": []}
    back = unpacked(load(save(packed({**like, "state": state}))), like)["state"][0]
    assert back["columns"].stride() == (1, 3)
    assert torch.equal(back["columns"], state[0]["columns"])
    assert torch.equal(back["spread"], torch.ones(3))


@pytest.mark.parametrize(
    "state",
    [{0: {"queue": deque()}}, {0: {"rule": "fast"}}, {0: {"a/b": 1}}, {0: {"1": 1}}, {0: {0.5: 1}}],
    ids=str,
)
def test_what_only_pickle_could_keep_is_refused(state: dict):
    with pytest.raises(RecipeError, match="cannot be kept without pickle"):
        packed({"state": state, "param_groups": []})


def test_a_state_of_another_form_is_refused():
    with pytest.raises(RecipeError, match="its state_dict"):
        packed({"base": {}})
