"""A study's networks that were functions of a notebook or a script: their source is kept, and never run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fallline.catalogue.given import given_network, is_given, network_name, reference_of
from fallline.catalogue.references import referred
from fallline.core.errors import ArgumentError
from fallline.core.recipe import Recipe

__all__ = ["NETWORKS", "Function", "bound", "given_references", "named", "network_notes", "network_source"]

NETWORKS = "network.py"
"""The file of a study that holds their source."""
Function = Callable[..., Any]

_HEAD = """\
# The networks of this study that could not be imported again, as they were written.
# Nothing runs this file. fl.open(STUDY, network=FUNCTION) opens the study with such a function.
"""


def named(network: Any) -> Any:
    """What was given as ``network``, its functions as references: of one, or of a list of alternatives."""
    if network is None or isinstance(network, str):
        return network
    if isinstance(network, Sequence):
        return [named(each) for each in network]
    return reference_of(network)


def given_references(recipes: Iterable[Recipe]) -> list[str]:
    """The references that mean something in the process alone that trained them."""
    return list(dict.fromkeys(recipe.network for recipe in recipes if recipe.network and is_given(recipe.network)))


def network_source(recipes: Iterable[Recipe]) -> str | None:
    """The content of `NETWORKS`; None where all networks can be imported, or are built in."""
    found = [(reference, given_network(reference)) for reference in given_references(recipes)]
    blocks = [f"# {reference}\n{given.source.rstrip()}\n" for reference, given in found if given is not None]
    return "\n".join([_HEAD, *blocks]) if blocks else None


def network_notes(recipes: Iterable[Recipe]) -> tuple[str, ...]:
    """What is said of such networks."""
    names = dict.fromkeys(network_name(reference) for reference in given_references(recipes))
    if not names:
        return ()
    said, whose = ("The network", "its") if len(names) == 1 else ("The networks", "their")
    said += f" {' and '.join(names)}"
    functions = "FUNCTION" if len(names) == 1 else "{REFERENCE: FUNCTION, …}"
    return (
        f"{said} cannot be imported again: {whose} source is kept in {NETWORKS}, the study is not "
        f"rerunnable, and in another session it is opened by fl.open(STUDY, network={functions}).",
    )


def bound(references: Sequence[str], network: Any, *, doing: str) -> dict[str, Function]:
    """Which function each of a study's references is to mean.

    Args:
        references: Those of the study's recipes that cannot be imported.
        network: A function, or its ``module:name``; or one for each of several references.
        doing: What an error says was being done.

    Raises:
        ArgumentError: It is not clear which function is which, or one cannot be called.
    """
    if isinstance(network, Mapping):
        unknown = [reference for reference in network if reference not in references]
        if unknown:
            raise _error(references, doing, f"{unknown[0]!r} is no network of its own")
        return {reference: _function(each, doing) for reference, each in network.items()}
    function = _function(network, doing)
    name = getattr(function, "__name__", "")
    meant = references if len(references) == 1 else [each for each in references if each.endswith(f":{name}")]
    if len(meant) != 1:
        wrong = "it is not clear which of its networks the function is" if references else "it has no such network"
        raise _error(references, doing, wrong)
    return {meant[0]: function}


def _function(network: Any, doing: str) -> Function:
    found = referred(network, doing=doing) if isinstance(network, str) else network
    if not callable(found):
        raise ArgumentError(
            doing, "the network is no function", expected="a function(inputs, outputs)", got=f"network = {network!r}"
        )
    return found


def _error(references: Sequence[str], doing: str, wrong: str) -> ArgumentError:
    first = references[0] if references else None
    return ArgumentError(
        doing,
        wrong,
        expected=f"functions for {', '.join(references)}" if references else "a study whose network was a function",
        do=f"fl.open(STUDY, network={{{first!r}: FUNCTION}})" if first else "leave network out",
    )
