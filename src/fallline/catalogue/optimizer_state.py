"""The state of any optimizer as named tensors, and back, exactly: for checkpoints without pickle.

A tensor is kept under its path, ``state/0/exp_avg``; what is no tensor becomes one, and its path says what it was:
``state/0/n_iter:int``. Lists keep their length, so that places that hold None need no entry of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from fallline.core.errors import RecipeError

if TYPE_CHECKING:
    from fallline.catalogue.stepping import Stepper

__all__ = ["packed", "restore", "unpacked"]

_NUMBERS: dict[type, torch.dtype] = {bool: torch.bool, int: torch.int64, float: torch.float64}
_SEQUENCES: dict[str, Callable[..., Any]] = {"list": list, "tuple": tuple}


def packed(state_dict: Mapping[str, Any]) -> dict[str, Tensor]:
    """What ``state_dict()`` of an optimizer gave as copies of tensors by name, fit for safetensors.

    Of the groups' options only numbers and tensors are kept: those that steps may change, as some optimizers from
    outside torch count their steps there. The rest comes with the optimizer that is restored.

    Raises:
        RecipeError: The state holds something that is no tensor, number, None, list, tuple or dictionary.

    Example:
        >>> weight = torch.nn.Parameter(torch.ones(2))
        >>> optimizer = torch.optim.SGD([weight], lr=0.5, momentum=0.9)
        >>> weight.sum().backward()
        >>> optimizer.step()
        >>> packed(optimizer.state_dict())["state/0/momentum_buffer"]
        tensor([1., 1.])
    """
    if not {"state", "param_groups"} <= state_dict.keys():
        raise _unfit("its state_dict", list(state_dict))
    tensors = _entries("state", state_dict["state"])
    for number, group in enumerate(state_dict["param_groups"]):
        for name, value in group.items():
            if isinstance(value, Tensor) or _number_type(value):
                tensors |= _entries(f"groups/{number}/{name}", value)
    return tensors


def unpacked(tensors: Mapping[str, Tensor], like: Mapping[str, Any]) -> dict[str, Any]:
    """What `packed` was given, for ``load_state_dict``.

    Args:
        tensors: What `packed` gave.
        like: The ``state_dict()`` of an optimizer with the same options on parameters of the same shapes.
    """
    tree: dict[str, Any] = {}
    for name, tensor in tensors.items():
        *path, last = name.split("/")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = tensor
    kept = _values(tree)
    groups = [{**group, **kept["groups"].get(number, {})} for number, group in enumerate(like["param_groups"])]
    return {**like, "state": kept["state"], "param_groups": groups}


def restore(stepper: Stepper, tensors: Mapping[str, Tensor]) -> None:
    """Let ``stepper`` go on, bit for bit, from where the one was whose state `packed` gave ``tensors``.

    ``load_state_dict`` alone does not suffice: torch casts every tensor of the state to its parameter's dtype
    (pytorch#43706, open), and NAdam's product of momenta, float32 whatever the parameters, is then another number
    from the next step on.
    """
    state_dict = unpacked(tensors, stepper.state_dict())
    stepper.load_state_dict(state_dict)
    _put_back(stepper.state_dict()["state"], state_dict["state"])


def _put_back(live: dict[Any, Any], saved: Mapping[Any, Any]) -> None:
    for key, value in saved.items():
        if isinstance(value, dict):
            _put_back(live[key], value)
        else:
            live[key] = value


def _entries(path: str, value: object) -> dict[str, Tensor]:
    """``value`` at ``path`` as named tensors."""
    if isinstance(value, Tensor):
        return _tensor_entries(path, value.detach().clone())
    if value is None:
        return {f"{path}:none": torch.tensor(0)}
    if number := _number_type(value):
        return {f"{path}:{number.__name__}": torch.tensor(value, dtype=_NUMBERS[number])}
    entries: dict[str, Tensor] = {}
    if isinstance(value, Mapping):
        for key, item in value.items():
            entries |= _entries(f"{path}/{_part(key)}", item)
        return entries or {f"{path}:dict": torch.tensor(0)}
    if type(value) in _SEQUENCES.values():
        assert isinstance(value, list | tuple)
        for place, item in enumerate(value):
            if item is not None:
                entries |= _entries(f"{path}/{place}", item)
        return entries | {f"{path}:{type(value).__name__}": torch.tensor(len(value))}
    raise _unfit(path, value)


def _tensor_entries(path: str, tensor: Tensor) -> dict[str, Tensor]:
    """A tensor that lies otherwise than row by row keeps its strides: matrix products round by them."""
    if tensor.is_contiguous():
        return {path: tensor}
    return {path: tensor.contiguous(), f"{path}:stride": torch.tensor(tensor.stride())}


def _number_type(value: object) -> type | None:
    """The type that brings a number back; members of an enumeration are constants, not numbers."""
    return float if isinstance(value, float) else type(value) if type(value) in (bool, int) else None


def _part(key: object) -> str:
    """A key as a part of a path: numbers are digits, and no text may look like them or like a path."""
    if isinstance(key, int) or (isinstance(key, str) and key and not key.isdigit() and not set(key) & set("/:")):
        return str(key)
    raise _unfit("a key", key)


def _values(node: Mapping[str, Any]) -> dict[Any, Any]:
    """What `_entries` was given, from the entries below its path."""
    values: dict[Any, Any] = {}
    for name, item in node.items():
        part, _, kind = name.partition(":")
        key = int(part) if part.isdigit() else part
        if kind in _SEQUENCES:
            below = _values(node.get(part, {}))
            values[key] = _SEQUENCES[kind](below.get(place) for place in range(int(item)))
        elif isinstance(item, Mapping):
            if not any(f"{part}:{sequence}" in node for sequence in _SEQUENCES):
                values[key] = _values(item)
        elif kind != "stride":
            values[key] = _value(kind, item, node.get(f"{part}:stride"))
    return values


def _value(kind: str, tensor: Tensor, stride: Tensor | None) -> Any:
    match kind:
        case "" if stride is not None:
            return tensor.new_empty_strided(tensor.shape, stride.tolist()).copy_(tensor)
        case "":
            return tensor.clone()  # steps change it in place
        case "none":
            return None
        case "dict":
            return {}
        case _:
            return tensor.item()


def _unfit(path: str, value: object) -> RecipeError:
    return RecipeError(
        "keeping the state of the optimizer",
        f"{path} holds what cannot be kept without pickle",
        expected="a tensor, a number, None, or a list, tuple or dictionary of them",
        got=f"{type(value).__name__} {value!r:.60}",
        do="choose another optimizer",
    )
