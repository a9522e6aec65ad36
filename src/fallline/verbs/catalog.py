"""``fl.catalog``: the losses, optimizers, schedules and parts of networks that there are, with their cards."""

from __future__ import annotations

from fallline.catalogue.listing import Catalog, CatalogEntry, everything, kind_named, look_up

__all__ = ["catalog"]


def catalog(name: str | None = None) -> Catalog | CatalogEntry:
    """Look up the catalogue.

    Args:
        name: The name of a loss, optimizer, schedule, activation, initialization or normalization, its class in
            torch (``"MSELoss"``, ``"torch.nn.MSELoss"``), or a kind (``"losses"``); None: everything.

    Returns:
        One entry, with its ``.card``, ``.picture``, ``.figure()``, ``.plot(path)`` and ``.to_dict()``; or a list of
        entries, also where several kinds have the name, with ``.frame()`` for a table and ``.to_dict()`` for plain
        data. Both show themselves in a notebook and in a terminal.

    Raises:
        UnknownNameError: There is no such entry, and the nearest is suggested; or it is a class of torch that is left
            out, and the reason is given.

    Example:
        >>> import fallline as fl
        >>> huber = fl.catalog("HuberLoss")
        >>> huber.card.name, huber.card.source
        ('huber', 'Huber (1964), eq. 5')
        >>> [entry.card.name for entry in fl.catalog("normalizations")]
        ['none', 'batch', 'layer']
    """
    if name is None:
        return everything()
    kind = kind_named(name)
    return look_up(name) if kind is None else everything(kind)
