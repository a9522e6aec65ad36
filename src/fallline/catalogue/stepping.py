"""From a recipe to the optimizer that torch runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import nn

from fallline.catalogue.imported import imported_optimizer
from fallline.catalogue.lion import Lion
from fallline.catalogue.muon import MuonWithAdamW
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe

__all__ = ["Stepper", "optimizer_for"]

_Build = Callable[..., "Stepper"]


class Stepper(Protocol):
    """What a training loop asks of an optimizer; every `torch.optim.Optimizer` has it."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of parameters with their options; set ``["lr"]`` in each to change the rate."""
        ...

    def zero_grad(self) -> None:
        """Forget the gradients."""
        ...

    def step(self, closure: Any = None) -> Any:
        """Move the parameters along their gradients.

        Args:
            closure: Forgets the gradients, computes the loss and its gradients and returns it. ``lbfgs`` needs it, and
                calls it many times, first of all where the parameters are.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on: ``state`` and ``param_groups``."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave; `fallline.catalogue.optimizer_state.restore` does so bit for bit."""
        ...


def _lbfgs(parameters: list[nn.Parameter], **arguments: Any) -> Stepper:
    optimizer = torch.optim.LBFGS(parameters, line_search_fn="strong_wolfe", **arguments)
    return optimizer  # pyright: ignore[reportReturnType]: its closure has no default, as it always needs one


_BUILDERS: dict[str, _Build] = {
    "adadelta": torch.optim.Adadelta,
    "adafactor": torch.optim.Adafactor,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamax": torch.optim.Adamax,
    "adamw": torch.optim.AdamW,
    "asgd": torch.optim.ASGD,
    "lbfgs": _lbfgs,
    "lion": Lion,
    "muon": MuonWithAdamW,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rmsprop": torch.optim.RMSprop,
    "rprop": torch.optim.Rprop,
    "sgd": torch.optim.SGD,
}

_PAIRS = {
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_size_min", "step_size_max"),
    "eps": ("eps1", "eps2"),
}
"""Torch's arguments that are pairs → the two options that make them up, of which the first may be left out."""


def optimizer_for(recipe: Recipe, module: nn.Module) -> Stepper:
    """The optimizer of a resolved recipe, on all parameters of ``module``.

    Raises:
        RecipeError: The module has no parameters, torch is too old for it, or a foreign optimizer cannot be imported,
            built, or stepped.
    """
    parameters = list(module.parameters())
    if not parameters:
        raise RecipeError(
            f"setting up optimizer {recipe.optimizer}",
            "the network has no parameters to train",
            do="register its weights as torch.nn.Parameter",
        )
    if ":" in recipe.optimizer:
        return imported_optimizer(recipe, parameters)
    return _BUILDERS[recipe.optimizer](parameters, lr=recipe.learning_rate, **_arguments(recipe))


def _arguments(recipe: Recipe) -> dict[str, Any]:
    """The recipe's options as arguments of torch's class."""
    arguments: dict[str, Any] = dict(recipe.optimizer_options)
    if recipe.optimizer == "muon":  # not torch's class but ours, which takes the options as they are
        return arguments
    for pair, (first, second) in _PAIRS.items():
        if second in arguments:
            arguments[pair] = (arguments.pop(first, None), arguments.pop(second))
    return arguments
