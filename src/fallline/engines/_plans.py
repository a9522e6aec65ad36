"""What the compiled engine is told: recipes as plans, each of a block's worth of runs that are equal in kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fallline.catalogue.networks import Feedforward
from fallline.catalogue.registry import find
from fallline.core.recipe import OptionValue, Recipe

if TYPE_CHECKING:
    from fallline._native import Loss, Plan, Shape

__all__ = ["LANES", "kind_of", "network_refusal", "plan_of", "points_plan", "refusal"]


LANES = {"float32": 16, "float64": 8}
"""The runs of a block, by their dtype."""


_ACTIVATIONS: dict[str, tuple[str, ...]] = {
    "leaky_relu": ("negative_slope",),
    "hardtanh": ("min_val", "max_val"),
    "hardshrink": ("lambd",),
    "softshrink": ("lambd",),
    "threshold": ("threshold", "value"),
    "elu": ("alpha",),
    "celu": ("alpha",),
    "softplus": ("beta", "threshold"),
}
"""Activations with numbers for options: these, in the order of native/kernels.h."""

_LOSSES: dict[str, tuple[str, ...]] = {
    "smooth_l1": ("beta",),
    "huber": ("delta",),
    "quantile": ("quantile",),
    "poisson_nll_rate": ("eps",),
    "gaussian_nll": ("eps",),
    "bce_with_logits": ("pos_weight",),
    "hinge_embedding": ("margin",),
    "multilabel_soft_margin": ("weight",),
    "cross_entropy": ("label_smoothing", "weight"),
    "nll": ("weight",),
    "focal": ("gamma", "weight"),
    "multi_margin": ("p", "margin", "weight"),
}
"""The same of losses; ``weight`` and ``pos_weight`` are one number per output."""

_BY_OUTPUT = ("weight", "pos_weight")


def refusal(recipe: Recipe) -> str | None:
    """Why the compiled engine cannot train ``recipe``, a sentence; None where it can."""
    if recipe.network is not None:
        return f"the network {recipe.network} is a module of its own"
    if reason := network_refusal(recipe):
        return reason
    if not find("optimizer", recipe.optimizer).elementwise:
        return f"optimizer {recipe.optimizer} does not step number by number"
    return None


def network_refusal(network: Recipe | Feedforward) -> str | None:
    """Why the compiled engine cannot evaluate a feedforward network, a sentence; None where it can."""
    if network.normalization != "none":
        return f"normalization {network.normalization} is not compiled"
    if network.activation == "prelu":
        return "activation prelu learns its slope, and the compiled engine learns nothing but linear layers"
    return None


def kind_of(recipe: Recipe) -> tuple[object, ...]:
    """What runs must have in common to share a block: all but numbers that may differ from lane to lane."""
    optimizer = recipe.optimizer_options
    return (
        recipe.network,
        recipe.widths,
        recipe.normalization,
        recipe.activation,
        _switches(recipe.activation_options),
        recipe.loss,
        _switches(recipe.loss_options),
        recipe.optimizer,
        _switches(optimizer),
        bool(optimizer.get("momentum")),  # whose memory is left out where no run needs it
        recipe.schedule,
        recipe.warmup > 0,
        recipe.dropout > 0,
        recipe.clip_norm is None,
        recipe.clip_value is None,
        recipe.batch_size,
        recipe.epochs,
        recipe.dtype,
    )


def plan_of(network: Feedforward, recipes: Sequence[Recipe]) -> Plan:
    """The plan of a block of resolved recipes of one kind, on one network."""
    first = recipes[0]
    optimizer = [recipe.optimizer_options for recipe in recipes]
    numbers = [name for name, value in first.optimizer_options.items() if _is_number(value)]
    return {
        **_shape(network, [recipe.activation_options for recipe in recipes]),
        **_loss(network, recipes),
        "dropout": [recipe.dropout for recipe in recipes] if first.dropout else [],
        "optimizer": first.optimizer,
        "optimizer_options": {name: [_number(each[name]) for each in optimizer] for name in numbers},
        "optimizer_flags": {name: bool(value) for name, value in _switches(first.optimizer_options)},
        "clip_norm": [] if first.clip_norm is None else [_number(recipe.clip_norm) for recipe in recipes],
        "clip_value": [] if first.clip_value is None else [_number(recipe.clip_value) for recipe in recipes],
        "batch_size": first.batch_size,
        "epochs": first.epochs,
        "patience": [recipe.patience or 0 for recipe in recipes],
        "seeds": [recipe.seed for recipe in recipes],
    }


def points_plan(network: Feedforward, recipe: Recipe | None = None) -> Plan:
    """The plan of a network that is not trained, with the loss of ``recipe`` where one is wanted."""
    squares = Recipe(loss_options={"reduction": "mean"})
    return {
        **plan_of(replace(network, dropout=0.0), [squares.replace(activation_options=network.activation_options)]),
        **_loss(network, [recipe or squares]),
    }


def _shape(network: Feedforward, options: Sequence[Mapping[str, OptionValue]]) -> Shape:
    """The network: what is the same in every lane, and the activation's options lane by lane."""
    name, names = network.activation, _ACTIVATIONS.get(network.activation, ())
    if network.activation_options.get("approximate") == "tanh":
        name = "gelu_tanh"
    return {
        "sizes": [network.inputs, *network.widths, network.outputs],
        "activation": name,
        "activation_options": [[_number(each[option]) for each in options] for option in names],
    }


def _loss(network: Feedforward, recipes: Sequence[Recipe]) -> Loss:
    first = recipes[0]
    name = first.loss
    if name == "poisson_nll" and not first.loss_options.get("log_input", True):
        name = "poisson_nll_rate"
    options: list[list[float]] = []
    for option in _LOSSES.get(name, ()):
        values = [recipe.loss_options.get(option) for recipe in recipes]
        if option in _BY_OUTPUT:
            options += [
                list(column) for column in zip(*(_by_output(value, network.outputs) for value in values), strict=True)
            ]
        else:
            options.append([_number(value) for value in values])
    return {
        "loss": name,
        "loss_options": options,
        "full": bool(first.loss_options.get("full", False)),
        "sums": first.loss_options.get("reduction") == "sum",
    }


def _by_output(value: OptionValue | None, outputs: int) -> tuple[float, ...]:
    """One weight for each output: all 1 where none is given, all the same where one is."""
    weights = value if isinstance(value, tuple) else (1.0,)
    return weights * outputs if len(weights) == 1 else weights


def _switches(options: Mapping[str, OptionValue]) -> tuple[tuple[str, OptionValue], ...]:
    """The options that are no numbers, in which the runs of a block are equal; a recipe has them in order."""
    return tuple([(name, value) for name, value in options.items() if isinstance(value, bool | str)])


def _is_number(value: OptionValue | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: OptionValue | None) -> float:
    assert isinstance(value, int | float)  # its card has seen to it
    return float(value)
