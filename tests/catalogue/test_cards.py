"""What every card must say, whatever it is the card of."""

import importlib
import inspect
import math
import re

import pytest
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from fallline.catalogue.card import Card, Option
from fallline.catalogue.registry import cards, find, flags, names
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe

CARDS = [pytest.param(card, id=f"{card.kind} {card.name}") for card in cards()]
OPTIONS = [pytest.param(card, option, id=f"{card.name} {option.name}") for card in cards() for option in card.options]
KINDS = ["loss", "optimizer", "schedule", "activation"]
BASES = {"loss": nn.Module, "activation": nn.Module, "optimizer": Optimizer, "schedule": LRScheduler}
TEXTS = ["name", "torch", "summary", "formula", "shapes", "dtypes", "ranges", "when", "source"]

# Where torch says the same with another value.
DEFAULTS_BY_ANOTHER_NAME = {("bce_with_logits", "pos_weight"): None}


def torchs(card: Card) -> type:
    module, _, name = card.torch.rpartition(".")
    return getattr(importlib.import_module(module), name)


def torchs_default(card: Card, option: Option) -> object:
    parameters = inspect.signature(torchs(card)).parameters
    if option.name in ("beta1", "beta2"):
        return parameters["betas"].default[option.name == "beta2"]
    return parameters[option.name].default


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
    assert issubclass(torchs(card), BASES[card.kind])


@pytest.mark.parametrize("card", CARDS)
def test_a_name_is_written_as_an_identifier(card: Card):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", card.name)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", option.name) for option in card.options)


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


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_an_option_says_what_it_means_and_its_default_lies_in_its_range(card: Card, option: Option):
    assert option.meaning.strip()
    assert option.low <= option.high
    assert option.accepts(option.default)


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_an_option_has_torchs_name_and_torchs_default(card: Card, option: Option):
    expected = DEFAULTS_BY_ANOTHER_NAME.get((card.name, option.name), option.default)
    assert torchs_default(card, option) == expected


@pytest.mark.parametrize(("card", "option"), OPTIONS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "much", (1.0,)])
def test_no_option_takes_what_is_not_finite_or_not_of_its_type(card: Card, option: Option, value):
    assert not option.accepts(value)


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_truth_values_and_numbers_do_not_stand_for_each_other(card: Card, option: Option):
    truth = isinstance(option.default, bool)
    assert option.accepts(True) == option.accepts(False) == truth
    assert not (truth and (option.accepts(0) or option.accepts(1.0)))


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_the_ends_of_a_range_are_as_its_card_says(card: Card, option: Option):
    for end, is_open, outwards in ((option.low, option.open_low, -1), (option.high, option.open_high, 1)):
        if math.isfinite(end):
            assert option.accepts(end) != is_open
            assert not option.accepts(math.nextafter(end, outwards * math.inf))
            assert option.accepts(math.nextafter(end, -outwards * math.inf))


@pytest.mark.parametrize(("card", "option"), [p for p in OPTIONS if not isinstance(p.values[1].default, bool)])
def test_a_value_out_of_range_is_refused_in_the_house_form(card: Card, option: Option):
    value = math.nan if option.low == -math.inf else math.nextafter(option.low, -math.inf)
    with pytest.raises(RecipeError) as caught:
        card.complete({option.name: value})
    assert str(caught.value) == (
        f"setting up {card.kind} {card.name}: {option.name} is out of its range.\n"
        f"  expected  {option.range}\n"
        f"  got       {option.name} = {value!r}\n"
        f"  do        {option.command_line} {option.default} is the default"
    )


@pytest.mark.parametrize("card", CARDS)
def test_an_unknown_option_names_those_there_are(card: Card):
    with pytest.raises(RecipeError) as caught:
        card.complete({"zzz": 1.0})
    assert caught.value.wrong == "it has no option 'zzz'"
    assert caught.value.hints == {
        "expected": "one of " + ", ".join(option.name for option in card.options) if card.options else "no options",
        "got": "zzz = 1.0",
        "likely": None,
        "do": "leave zzz out",
    }


@pytest.mark.parametrize("card", CARDS)
def test_complete_writes_out_every_option_in_its_own_type(card: Card):
    assert card.complete({}) == {option.name: option.default for option in card.options}
    for option in card.options:
        if isinstance(option.default, float) and option.accepts(1):
            assert repr(card.complete({option.name: 1})[option.name]) == "1.0"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (Option(name="x", default=0.0, meaning="m"), "any finite number"),
        (Option(name="x", default=0.0, meaning="m", low=0), "in [0, inf)"),
        (Option(name="x", default=1.0, meaning="m", low=0, open_low=True), "in (0, inf)"),
        (Option(name="x", default=0.0, meaning="m", low=0, high=1, open_high=True), "in [0, 1)"),
        (Option(name="x", default=0.0, meaning="m", high=2.5), "in (-inf, 2.5]"),
        (Option(name="x", default=False, meaning="m"), "true or false"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_range_is_said_as_an_interval(option: Option, text: str):
    assert option.range == text


def claimed(kind) -> set[str]:
    """Every flag that options of a kind take on the command line, with the one that switches a truth value off."""
    switches = {f"--no-{flag[2:]}" for flag, owners in flags(kind).items() if owners[0][1].default in (True, False)}
    return set(flags(kind)) | switches


def test_no_flag_is_claimed_by_two_kinds():
    all_claimed = [flag for kind in KINDS for flag in claimed(kind)]
    assert len(all_claimed) == len(set(all_claimed))


def test_no_options_flag_is_the_flag_of_a_recipes_field():
    fields = {"--" + field.replace("_", "-") for field in Recipe.model_fields}
    assert not fields & {flag for kind in KINDS for flag in claimed(kind)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_flag_that_several_cards_share_means_one_option_of_one_type(kind):
    for owners in flags(kind).values():
        assert len({(option.name, type(option.default)) for _, option in owners}) == 1


@pytest.mark.parametrize(("card", "option"), OPTIONS)
def test_every_option_has_a_flag(card: Card, option: Option):
    assert re.fullmatch(r"--[a-z][a-z0-9-]*", option.command_line)
    assert (card, option) in flags(card.kind)[option.command_line]


def test_a_flag_may_differ_from_the_name_where_the_name_alone_would_mean_two_things():
    assert Option(name="weight_decay", default=0.0, meaning="m").command_line == "--weight-decay"
    assert Option(name="eps", default=1e-6, meaning="m", flag="loss-eps").command_line == "--loss-eps"
