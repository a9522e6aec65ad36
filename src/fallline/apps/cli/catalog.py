"""``fallline catalog``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fallline.apps.cli.console import Json, errors, print_json, results

__all__ = ["catalog"]


def catalog(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A name, as adam or torch.nn.MSELoss, or a kind, as losses. [dim]\\[default: everything][/dim]",
            show_default=False,
        ),
    ] = None,
    *,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Write the card, with a figure that answers to the mouse, to this HTML file. It works offline.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> int:
    """List losses, optimizers, schedules, activations, initializations and normalizations, or show a card.

    A card says what something is, with its formula, its options, when to use it and what goes wrong. It draws the
    curve of a loss or activation, an optimizer's path down a ravine, a schedule's rates.

    Examples: [bold]fallline catalog losses[/bold], [bold]fallline catalog adam --plot adam.html[/bold]
    """
    from fallline.catalogue.listing import kind_named
    from fallline.verbs.catalog import catalog as catalog_verb

    found = catalog_verb(name)
    if plot is not None:
        found.plot(plot)
    if json:
        print_json(found.to_dict())
    elif plot is not None:
        errors().print(f"written to {plot}", markup=False)
    else:
        results().print(found.view())
        if name is None or kind_named(name):
            errors().print("fallline catalog NAME shows a card", style="dim")
    return 0
