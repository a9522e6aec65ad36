"""A card says all there is to say: no blank field, a formula that can be read, a picture."""

from dataclasses import fields, replace
from typing import get_args

import pytest

from fallline.catalogue.card import Card, Kind
from fallline.catalogue.curves import PICTURES
from fallline.catalogue.listing import KINDS, everything, look_up
from fallline.catalogue.registry import cards, find
from fallline.catalogue.sheets import sheet_of
from fallline.render._latex import parsed
from fallline.render._tree import LatexError
from fallline.render.formula import readable
from fallline.render.mathml import mathml

CARDS = [pytest.param(card, id=f"{card.kind} {card.name}") for card in cards()]
MAY_BE_EMPTY = {"torch", "options"}


def blanks(card: Card) -> list[str]:
    """What the card leaves blank."""
    blank = []
    for field in fields(card):
        value = getattr(card, field.name)
        said = all(text.strip() for text in value) and len(value) if field.name == "pitfalls" else value
        if field.name == "reduction" and card.kind != "loss":
            blank += ["reduction, which is for losses"] * bool(value)
        elif field.name not in MAY_BE_EMPTY and not (said.strip() if isinstance(said, str) else said):
            blank.append(field.name)
    blank += [f"the meaning of {option.name}" for option in card.options if not option.meaning.strip()]
    return blank


@pytest.mark.parametrize("card", CARDS)
def test_a_card_leaves_nothing_blank(card: Card):
    assert blanks(card) == []


@pytest.mark.parametrize("field", ["summary", "formula", "shapes", "dtypes", "ranges", "when", "source", "reduction"])
def test_a_blank_field_is_seen(field: str):
    card = find("loss", "mse").card
    assert blanks(replace(card, **{field: " "})) == [field]


def test_missing_pitfalls_and_a_reduction_that_is_no_losss_are_seen():
    assert blanks(replace(find("loss", "mse").card, pitfalls=())) == ["pitfalls"]
    assert blanks(replace(find("loss", "mse").card, pitfalls=("One.", " "))) == ["pitfalls"]
    assert blanks(replace(find("activation", "relu").card, reduction="mean")) == ["reduction, which is for losses"]


@pytest.mark.parametrize("card", CARDS)
def test_a_formula_is_read_whole_and_fits_a_terminal(card: Card):
    parsed(card.formula)
    lines = readable(card.formula, width=77)
    assert lines is not None
    assert not set("\\{}_^$") & set("".join(lines)) - set("{}_^")
    assert "$" not in mathml(card.formula).replace(card.formula, "")


@pytest.mark.parametrize("latex", ["{x", "x}", r"\frac{1}", r"\begin{cases} x", r"\left( x", "(x", r"x \right)", "x^"])
def test_latex_that_is_not_balanced_is_refused(latex: str):
    with pytest.raises(LatexError):
        parsed(latex)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_has_a_picture_a_plural_and_entries(kind: Kind):
    assert kind in PICTURES
    assert len(everything(kind)) > 0
    assert KINDS[kind].startswith(kind[:-2])


@pytest.mark.parametrize("card", CARDS)
def test_a_card_is_found_by_its_names_and_can_be_shown(card: Card):
    for name in (card.name, *card.aliases):
        found = look_up(name)
        entries = [found] if not hasattr(found, "entries") else list(found)
        assert card in [entry.card for entry in entries]
    sheet = sheet_of(find(card.kind, card.name))
    assert all(name and text for name, text in sheet.facts)
    assert all(option.default and option.allowed for option in sheet.options)
