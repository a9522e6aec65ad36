"""Cards looked up: one by its name, many by their kind, as results that show themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from rich.console import Group, RenderableType
from rich.rule import Rule

from fallline.catalogue import activations, losses, optimizers
from fallline.catalogue.card import Card, Kind, Option
from fallline.catalogue.contract import Contract, Loss
from fallline.catalogue.optimizers import Optimizer
from fallline.catalogue.registry import Entry, find, left_out, names
from fallline.catalogue.sheets import sheet_of
from fallline.core.errors import OutputError, RecipeError, UnknownNameError, nearest
from fallline.core.files import write_file
from fallline.render.card import CardView, ListView, as_text
from fallline.render.picture import Picture
from fallline.render.sheet import Sheet

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

__all__ = ["KINDS", "Catalog", "CatalogEntry", "everything", "kind_named", "look_up"]

KINDS: dict[Kind, str] = {
    "loss": "losses",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "activation": "activations",
    "initialization": "initializations",
    "normalization": "normalizations",
}
"""Kind → its plural."""
_TITLES = {str(kind): plural for kind, plural in KINDS.items()}
_LEFT_OUT: dict[Kind, dict[str, str]] = {
    "loss": losses.LEFT_OUT,
    "optimizer": optimizers.LEFT_OUT,
    "activation": activations.LEFT_OUT,
}


@final
@dataclass(frozen=True, repr=False)
class CatalogEntry:
    """An entry of the catalogue, with what is shown of it."""

    entry: Entry

    @property
    def card(self) -> Card:
        """Its card: the formula, the options, when to use it, what goes wrong."""
        return self.entry.card

    @property
    def contract(self) -> Contract | None:
        """Of a loss, what it demands of outputs and targets at its default options; else None."""
        return self.entry.contract if isinstance(self.entry, Loss) else None

    @property
    def sheet(self) -> Sheet:
        """What its card shows, in words."""
        return sheet_of(self.entry)

    @property
    def picture(self) -> Picture:
        """Its curve, or its path on a ravine, as data; computing it takes torch.

        Raises:
            RecipeError: An optimizer that this torch lacks, or that cannot be built without options.
        """
        from fallline.catalogue.curves import picture_of  # torch, which a list of names does not need

        return picture_of(self.card)

    @property
    def shown_picture(self) -> Picture | None:
        """Its picture, or None where it cannot be computed: the card is shown without it."""
        try:
            return self.picture
        except RecipeError:
            return None

    def figure(self) -> go.Figure:
        """Its picture as a plotly figure."""
        from fallline.render.card_page import figure_of  # plotly, which a card in the terminal does not need

        return figure_of(self.picture)

    def plot(self, path: str | Path) -> Path:
        """Write the card with its figure as a page that works offline.

        Args:
            path: Where to; a file that is there is replaced.

        Returns:
            The path.
        """
        return _page(self.card.name, (self,), Path(path))

    def to_dict(self) -> dict[str, Any]:
        """What ``fallline catalog NAME --json`` prints: the card, the contract of a loss, the rates of an optimizer."""
        card = self.card
        fields = {name: getattr(card, name) for name in _FIELDS if getattr(card, name) or name != "reduction"}
        known: dict[str, Any] = {**fields, "pitfalls": list(card.pitfalls)}
        known["options"] = [_option(option) for option in card.options]
        if isinstance(self.entry, Loss):
            contract = self.entry.contract
            known["contract"] = {**vars(contract), "tasks": [task.value for task in contract.tasks]}
        if isinstance(self.entry, Optimizer):
            known["rates"] = list(self.entry.rates)
        return known

    def view(self) -> RenderableType:
        """The card, for a terminal."""
        return CardView(self.sheet, self.shown_picture)

    def __repr__(self) -> str:
        return as_text(self.view())

    def _repr_html_(self) -> str:
        from fallline.render.card_html import html_card  # for notebooks only

        return html_card(self.sheet, self.shown_picture)


@final
@dataclass(frozen=True, repr=False)
class Catalog:
    """Entries of the catalogue, those of a kind together.

    Args:
        entries: The entries.
        left_out: Torch's classes that the catalogue leaves out, each with its reason.
        in_full: Whether it shows card after card, instead of a line each.
    """

    entries: tuple[CatalogEntry, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    in_full: bool = False

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[CatalogEntry]:
        return iter(self.entries)

    def __getitem__(self, place: int) -> CatalogEntry:
        return self.entries[place]

    def frame(self) -> pl.DataFrame:
        """One row per entry: ``kind``, ``name``, ``torch``, ``summary``, and for losses ``tasks``."""
        import polars as pl  # which a list in the terminal does not need

        fields = ("kind", "name", "torch", "summary")
        rows = [{name: getattr(sheet, name) for name in fields} | {"tasks": [*sheet.tasks]} for sheet in self._sheets()]
        return pl.DataFrame(rows, schema_overrides={"tasks": pl.List(pl.String)})

    def plot(self, path: str | Path) -> Path:
        """Write all the cards with their figures as one page that works offline."""
        kinds = {entry.card.kind for entry in self}
        title = KINDS[self[0].card.kind] if len(kinds) == 1 else "losses, optimizers, and all else"
        return _page(title.capitalize(), self.entries, Path(path))

    def to_dict(self) -> dict[str, Any]:
        """What ``fallline catalog --json`` prints."""
        return {"cards": [entry.to_dict() for entry in self], "left_out": dict(self.left_out)}

    def view(self) -> RenderableType:
        """The list, for a terminal."""
        if self.in_full:
            first, *others = [entry.view() for entry in self]
            return Group(first, *(part for view in others for part in (Rule(style="dim"), view)))
        return ListView(self._sheets(), titles=_TITLES, left_out=self.left_out)

    def __repr__(self) -> str:
        return as_text(self.view())

    def _repr_html_(self) -> str:
        from fallline.render.card_html import html_list  # for notebooks only

        if self.in_full:
            return "<hr>".join(entry._repr_html_() for entry in self)
        return html_list(self._sheets(), titles=_TITLES, left_out=self.left_out)

    def _sheets(self) -> list[Sheet]:
        return [entry.sheet for entry in self]


def kind_named(name: str) -> Kind | None:
    """The kind called so, in the singular or the plural, with z or s."""
    wanted = name.casefold().replace("isation", "ization")
    return next((kind for kind, plural in KINDS.items() if wanted in (kind, plural)), None)


def everything(kind: Kind | None = None) -> Catalog:
    """All entries of a kind, or of all kinds."""
    kinds: list[Kind] = list(KINDS) if kind is None else [kind]
    entries = [CatalogEntry(find(each, name)) for each in kinds for name in names(each)]
    return Catalog(tuple(entries), left_out() if kind is None else _LEFT_OUT.get(kind, {}))


def look_up(name: str) -> CatalogEntry | Catalog:
    """The entry called ``name``, by the catalogue's name or torch's; all of them where several kinds have one.

    Raises:
        UnknownNameError: There is none: the nearest is suggested, or it is said why it is left out.
    """
    found = [entry for kind in KINDS for entry in _found(kind, name)]
    if not found:
        raise _unknown(name)
    return found[0] if len(found) == 1 else Catalog(tuple(found), in_full=True)


def _found(kind: Kind, name: str) -> list[CatalogEntry]:
    if ":" in name and kind != "optimizer":
        return []
    try:
        return [CatalogEntry(find(kind, name))]
    except UnknownNameError:
        return []


def _unknown(name: str) -> UnknownNameError:
    doing = f"looking up {name} in the catalogue"
    reasons = {missing.casefold(): (missing, reason) for missing, reason in left_out().items()}
    if known := reasons.get(name.rpartition(".")[2].casefold()):
        return UnknownNameError(doing, f"{known[0]} is left out: {known[1]}")
    cards = [find(kind, each).card for kind in KINDS for each in names(kind)]
    own = {card.name: card for card in cards}
    torch = {card.torch.rpartition(".")[2]: card for card in cards if card.torch}
    close = nearest(name, [*own, *torch])
    card = own.get(close or "") or torch.get(close or "")
    return UnknownNameError(
        doing,
        f"there is no entry named {name!r}",
        expected=f"one of {len(cards)} names, a class of torch, or a kind: {', '.join(KINDS.values())}",
        do=f"did you mean {card.name!r}, the {card.kind}?" if card else "fallline catalog lists them",
    )


def _page(title: str, entries: tuple[CatalogEntry, ...], path: Path) -> Path:
    from fallline.render.card_page import card_page  # plotly, which a card in the terminal does not need

    content = card_page(title, [(entry.sheet, entry.shown_picture) for entry in entries])
    try:
        write_file(path, content.encode())
    except OutputError as error:
        raise OutputError(error.doing, error.wrong, do="name a file in a folder where you may write") from None
    return path


_FIELDS = ("kind", "name", "torch", "summary", "formula", "shapes", "dtypes", "ranges", "reduction", "when", "source")


def _option(option: Option) -> dict[str, Any]:
    """An option as data; a bound that there is none of is None."""
    return {
        "name": option.name,
        "flag": option.command_line,
        "default": list(option.default) if isinstance(option.default, tuple) else option.default,
        "holds": option.holds,
        "range": option.range,
        "choices": list(option.choices),
        "meaning": option.meaning,
    }
