"""Finding entries, ladders of learning rates, and a recipe written out against the catalogue."""

import itertools
import math

import pytest

from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import default_loss, find, ladder, names, resolved
from fallline.core.errors import RecipeError, UnknownNameError
from fallline.core.recipe import Recipe
from fallline.core.task import Task

TRAINABLE = [Task.regression, Task.binary, Task.multiclass, Task.counts]
MISFITS = [(entry.card.name, task) for entry in LOSSES for task in Task if task not in entry.contract.tasks]


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("loss", "crossentropy", "cross_entropy"),
        ("optimizer", "admaw", "adamw"),
        ("schedule", "cosin", "cosine"),
        ("activation", "rellu", "relu"),
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


@pytest.mark.parametrize("task", TRAINABLE)
def test_the_default_loss_of_a_task_fits_it(task: Task):
    assert task in find("loss", default_loss(task)).contract.tasks


@pytest.mark.parametrize("optimizer", names("optimizer"))
def test_a_ladder_rises_evenly_in_its_logarithm_from_the_lowest_rate_to_the_highest(optimizer: str):
    low, high = find("optimizer", optimizer).rates
    rates = ladder(optimizer, 16)
    assert (rates[0], rates[-1], len(rates)) == (low, high, 16)
    ratio = (high / low) ** (1 / 15)
    # Rungs are rounded to three digits, to be read and typed: half a unit of the third, on both rungs of a ratio.
    assert all(math.isclose(b / a, ratio, rel_tol=0.01) for a, b in itertools.pairwise(rates))
    assert all(float(f"{rate:.3g}") == rate for rate in rates)


def test_resolved_writes_the_catalogues_own_names_and_every_option():
    recipe = Recipe(loss="torch.nn.MSELoss", optimizer="SGD", schedule="CosineAnnealingLR", activation="LeakyReLU")
    full = resolved(recipe, Task.regression)
    assert (full.loss, full.optimizer, full.schedule, full.activation) == ("mse", "sgd", "cosine", "leaky_relu")
    assert full.optimizer_options == {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0}
    assert full.schedule_options == {"eta_min": 0.0}
    assert full.activation_options == {"negative_slope": 0.01}


def test_resolving_twice_changes_nothing():
    once = resolved(Recipe(optimizer="sgd", optimizer_options={"momentum": 0.9}), Task.regression)
    assert resolved(once, Task.regression) == once


def test_an_option_at_its_default_or_written_as_a_whole_number_is_the_same_recipe():
    silent = Recipe(optimizer="sgd", optimizer_options={"nesterov": False})
    said = Recipe(optimizer="SGD", optimizer_options={"momentum": 0, "weight_decay": 0.0})
    assert resolved(silent, Task.regression) == resolved(said, Task.regression)


@pytest.mark.parametrize(("loss", "task"), MISFITS)
def test_a_loss_that_makes_no_sense_for_the_task_says_which_do(loss: str, task: Task):
    with pytest.raises(RecipeError) as caught:
        resolved(Recipe(loss=loss), task)
    fitting = [entry.card.name for entry in LOSSES if task in entry.contract.tasks]
    error = caught.value
    assert error.doing == f"wiring the loss {loss}"
    assert error.wrong == f"it makes no sense for the task {task.value}"
    assert error.hints["expected"] == f"for {task.value}: " + (", ".join(fitting) or "no loss yet")
    assert error.hints["got"].startswith(f"loss = {loss}, which is for ")
    assert error.hints["do"] == (f"--loss {fitting[0]}" if fitting else "choose another target")


def test_the_losses_of_each_task_are_those_its_contract_says():
    fitting = {task: [entry.card.name for entry in LOSSES if task in entry.contract.tasks] for task in Task}
    assert fitting == {
        Task.regression: ["mse", "l1", "huber", "gaussian_nll"],
        Task.binary: ["cross_entropy", "bce_with_logits"],
        Task.multiclass: ["cross_entropy"],
        Task.multilabel: [],
        Task.counts: ["poisson_nll"],
    }


@pytest.mark.parametrize("options", [{"nesterov": True}, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}])
def test_nesterov_without_momentum_or_with_dampening_is_refused(options):
    with pytest.raises(RecipeError) as caught:
        resolved(Recipe(optimizer="sgd", optimizer_options=options), Task.regression)
    assert str(caught.value) == (
        "setting up optimizer sgd: nesterov needs a momentum above 0 and no dampening.\n"
        "  do        add --momentum 0.9 or leave --nesterov out"
    )


@pytest.mark.parametrize(
    ("field", "owner"),
    [
        ("loss_options", "loss mse"),
        ("optimizer_options", "optimizer adam"),
        ("schedule_options", "schedule constant"),
        ("activation_options", "activation relu"),
    ],
)
def test_an_option_of_another_entry_is_refused(field: str, owner: str):
    with pytest.raises(RecipeError, match=f"setting up {owner}: it has no option 'momentum'"):
        resolved(Recipe(**{field: {"momentum": 0.9}}), Task.regression)


def test_a_network_from_a_module_and_function_is_refused_for_now():
    with pytest.raises(RecipeError, match="cannot be trained yet"):
        resolved(Recipe(network="my_package.nets:build"), Task.regression)


@pytest.mark.parametrize("field", ["normalization", "initialization"])
def test_choices_that_do_not_exist_yet_are_refused(field: str):
    with pytest.raises(UnknownNameError, match=f"looking up the {field}: there is no {field} named 'batch'"):
        resolved(Recipe(**{field: "batch"}), Task.regression)
