"""The optimizers' cards: complete, with torch's options at torch's defaults, and refusing what contradicts itself."""

import inspect

import pytest
import torch

from fallline.catalogue.lion import Lion
from fallline.catalogue.optimizers import LEFT_OUT, OPTIMIZERS, Optimizer
from fallline.core.errors import RecipeError

ENTRIES = {entry.card.name: entry for entry in OPTIMIZERS}
every_entry = pytest.mark.parametrize("entry", OPTIMIZERS, ids=list(ENTRIES))

SPLIT = {
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_size_min", "step_size_max"),
}
"""Torch's arguments that are pairs, and the options that take their place; Adafactor's eps is one too."""

IMPLEMENTATION = {"foreach", "fused", "capturable", "differentiable", "maximize"}
"""How the step is computed, or another purpose than training."""

NOT_OPTIONS = {
    "adam": {"decoupled_weight_decay"},  # that is adamw
    "lbfgs": {"line_search_fn", "max_eval"},  # strong Wolfe always; 1.25 max_iter always
    "muon": {"ns_coefficients", "adjust_lr_fn"},  # the published ones; the one that suits AdamW's rates
}
OURS = {"muon": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}}
"""Options beyond torch's class, or with another meaning: those of the AdamW that Muon is joined with."""

TAKEN = {"--threshold", "--gamma", "--beta", "--factor", "--patience", "--power", "--margin", "--delta", "--d"}
TAKEN |= {"--lower", "--upper", "--lambd"}
"""Flags of other parts of a recipe."""


def torch_class(entry: Optimizer) -> type:
    return getattr(torch.optim, entry.card.torch.rpartition(".")[2]) if entry.card.torch else Lion


def torch_options(entry: Optimizer) -> dict[str, object]:
    """The arguments of torch's class by the catalogue's names, with torch's defaults."""
    name, found = entry.card.name, {}
    parameters = inspect.signature(torch_class(entry)).parameters
    for argument in parameters.keys() - {"params", "lr"} - IMPLEMENTATION - NOT_OPTIONS.get(name, set()):
        default = parameters[argument].default
        pair = ("eps1", "eps2") if isinstance(default, tuple) and argument == "eps" else SPLIT.get(argument)
        found |= dict(zip(pair, default, strict=True)) if pair else {argument: default}
    return found | OURS.get(name, {})


def test_every_optimizer_of_torch_is_in_the_catalogue_or_left_out_with_a_reason():
    known = {entry.card.torch.rpartition(".")[2] for entry in OPTIMIZERS} | set(LEFT_OUT)
    found = {
        name
        for name, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
    }
    assert found == known - {""}  # lion has no class in torch
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())


def test_names_are_those_of_torch_in_lower_case_each_once():
    assert len(ENTRIES) == len(OPTIMIZERS) == 15
    for name, entry in ENTRIES.items():
        assert name == torch_class(entry).__name__.casefold()


@every_entry
def test_the_card_is_complete(entry: Optimizer):
    card = entry.card
    assert card.kind == "optimizer"
    texts = (card.summary, card.formula, card.shapes, card.dtypes, card.ranges, card.when, card.source)
    assert all(text.strip() for text in texts)
    assert card.summary.endswith(".")
    assert card.when.endswith(".")
    assert len(card.pitfalls) >= 2
    assert all(pitfall.endswith(".") for pitfall in card.pitfalls)
    assert any(character.isdigit() for character in card.source)  # a year
    assert all(option.meaning for option in card.options)


@every_entry
def test_the_formula_is_balanced(entry: Optimizer):
    formula = entry.card.formula
    depth = 0
    for before, character in zip(" " + formula, formula, strict=False):
        depth += 0 if before == "\\" else {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert formula.count(r"\left(") == formula.count(r"\right)")
    assert formula.count(r"\begin{") == formula.count(r"\end{")


@every_entry
def test_the_options_are_torchs_at_torchs_defaults(entry: Optimizer):
    assert {option.name: option.default for option in entry.card.options} == torch_options(entry)


@every_entry
def test_every_default_is_allowed_and_completes_the_empty_set_of_options(entry: Optimizer):
    given = {option.name: option.default for option in entry.card.options if option.default is not None}
    for option in entry.card.options:
        assert option.default is None or option.accepts(option.default), option.name
    assert entry.card.complete({}) == given
    assert entry.contradiction(entry.card.complete({})) is None


@every_entry
def test_the_ladder_holds_torchs_own_learning_rate_or_says_why_not(entry: Optimizer):
    low, high = entry.rates
    assert 0 < low < high
    assert high / low >= 30  # 16 rungs no further apart than a factor of 2 at most ladders, and wide enough to matter
    natural = inspect.signature(torch_class(entry)).parameters["lr"].default
    assert low <= natural <= high


def test_a_flag_means_one_kind_of_value_and_none_that_is_taken_elsewhere():
    holds: dict[str, set[str]] = {}
    for entry in OPTIMIZERS:
        for option in entry.card.options:
            holds.setdefault(option.command_line, set()).add(option.holds)
    assert not TAKEN & holds.keys()
    assert all(len(kinds) == 1 for kinds in holds.values())
    assert {"--momentum", "--beta1", "--eps", "--weight-decay", "--alpha", "--clip-threshold"} <= holds.keys()


def test_only_steps_that_couple_coordinates_are_not_elementwise_and_only_lbfgs_needs_the_full_batch():
    assert {name for name, entry in ENTRIES.items() if not entry.elementwise} == {"adafactor", "lbfgs", "muon"}
    assert {name for name, entry in ENTRIES.items() if entry.full_batch} == {"lbfgs"}


CONTRADICTIONS = [
    ("sgd", {"nesterov": True}, "momentum"),
    ("sgd", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "dampening"),
    ("rprop", {"step_size_min": 1.0, "step_size_max": 0.5}, "step_size_min = 1.0"),
]
CLEAN = [
    ("sgd", {"momentum": 0.9, "dampening": 0.1}),
    ("sgd", {"nesterov": True, "momentum": 0.9}),
    ("rprop", {"step_size_min": 0.5, "step_size_max": 0.5}),
    ("muon", {"nesterov": True, "momentum": 0.0}),
]


@pytest.mark.parametrize(("name", "options", "word"), CONTRADICTIONS, ids=str)
def test_options_that_contradict_each_other_are_refused_in_words(name: str, options: dict, word: str):
    said = ENTRIES[name].contradiction(ENTRIES[name].card.complete(options))
    assert said is not None
    assert word in said
    assert "--" in said  # and what to do


@pytest.mark.parametrize(("name", "options"), CLEAN, ids=str)
def test_options_that_go_together_are_not(name: str, options: dict):
    assert ENTRIES[name].contradiction(ENTRIES[name].card.complete(options)) is None


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("rprop", "eta_minus", 1.0),
        ("rprop", "eta_minus", 0.0),
        ("rprop", "eta_plus", 1.0),
        ("rprop", "step_size_min", 0.0),
        ("adam", "beta1", 1.0),
        ("adam", "beta2", -0.1),
        ("adafactor", "d", 0.5),
        ("adafactor", "beta2_decay", 0.1),
        ("lbfgs", "max_iter", 0),
        ("lbfgs", "history_size", 2.5),
        ("muon", "ns_steps", 100),
        ("sgd", "nesterov", 1),
        ("sgd", "momentum", True),
    ],
)
def test_values_out_of_range_are_refused(name: str, option: str, value: object):
    with pytest.raises(RecipeError, match=option):
        ENTRIES[name].card.complete({option: value})
