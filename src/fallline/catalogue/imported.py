"""An optimizer from outside the catalogue: imported, built on copies and tried there, then built for good."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from fallline.catalogue.optimizer_state import packed
from fallline.catalogue.references import referred
from fallline.core.errors import RecipeError, nearest
from fallline.core.recipe import Recipe

__all__ = ["imported_optimizer"]


def imported_optimizer(recipe: Recipe, parameters: Sequence[nn.Parameter]) -> Optimizer:
    """The optimizer at ``recipe.optimizer``, ``package.module:Class``, on ``parameters``.

    Its options are passed on as they are. It is tried first: two steps on copies of the parameters, along random
    gradients, and its state packed as a checkpoint would. So one that wants a closure or second derivatives is
    refused before training.

    Raises:
        RecipeError: It cannot be imported, is no torch optimizer, does not take the options, or fails on trial.
    """
    kind = _class_at(recipe.optimizer)
    _require_known_options(recipe, kind)
    with torch.random.fork_rng(devices=[]):
        copies = [nn.Parameter(parameter.detach().clone()) for parameter in parameters]
        _try(recipe, _built(recipe, kind, copies), copies)
    return _built(recipe, kind, parameters)


def _class_at(reference: str) -> type[Optimizer]:
    doing = f"importing the optimizer {reference}"
    found = referred(reference, doing=doing)
    if not (isinstance(found, type) and issubclass(found, Optimizer)):
        raise RecipeError(
            doing,
            "it is no optimizer",
            expected="a subclass of torch.optim.Optimizer",
            got=f"{reference.partition(':')[2]} = {found!r}",
        )
    return found


def _require_known_options(recipe: Recipe, kind: type[Optimizer]) -> None:
    """Refuse what the constructor would swallow in its ``**kwargs``: a misspelt option must not pass in silence."""
    known: list[str] = []
    for base in kind.__mro__:
        if base is Optimizer:
            break
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        known += [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
        if all(each.kind is not each.VAR_KEYWORD for each in parameters):
            break
    options = [name for name in dict.fromkeys(known) if name not in ("self", "params", "lr")]
    for name, value in recipe.optimizer_options.items():
        if name not in options:
            close = nearest(name, options)
            raise RecipeError(
                f"setting up optimizer {recipe.optimizer}",
                f"it has no option {name!r}",
                expected="one of " + ", ".join(options) if options else "no options",
                got=f"{name} = {value!r}",
                do=f"did you mean {close!r}?" if close else f"leave {name} out",
            )


def _built(recipe: Recipe, kind: type[Optimizer], parameters: Sequence[nn.Parameter]) -> Optimizer:
    build: Any = kind  # its constructor takes what its author chose
    try:
        optimizer = build(list(parameters), lr=recipe.learning_rate, **recipe.optimizer_options)
    except Exception as error:  # whatever it thinks of its arguments
        likely = "an option is wrong or missing, or it wants the network or its parameters in a form of its own"
        do = "its options as its own documentation names them"
        raise _failure(recipe, "it cannot be built from these options", error, likely=likely, do=do) from error
    if any("lr" not in group for group in optimizer.param_groups):
        raise RecipeError(
            f"setting up optimizer {recipe.optimizer}",
            "it keeps no learning rate in its groups of parameters, so that none can be set",
            expected='a "lr" in each of its param_groups',
        )
    return optimizer


def _try(recipe: Recipe, optimizer: Optimizer, copies: Sequence[nn.Parameter]) -> None:
    generator = torch.Generator().manual_seed(0)
    try:
        for _ in range(2):
            for copy in copies:
                copy.grad = torch.randn(copy.shape, generator=generator).to(copy)
            optimizer.step()
    except Exception as error:  # whatever it does in its step
        likely = "it evaluates the loss itself (a closure), or differentiates the gradient"
        do = "--optimizer with one that steps along given gradients, or lbfgs, whose closure is seen to"
        raise _failure(recipe, "it cannot step along given gradients", error, likely=likely, do=do) from error
    packed(optimizer.state_dict())


def _failure(recipe: Recipe, wrong: str, error: Exception, *, likely: str, do: str) -> RecipeError:
    given = ", ".join(f"{name} = {value!r}" for name, value in recipe.optimizer_options.items())
    return RecipeError(
        f"setting up optimizer {recipe.optimizer}",
        f"{wrong}: {type(error).__name__}: {error}",
        got=given or "no options",
        likely=likely,
        do=do,
    )
