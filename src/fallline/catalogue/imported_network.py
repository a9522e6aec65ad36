"""A network of the user's own: imported, built, and tried on two rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy

from fallline.catalogue.given import given_network, is_given, network_name
from fallline.catalogue.references import referred, working_directory_first
from fallline.core.errors import RecipeError

__all__ = ["imported_network"]

_built: WeakSet[nn.Module] = WeakSet()
"""What functions have returned and is still alive: one that comes again would be trained by two runs at once."""


def imported_network(
    reference: str, *, inputs: int, outputs: int, function: Callable[..., Any] | None = None
) -> nn.Module:
    """The module that ``function(inputs, outputs)`` returns.

    Args:
        reference: Where the function is, ``package.module:function``, or what `reference_of` has called it.
        inputs: Features of a row.
        outputs: Units that the module has to return.
        function: What is meant by ``reference``, where that is known.

    Raises:
        RecipeError: It cannot be imported or built, or does not map ``(row, inputs)`` to ``(row, outputs)``.
    """
    doing = f"building the network {network_name(reference)}"
    called = function or _function(reference, doing)
    with working_directory_first():  # the function may import what it needs when it is called
        try:
            returned = called(inputs, outputs)
        except Exception as error:  # a function that is called may raise anything
            raise RecipeError(
                doing,
                f"it fails when called with ({inputs}, {outputs}): {type(error).__name__}: {error}",
                expected=_expected(reference),
            ) from error
        module = _own_module(returned, reference, doing)
        _require_fit(module, doing, inputs=inputs, outputs=outputs)
    _built.add(module)
    return module


def _function(reference: str, doing: str) -> Callable[..., Any]:
    given = given_network(reference)
    if given is not None:
        return given.function
    if is_given(reference):
        raise RecipeError(
            doing,
            "it was a function of a notebook or a script, in another session",
            got=f"network = {reference}",
            do=f"network=FUNCTION, with the function {network_name(reference)} itself",
        )
    found = referred(reference, doing=doing)
    if not callable(found):
        raise RecipeError(doing, "it is not a function", expected=_expected(reference), got=_shown(found))
    return found


def _own_module(module: object, reference: str, doing: str) -> nn.Module:
    if not isinstance(module, nn.Module):
        likely = "a class was returned, not an instance of it" if isinstance(module, type) else None
        raise RecipeError(
            doing, "it does not return a network", expected=_expected(reference), got=_shown(module), likely=likely
        )
    if module in _built:
        raise RecipeError(
            doing,
            "it returned the same module a second time",
            expected="a new module at each call: every run trains its own",
            got=_shown(module),
            do="build the module inside the function",
        )
    if any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers())):
        raise RecipeError(
            doing,
            "it has lazy layers, whose parameters do not exist yet",
            expected="all parameters drawn by the function, so that the seed fixes them",
            do="give the layers their sizes: nn.Linear(inputs, ...)",
        )
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise RecipeError(doing, "it has no parameters to train", got=_shown(module))
    return module


def _require_fit(module: nn.Module, doing: str, *, inputs: int, outputs: int) -> None:
    """Try it on two rows, in eval mode, on copies of what it might change."""
    like = next(module.parameters())
    rows = torch.linspace(-1, 1, 2 * inputs).reshape(2, inputs).to(like)
    copies = {name: tensor.detach().clone() for name, tensor in (*module.named_parameters(), *module.named_buffers())}
    units = "1 unit" if outputs == 1 else f"{outputs} units"
    expected = f"a tensor of shape (2, {outputs}), {units} for each row"
    with _in_eval_mode(module), torch.random.fork_rng(devices=[]), torch.no_grad():
        try:
            result = functional_call(module, copies, (rows,))
        except Exception as error:  # a module may raise anything
            wrong = f"it fails on a batch of shape (2, {inputs}): {type(error).__name__}: {error}"
            raise RecipeError(doing, wrong, expected=expected) from error
    if isinstance(result, Tensor) and result.shape == (2, outputs) and result.is_floating_point():
        return
    likely = None
    if isinstance(result, Tensor) and result.shape == (2,):
        likely = "a squeeze() at its end: the column of a single output must stay"
    elif isinstance(result, tuple | list | dict):
        likely = "it returns more than its output, as recurrent and attention layers do"
    raise RecipeError(
        doing,
        f"it does not return {units} for each row",
        expected=expected,
        got=_shown(result) + f" for a batch of shape (2, {inputs})",
        likely=likely,
    )


@contextmanager
def _in_eval_mode(module: nn.Module) -> Iterator[None]:
    modes = {layer: layer.training for layer in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for layer, mode in modes.items():
            layer.training = mode


def _expected(reference: str) -> str:
    name = reference.partition(":")[2]
    said = (
        "lambda inputs, outputs: …"
        if is_given(reference) and name.startswith("lambda_")
        else f"{name}(inputs, outputs)"
    )
    return f"{said}, which returns a torch.nn.Module"


def _shown(value: object) -> str:
    """What came back, in a few words."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}, {value.dtype}"
    if isinstance(value, nn.Module):
        return f"a {type(value).__name__}"
    text = repr(value).splitlines()[0]
    return f"{text[:60]} ({type(value).__name__})"
