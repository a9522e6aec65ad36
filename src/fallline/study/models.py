"""A study's models, from their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor, nn

from fallline.catalogue.given import given_network, is_given, network_name
from fallline.catalogue.networks import Imported, network_for
from fallline.catalogue.registry import contract_of
from fallline.core.errors import StudyError
from fallline.core.recipe import Recipe
from fallline.core.seeds import blank
from fallline.data.schema import Schema
from fallline.study.own_networks import NETWORKS, Function

__all__ = ["blank_model", "require_fit"]


def blank_model(recipe: Recipe, schema: Schema, functions: Mapping[str, Function], *, study: str) -> nn.Module:
    """The module of a recipe, whose parameters are to be replaced.

    Args:
        recipe: The recipe.
        schema: What gives its inputs, and what it predicts.
        functions: What references mean that cannot be imported, where that was said.
        study: The study's folder.

    Raises:
        StudyError: Its network was a function that is not known here: its source is not run.
    """
    contract = contract_of(recipe)
    width = contract.width(schema.target)
    network = network_for(recipe, inputs=len(schema.features), outputs=width, head=contract.head)
    if isinstance(network, Imported):
        function = functions.get(network.reference)
        _require_known(network.reference, function, study)
        network = replace(network, function=function)
    return blank(network.build)


def _require_known(reference: str, function: Function | None, study: str) -> None:
    if function is not None or not is_given(reference) or given_network(reference) is not None:
        return
    raise StudyError(
        f"building the model of the study {study}",
        f"its network was a function of a notebook or a script, whose source is kept in its {NETWORKS} and not run",
        expected=f"the function {network_name(reference)}",
        got=f"network = {reference}",
        do=f"fl.open({study!r}, network=FUNCTION), once you have read {NETWORKS} and trust it",
    )


def require_fit(module: nn.Module, parameters: Mapping[str, Tensor], recipe: Recipe, *, study: str) -> None:
    """Refuse a network of the user's own that is not the one that was trained.

    Raises:
        StudyError: Its parameters have other names or shapes.
    """
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    there = {name: tuple(value.shape) for name, value in parameters.items()}
    if recipe.network is None or wanted == there:
        return
    name = next(name for name in (*wanted, *there) if wanted.get(name) != there.get(name))
    raise StudyError(
        f"building the model of the study {study}",
        f"the network {network_name(recipe.network)} is not the one that was trained",
        expected=f"{name} {there[name]}" if name in there else f"no {name}",
        got=f"{name} {wanted[name]}" if name in wanted else f"no {name}",
    )
