"""What every card must say, whatever it is the card of."""

import importlib
import inspect
import math
import re
from typing import get_args

import pytest
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from fallline.catalogue.card import Card, Kind, Option
from fallline.catalogue.registry import cards, find, flags, left_out, names
from fallline.core.errors import RecipeError, UnknownNameError
from fallline.core.recipe import Recipe

KINDS: tuple[Kind, ...] = get_args(Kind)
CARDS = [pytest.param(card, id=f"{card.kind} {card.name}") for card in cards()]
OPTIONS = [
    pytest.param(card, option, id=f"{card.kind} {card.name} {option.name}")
    for card in cards()
    for option in card.options
]
BASES = {"loss": nn.Module, "activation": nn.Module, "optimizer": Optimizer, "schedule": LRScheduler}
TEXTS = ["name", "summary", "formula", "shapes", "dtypes", "ranges", "when", "source"]
WITHOUT_TORCH = {"log_cosh", "quantile", "focal", "lion", "constant", "none"}


def torchs(card: Card) -> object:
    found: object = importlib.import_module("torch")
    for part in card.torch.split(".")[1:]:
        found = importlib.import_module(f"{found.__name__}.{part}") if part in ("nn", "optim") else getattr(found, part)
    return found


@pytest.mark.parametrize("card", CARDS)
def test_a_card_leaves_nothing_blank(card: Card):
    assert all(getattr(card, field).strip() for field in TEXTS)
    assert card.pitfalls
    assert all(pitfall.strip() for pitfall in card.pitfalls)
    assert bool(card.reduction) == (card.kind == "loss")


@pytest.mark.parametrize("card", CARDS)
def test_a_cards_sentences_end_in_a_full_stop(card: Card):
    assert all(sentence.endswith(".") for sentence in (card.summary, card.when, *card.pitfalls))


@pytest.mark.parametrize("card", CARDS)
def test_a_source_names_a_year(card: Card):
    assert re.search(r"\b(1[789]|20)\d\d\b", card.source)


@pytest.mark.parametrize("card", CARDS)
def test_a_formula_is_balanced(card: Card):
    formula = card.formula.replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for sign in formula:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    assert "$" not in formula
    for opening, closing in ((r"\\left\b", r"\\right\b"), (r"\\begin\{", r"\\end\{"), (r"\\[Bb]ig\(", r"\\[Bb]ig\)")):
        assert len(re.findall(opening, formula)) == len(re.findall(closing, formula))


@pytest.mark.parametrize("card", CARDS)
def test_the_name_of_torchs_equivalent_leads_to_it(card: Card):
    assert bool(card.torch) == (card.name not in WITHOUT_TORCH)
    if card.kind in BASES and card.torch:
        assert issubclass(torchs(card), BASES[card.kind])
    elif card.torch:
        assert callable(torchs(card))


@pytest.mark.parametrize("card", CARDS)
def test_a_name_is_written_as_an_identifier(card: Card):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", card.name)
    assert all(option.name.isidentifier() for option in card.options)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("write", [str, str.upper, lambda name: name.replace("_", "-")], ids=["as is", "upper", "dash"])
def test_a_name_and_its_aliases_lead_to_the_card_whatever_their_case(card: Card, write):
    for name in (card.name, *card.aliases):
        assert find(card.kind, write(name)).card is card


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_or_alias_leads_to_two_cards(kind):
    said = [
        name for card in cards() if card.kind == kind for name in {n.casefold() for n in (card.name, *card.aliases)}
    ]
    assert len(said) == len(set(said))
    assert names(kind) == [card.name for card in cards() if card.kind == kind]


@pytest.mark.parametrize("name", left_out())
def test_what_is_left_out_is_torchs_and_looking_it_up_says_why(name: str):
    assert all(name not in card.aliases for card in cards())
    for written in (name, f"torch.nn.{name}", name.casefold()):
        with pytest.raises(UnknownNameError) as caught:
            find("loss", written)
        assert caught.value.wrong == f"{name} is left out: {left_out()[name]}"


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_an_option_says_what_it_means_and_its_default_lies_in_its_range(card: Card, option: Option):
    assert option.meaning.strip()
    assert option.low <= option.high
    assert option.default is None or option.accepts(option.default)
    assert bool(option.choices) == (option.holds == "choice")


@pytest.mark.parametrize(("card", "option"), [p for p in OPTIONS if p.values[0].kind in ("loss", "schedule")])
def test_an_option_has_torchs_name_and_torchs_default_where_torch_has_one(card: Card, option: Option):
    """The options of optimizers and activations are compared, all of them, in the tests of those."""
    if not card.torch:
        return
    default = inspect.signature(torchs(card)).parameters[option.name].default
    assert default in (inspect.Parameter.empty, option.default)


NOTHING_TAKES = [math.nan, math.inf, -math.inf, "much", (), (math.nan,), ("much",), (True,), None]


@pytest.mark.parametrize(("card", "option"), OPTIONS)
@pytest.mark.parametrize("value", NOTHING_TAKES, ids=repr)
def test_no_option_takes_what_is_not_finite_or_not_of_its_type(card: Card, option: Option, value):
    assert not option.accepts(value)


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_switches_numbers_whole_numbers_and_lists_do_not_stand_for_each_other(card: Card, option: Option):
    assert option.accepts(True) == option.accepts(False) == (option.holds == "switch")
    inside = next(x for x in (1.0, 2.0, 0.5, 0.0, -1.0) if option.holds in ("switch", "choice") or within(option, x))
    assert option.accepts(inside) == (option.holds == "number")
    assert option.accepts((inside,)) == (option.holds == "numbers")
    assert not option.accepts(0.25) or option.holds == "number"
    assert option.accepts(int(option.low) + 1 if math.isfinite(option.low) else 0) == (
        option.holds in ("whole", "number") and within(option, option.low + 1 if math.isfinite(option.low) else 0)
    )


def within(option: Option, value: float) -> bool:
    above = value > option.low if option.open_low else value >= option.low
    return above and (value < option.high if option.open_high else value <= option.high)


@pytest.mark.parametrize(("card", "option"), [p for p in OPTIONS if p.values[1].holds in ("number", "numbers")])
def test_the_ends_of_a_range_are_as_its_card_says(card: Card, option: Option):
    for end, is_open, outwards in ((option.low, option.open_low, -1), (option.high, option.open_high, 1)):
        if math.isfinite(end):
            found = [end, math.nextafter(end, outwards * math.inf), math.nextafter(end, -outwards * math.inf)]
            values = [(x,) for x in found] if option.holds == "numbers" else found
            assert [option.accepts(value) for value in values] == [not is_open, False, True]


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_a_value_out_of_range_is_refused_in_the_house_form(card: Card, option: Option):
    value = {"switch": 1, "choice": "zzz", "numbers": ()}.get(option.holds, math.nan)
    with pytest.raises(RecipeError) as caught:
        card.complete({option.name: value})
    default = "" if option.default is None else f"; {option.default} is the default"
    assert str(caught.value) == (
        f"setting up {card.kind} {card.name}: {option.name} is out of its range.\n"
        f"  expected  {option.range}{default}\n"
        f"  got       {option.name} = {value!r}\n"
        f"  do        {option.command_line}, with a value in that range, or leave it out"
    )


@pytest.mark.parametrize("card", CARDS)
def test_complete_writes_out_every_option_that_has_a_default_in_its_own_type(card: Card):
    defaults = {option.name: option.default for option in card.options if option.default is not None}
    assert card.complete({}) == defaults
    for option in card.options:
        if option.holds == "number" and option.accepts(1):
            assert repr(card.complete({option.name: 1})[option.name]) == "1.0"
        if option.holds == "numbers":
            assert repr(card.complete({option.name: [1, 2]})[option.name]) == "(1.0, 2.0)"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (Option(name="x", default=0.0, meaning="m"), "a number"),
        (Option(name="x", default=0.0, meaning="m", low=0), "a number in [0, inf)"),
        (Option(name="x", default=1.0, meaning="m", low=0, open_low=True), "a number in (0, inf)"),
        (Option(name="x", default=0.0, meaning="m", low=0, high=1, open_high=True), "a number in [0, 1)"),
        (Option(name="x", default=0.0, meaning="m", high=2.5), "a number in (-inf, 2.5]"),
        (Option(name="x", default=1, meaning="m", holds="whole", low=1, high=2), "a whole number in [1, 2]"),
        (Option(name="x", default=None, meaning="m", holds="numbers", low=0), "a list of numbers, each in [0, inf)"),
        (Option(name="x", default=None, meaning="m", holds="numbers"), "a list of numbers"),
        (Option(name="x", default="a", meaning="m", holds="choice", choices=("a", "b")), "one of a, b"),
        (Option(name="x", default=False, meaning="m", holds="switch"), "true or false"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_range_is_said_as_an_interval(option: Option, text: str):
    assert option.range == text


def claimed(kind: Kind) -> set[str]:
    """Every flag that options of a kind take on the command line, with the one that switches a switch off."""
    switches = {f"--no-{flag[2:]}" for flag, owners in flags(kind).items() if owners[0][1].holds == "switch"}
    return set(flags(kind)) | switches


def test_no_flag_is_claimed_by_two_kinds():
    all_claimed = [flag for kind in KINDS for flag in claimed(kind)]
    assert len(all_claimed) == len(set(all_claimed))


def test_no_options_flag_is_the_flag_of_a_recipes_field():
    fields = {"--" + field.replace("_", "-") for field in Recipe.model_fields}
    assert not fields & {flag for kind in KINDS for flag in claimed(kind)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_flag_that_several_cards_share_means_one_option_of_one_type(kind: Kind):
    for owners in flags(kind).values():
        assert len({(option.name, option.holds, option.choices) for _, option in owners}) == 1


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_every_option_has_a_flag(card: Card, option: Option):
    assert re.fullmatch(r"--[a-z][a-z0-9-]*", option.command_line)
    assert (card, option) in flags(card.kind)[option.command_line]


def test_a_flag_may_differ_from_the_name_where_the_name_alone_would_mean_two_things():
    assert Option(name="weight_decay", default=0.0, meaning="m").command_line == "--weight-decay"
    assert Option(name="eps", default=1e-6, meaning="m", flag="loss-eps").command_line == "--loss-eps"
