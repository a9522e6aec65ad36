"""Finding entries by their names, and ladders of learning rates."""

import itertools
import math

import pytest

from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import KINDS, cards, contract_of, default_loss, find, ladder, names
from fallline.core.errors import RecipeError, UnknownNameError
from fallline.core.recipe import Recipe
from fallline.core.task import Task

WITH_ALIASES = [(card.kind, alias, card.name) for card in cards() for alias in card.aliases]


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("loss", "crossentropy", "cross_entropy"),
        ("loss", "CrossEntropyLos", "cross_entropy"),
        ("optimizer", "admaw", "adamw"),
        ("schedule", "cosin", "cosine"),
        ("schedule", "CosineAnealingLR", "cosine"),
        ("activation", "rellu", "relu"),
        ("initialization", "xavier", "xavier_normal"),
        ("normalization", "BatchNorm", "batch"),
    ],
)
def test_a_name_that_does_not_exist_lists_those_there_are_and_the_nearest(kind, wrong: str, right: str):
    with pytest.raises(UnknownNameError) as caught:
        find(kind, wrong)
    assert str(caught.value) == (
        f"looking up the {kind}: there is no {kind} named {wrong!r}.\n"
        f"  expected  one of {', '.join(names(kind))}\n"
        f"  do        did you mean {right!r}?"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_is_like_no_other_suggests_none(kind):
    with pytest.raises(UnknownNameError) as caught:
        find(kind, "zzzzzz")
    assert caught.value.hints["do"] is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, 1, 0.5, ["adam"], len])
def test_what_is_no_text_is_refused(kind, value):
    with pytest.raises(RecipeError, match="it is given by its name"):
        find(kind, value)


@pytest.mark.parametrize(("kind", "alias", "name"), WITH_ALIASES)
def test_torchs_names_are_aliases_whatever_their_case(kind, alias: str, name: str):
    for written in (alias, alias.lower(), alias.upper()):
        assert find(kind, written).card.name == name


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_each_once_and_dashes_do_for_underscores(kind):
    assert len(names(kind)) == len(set(names(kind)))
    for name in names(kind):
        assert find(kind, name.replace("_", "-").upper()).card.name == name


def test_an_optimizer_may_come_from_anywhere():
    assert find("optimizer", "torch.optim:SGD").card.name == "torch.optim:SGD"
    with pytest.raises(UnknownNameError):
        find("loss", "torch.nn:MSELoss")


@pytest.mark.parametrize("task", Task)
def test_the_default_loss_of_a_task_fits_it(task: Task):
    assert task in find("loss", default_loss(task)).contract.tasks


def test_the_losses_of_each_task_are_those_its_contract_says():
    fitting = {task: [entry.card.name for entry in LOSSES if task in entry.contract.tasks] for task in Task}
    of_classes = ["cross_entropy", "nll", "focal", "kl_div", "multi_margin"]
    assert fitting == {
        Task.regression: ["mse", "l1", "smooth_l1", "huber", "log_cosh", "quantile", "gaussian_nll"],
        Task.binary: ["bce_with_logits", "bce", "soft_margin", "hinge_embedding", *of_classes],
        Task.multiclass: of_classes,
        Task.multilabel: ["bce_with_logits", "bce", "multilabel_soft_margin", "multilabel_margin"],
        Task.counts: ["poisson_nll"],
    }


def test_a_contract_is_that_at_the_recipes_options():
    assert contract_of(Recipe(loss="poisson_nll", loss_options={"log_input": False})).head == "softplus"
    assert contract_of(Recipe(loss="poisson_nll", loss_options={"log_input": True})).head == "none"


@pytest.mark.parametrize("optimizer", [*names("optimizer"), "torch.optim:SGD"])
@pytest.mark.parametrize("rungs", [2, 3, 16])
def test_a_ladder_rises_evenly_in_its_logarithm_from_the_lowest_rate_to_the_highest(optimizer: str, rungs: int):
    low, high = find("optimizer", optimizer).rates
    rates = ladder(optimizer, rungs)
    assert (rates[0], rates[-1], len(rates)) == (low, high, rungs)
    ratio = (high / low) ** (1 / (rungs - 1))
    # Rungs are rounded to three digits, to be read and typed: half a unit of the third, on both rungs of a ratio.
    assert all(math.isclose(b / a, ratio, rel_tol=0.01) for a, b in itertools.pairwise(rates))
    assert all(float(f"{rate:.3g}") == rate for rate in rates)


@pytest.mark.parametrize("optimizer", names("optimizer"))
def test_a_ladder_of_one_rung_is_its_middle(optimizer: str):
    assert ladder(optimizer, 1) == [ladder(optimizer, 3)[1]]
