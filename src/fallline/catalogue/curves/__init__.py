"""The picture of an entry of the catalogue, computed by what torch runs: a drawing per kind of card."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from fallline.catalogue.card import Card, Kind
from fallline.catalogue.curves._functions import activation_picture
from fallline.catalogue.curves._losses import loss_picture
from fallline.catalogue.curves._paths import optimizer_picture
from fallline.catalogue.curves._rates import schedule_picture
from fallline.catalogue.curves._signals import initialization_picture, normalization_picture
from fallline.render.picture import Picture

__all__ = ["PICTURES", "picture_of"]

PICTURES: dict[Kind, Callable[[str], Picture]] = {
    "loss": loss_picture,
    "optimizer": optimizer_picture,
    "schedule": schedule_picture,
    "activation": activation_picture,
    "initialization": initialization_picture,
    "normalization": normalization_picture,
}
"""Kind → the picture of the entry of that kind called so."""


@cache
def picture_of(card: Card) -> Picture:
    """The picture of a card's entry, at its default options.

    Nothing is drawn by hand: a loss's curve is what `Criterion` returns, an optimizer's path what `optimizer_for`
    does. Seeds are fixed, so that the same card gives the same picture.

    Args:
        card: A card of the catalogue.

    Returns:
        The picture: a curve, a path, or the rates over the steps.
    """
    return PICTURES[card.kind](card.name)
