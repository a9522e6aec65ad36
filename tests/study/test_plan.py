"""What a job does when a field is not given."""

import math
from itertools import pairwise

import pytest

from fallline.catalogue.registry import find, names
from fallline.core.errors import RecipeError, UnknownNameError
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.study.plan import (
    OPTIMIZER,
    RUNGS,
    batch_size_for,
    epochs_for,
    patience_for,
    plan,
    task_named,
    tasks_of,
    weight_decay_for,
)
from tests.reference.sets import target_of

PRICE = target_of(Task.regression)
SIZES = [1, 2, 31, 32, 33, 90, 206, 1_000, 4_177, 32_364, 53_940, 300_000, 5_000_000]


@pytest.mark.parametrize("rows", SIZES)
def test_a_batch_is_a_power_of_two_within_32_and_1024(rows: int):
    assert batch_size_for(rows) in [32, 64, 128, 256, 512, 1024]


@pytest.mark.parametrize("rows", [rows for rows in SIZES if 50 * 32 <= rows <= 50 * 1024])
def test_a_batch_is_as_near_to_a_fiftieth_of_the_rows_as_a_power_of_two_can_be(rows: int):
    assert abs(math.log2(batch_size_for(rows)) - math.log2(rows / 50)) <= 0.5


@pytest.mark.parametrize("rows", SIZES)
def test_a_run_takes_at_most_3000_steps_and_200_epochs(rows: int):
    batches = math.ceil(rows / batch_size_for(rows))
    epochs = epochs_for(rows, batch_size_for(rows))
    assert 1 <= epochs <= 200
    assert epochs * batches <= max(3_000, batches)
    if epochs < 200:
        assert (epochs + 1) * batches > 3_000


@pytest.mark.parametrize(("epochs", "patience"), [(1, 10), (20, 10), (100, 10), (200, 20), (1_000, 100)])
def test_patience_is_a_tenth_of_the_epochs_and_at_least_10(epochs: int, patience: int):
    assert patience_for(epochs) == patience


@pytest.mark.parametrize(
    ("rows", "decay"), [(1, 1.0), (181, 1.0), (200, 1.0), (201, 0.995), (600, 0.333), (2_000, 0.1), (200_000, 0.001)]
)
def test_weight_decay_is_200_over_the_rows_and_at_most_1(rows: int, decay: float):
    assert weight_decay_for(rows) == decay


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("rows", [90, 600, 32_364])
def test_where_no_optimizer_is_named_it_is_adamw_that_decays_by_the_rows(task: Task, rows: int):
    for recipe in plan({}, target=target_of(task), rows=rows):
        assert recipe.optimizer == OPTIMIZER == "adamw"
        catalogues = find("optimizer", "adamw").card.complete({})
        assert recipe.optimizer_options == {**catalogues, "weight_decay": weight_decay_for(rows)}


@pytest.mark.parametrize("optimizer", [*names("optimizer"), "torch.optim.AdamW"])
def test_an_optimizer_that_is_named_has_the_catalogues_options(optimizer: str):
    entry = find("optimizer", optimizer)
    recipe = plan({"optimizer": optimizer}, target=PRICE, rows=90)[0]
    assert (recipe.optimizer, recipe.optimizer_options) == (entry.card.name, entry.card.complete({}))


def test_options_that_are_given_win_and_the_decay_stays_where_it_is_not_one_of_them():
    decay = plan({"optimizer_options": {"weight_decay": 0.05}}, target=PRICE, rows=90)[0].optimizer_options
    beta = plan({"optimizer_options": {"beta1": 0.8}}, target=PRICE, rows=90)[0].optimizer_options
    assert (decay["weight_decay"], decay["beta1"]) == (0.05, 0.9)
    assert (beta["weight_decay"], beta["beta1"]) == (weight_decay_for(90), 0.8)


def test_a_learning_rate_or_network_that_is_given_leaves_the_optimizer_to_the_plan():
    recipe = plan({"learning_rate": 0.3, "widths": (), "activation": "tanh"}, target=PRICE, rows=90)[0]
    assert (recipe.optimizer, recipe.optimizer_options["weight_decay"]) == ("adamw", weight_decay_for(90))


@pytest.mark.parametrize("optimizer", names("optimizer"))
def test_a_ladder_has_16_rates_at_equal_ratios_over_the_optimizers_range(optimizer: str):
    rates = [recipe.learning_rate for recipe in plan({"optimizer": optimizer}, target=PRICE, rows=1_000)]
    low, high = find("optimizer", optimizer).rates
    assert (len(rates), rates[0], rates[-1]) == (RUNGS, low, high) == (16, low, high)
    step = (high / low) ** (1 / 15)
    # Rates are rounded to three digits, at most 1 in 200 each.
    assert [later / earlier for earlier, later in pairwise(rates)] == [pytest.approx(step, rel=0.01)] * 15


def test_the_runs_of_a_ladder_differ_in_their_learning_rate_alone():
    population = plan({"seed": 3, "widths": (5,)}, target=target_of(Task.binary), rows=1_000)
    assert {recipe.replace(learning_rate=1.0).key for recipe in population} == {
        population[0].replace(learning_rate=1.0).key
    }
    assert len({recipe.learning_rate for recipe in population}) == 16


def test_a_learning_rate_that_is_given_is_the_only_one():
    assert [recipe.learning_rate for recipe in plan({"learning_rate": 0.3}, target=PRICE, rows=100)] == [0.3]


def test_what_is_given_is_kept_and_the_rest_follows_from_it():
    recipe = plan({"batch_size": 10, "learning_rate": 0.1}, target=PRICE, rows=1_000)[0]
    assert (recipe.batch_size, recipe.epochs, recipe.patience) == (10, 30, 10)  # 100 steps an epoch
    recipe = plan({"epochs": 300, "patience": 7, "learning_rate": 0.1}, target=PRICE, rows=1_000)[0]
    assert (recipe.batch_size, recipe.epochs, recipe.patience) == (32, 300, 7)


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        (Task.regression, "mse"),
        (Task.binary, "bce_with_logits"),
        (Task.multiclass, "cross_entropy"),
        (Task.multilabel, "bce_with_logits"),
        (Task.counts, "poisson_nll"),
    ],
)
def test_every_task_has_its_usual_loss(task: Task, loss: str):
    assert plan({}, target=target_of(task), rows=100)[0].loss == loss


def test_what_is_planned_is_the_recipes_default_elsewhere():
    planned = {"loss", "learning_rate", "batch_size", "epochs", "patience", "loss_options"}
    planned |= {"optimizer", "optimizer_options"}
    recipe, default = plan({}, target=PRICE, rows=100)[0].to_dict(), Recipe().to_dict()
    assert {name for name in recipe if recipe[name] != default[name]} <= planned


def test_a_loss_for_another_task_is_refused_and_those_for_this_one_are_named():
    with pytest.raises(RecipeError) as caught:
        plan({"loss": "cross_entropy"}, target=PRICE, rows=100)
    offered = caught.value.hints["expected"].removeprefix("for regression: ").split(", ")
    assert offered == [name for name in names("loss") if Task.regression in find("loss", name).contract.tasks]
    assert offered[0] == "mse"


def test_torchs_names_are_taken_and_become_ours():
    recipe = plan({"loss": "MSELoss", "optimizer": "torch.optim.SGD", "activation": "Tanh"}, target=PRICE, rows=9)[0]
    assert (recipe.loss, recipe.optimizer, recipe.activation) == ("mse", "sgd", "tanh")


def test_a_line_search_takes_all_rows_at_once():
    recipe = plan({"optimizer": "lbfgs"}, target=PRICE, rows=777)[0]
    assert (recipe.batch_size, recipe.epochs, recipe.patience) == (777, 200, 20)
    with pytest.raises(RecipeError, match="batch"):
        plan({"optimizer": "lbfgs", "batch_size": 32}, target=PRICE, rows=777)


def test_any_optimizer_is_tried_on_a_ladder_of_its_own():
    rates = [recipe.learning_rate for recipe in plan({"optimizer": "torch.optim:SGD"}, target=PRICE, rows=90)]
    assert len(set(rates)) == RUNGS
    assert rates == sorted(rates)


@pytest.mark.parametrize("task", Task)
def test_a_task_is_found_by_its_name(task: Task):
    assert task_named(task.value) is task


def test_an_unknown_task_is_refused_and_the_nearest_suggested():
    with pytest.raises(UnknownNameError, match="regression"):
        task_named("regresion")


def test_only_a_loss_that_is_named_narrows_the_tasks():
    assert tasks_of(None) is None
    assert tasks_of("CrossEntropyLoss") == (Task.multiclass, Task.binary)
