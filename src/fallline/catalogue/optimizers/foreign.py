"""Optimizers from outside the catalogue, named by where they are imported from."""

from __future__ import annotations

import re

from fallline.catalogue.optimizers._shared import card
from fallline.catalogue.optimizers.entry import Optimizer
from fallline.core.errors import RecipeError

__all__ = ["foreign"]

_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def foreign(reference: str) -> Optimizer:
    """The entry of the optimizer at ``package.module:Class``; nothing is imported yet.

    Its options are not known here: they go to the class as they are. It is taken as one whose coordinates depend on
    each other, and its ladder is wide, as its natural learning rates are not known either.

    Raises:
        RecipeError: ``reference`` is not of that form.

    Example:
        >>> foreign("pytorch_optimizer:AdaBelief").card.name
        'pytorch_optimizer:AdaBelief'
    """
    if not _REFERENCE.fullmatch(reference):
        raise RecipeError(
            "looking up the optimizer",
            f"{reference!r} does not say where to import an optimizer from",
            expected="package.module:Class",
            do="--optimizer pytorch_optimizer:AdaBelief, or a name that `fallline catalog` lists",
        )
    return Optimizer(
        card(
            reference,
            "",
            summary=f"The optimizer that is imported from {reference}.",
            formula=r"\theta \leftarrow \operatorname{step}(\theta, g)",
            shapes="as its own documentation says",
            ranges="as its own documentation says",
            when="When the catalogue lacks the optimizer that you want.",
            pitfalls=(
                "Its options are passed on unchecked, by the names and in the form of its own constructor.",
                "It runs on the plain loop only, one run after the other.",
                "One that must evaluate the loss inside its step, or differentiate the gradient, is refused.",
                "One that keeps other weights for evaluation (schedule-free) is validated at those it trains.",
                "The ladder's learning rates are a guess: give your own range where you know it.",
            ),
            source="its own documentation",
            options=(),
        ),
        rates=(1e-4, 1.0),
        elementwise=False,
    )
