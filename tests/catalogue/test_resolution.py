"""A recipe written out against the catalogue, and every contradiction refused before any training."""

import pytest

from fallline.catalogue.losses import LOSSES
from fallline.catalogue.registry import find, flags, names
from fallline.catalogue.resolution import require_batches, resolved
from fallline.core.errors import RecipeError, UnknownNameError
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task
from tests.reference.sets import target_of

ROWS = 50
REGRESSION, LABELS = target_of(Task.regression), target_of(Task.multilabel)
MISFITS = [(entry.card.name, task) for entry in LOSSES for task in Task if task not in entry.contract.tasks]
KINDS = ("loss", "optimizer", "schedule", "activation")


def full(target: Target = REGRESSION, *, rows: int = ROWS, **fields) -> Recipe:
    return resolved(Recipe(**fields), target, rows=rows)


def refusal(target: Target = REGRESSION, *, rows: int = ROWS, **fields) -> str:
    with pytest.raises(RecipeError) as caught:
        full(target, rows=rows, **fields)
    return str(caught.value)


# --- written out ---------------------------------------------------------------------------------


def test_resolved_writes_the_catalogues_own_names_and_every_option():
    recipe = full(
        loss="torch.nn.MSELoss",
        optimizer="SGD",
        schedule="CosineAnnealingLR",
        activation="LeakyReLU",
        initialization="kaiming_normal_",
        normalization="LayerNorm",
    )
    assert (recipe.loss, recipe.optimizer, recipe.schedule) == ("mse", "sgd", "cosine")
    assert recipe.activation == "leaky_relu"
    assert (recipe.initialization, recipe.normalization) == ("kaiming_normal", "layer")
    assert recipe.loss_options == {"reduction": "mean"}
    assert recipe.optimizer_options == {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0}
    assert recipe.schedule_options == {"eta_min": 0.0}
    assert recipe.activation_options == {"negative_slope": 0.01}


@pytest.mark.parametrize("kind", [*KINDS, "initialization", "normalization"])
def test_every_entry_is_taken_by_any_of_its_names(kind):
    for name in names(kind):
        card = find(kind, name).card
        fields = {"batch_size": ROWS} if name == "lbfgs" else {}
        target = target_of(find("loss", name).contract.tasks[0]) if kind == "loss" else REGRESSION
        found = [full(target, **{kind: alias}, **fields) for alias in (name, *card.aliases)]
        assert {getattr(recipe, kind) for recipe in found} == {name}
        assert len(set(found)) == 1


@pytest.mark.parametrize("optimizer", ["sgd", "adafactor", "torch.optim:SGD"])
def test_resolving_twice_changes_nothing(optimizer: str):
    once = full(optimizer=optimizer, optimizer_options={"weight_decay": 0.1})
    assert resolved(once, REGRESSION, rows=ROWS) == once


def test_an_option_at_its_default_or_written_as_a_whole_number_is_the_same_recipe():
    silent = full(optimizer="sgd", optimizer_options={"nesterov": False})
    said = full(optimizer="SGD", optimizer_options={"momentum": 0, "weight_decay": 0.0})
    assert silent == said


def test_the_options_of_a_foreign_optimizer_stay_as_they_are():
    options = {"momentum": 0.9, "nesterov": True}
    assert full(optimizer="torch.optim:SGD", optimizer_options=options).optimizer_options == options


# --- loss and target -----------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "task"), MISFITS)
def test_a_loss_that_makes_no_sense_for_the_task_says_which_do(loss: str, task: Task):
    fitting = [entry.card.name for entry in LOSSES if task in entry.contract.tasks]
    tasks = ", ".join(each.value for each in find("loss", loss).contract.tasks)
    assert refusal(target_of(task), loss=loss) == (
        f"wiring the loss {loss}: it makes no sense for the task {task.value}.\n"
        f"  expected  for {task.value}: {', '.join(fitting)}\n"
        f"  got       y: it is made so; {loss} is for {tasks}\n"
        f"  do        --loss {fitting[0]}"
    )


OF_CLASSES = ["cross_entropy", "nll", "focal", "multi_margin"]


@pytest.mark.parametrize("loss", OF_CLASSES)
@pytest.mark.parametrize("weight", [(1.0,), (1.0, 2.0), (1.0, 2.0, 3.0, 4.0)], ids=str)
def test_class_weights_of_the_wrong_length_are_refused(loss: str, weight: tuple):
    assert refusal(target_of(Task.multiclass), loss=loss, loss_options={"weight": weight}) == (
        f"setting up loss {loss}: weight has the wrong length.\n"
        "  expected  3 numbers, for red, green, blue\n"
        f"  got       weight = {','.join(f'{number:g}' for number in weight)}\n"
        "  do        --class-weights 1,1,1"
    )


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_class_weights_for_each_class_are_taken(loss: str):
    for task, weight in ((Task.multiclass, (1.0, 2.0, 0.5)), (Task.binary, (1.0, 3.0))):
        assert full(target_of(task), loss=loss, loss_options={"weight": weight}).loss_options["weight"] == weight


@pytest.mark.parametrize("weight", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, float("nan"), 1.0), ()], ids=str)
def test_class_weights_that_are_not_above_0_are_refused(weight: tuple):
    said = refusal(target_of(Task.multiclass), loss="cross_entropy", loss_options={"weight": weight})
    assert "weight is out of its range" in said
    assert "a list of numbers, each in (0, inf)" in said


@pytest.mark.parametrize(
    ("task", "weight", "expected"),
    [
        (Task.binary, (1.0, 2.0), "one number\n"),
        (Task.multilabel, (1.0, 2.0), "one number, or 3 numbers, for rain, wind, snow\n"),
        (Task.multilabel, (1.0, 2.0, 3.0, 4.0), "one number, or 3 numbers, for rain, wind, snow\n"),
    ],
)
def test_a_pos_weight_of_the_wrong_length_is_refused(task: Task, weight: tuple, expected: str):
    said = refusal(target_of(task), loss="bce_with_logits", loss_options={"pos_weight": weight})
    assert said.startswith("setting up loss bce_with_logits: pos_weight has the wrong length.\n")
    assert expected in said


@pytest.mark.parametrize(
    ("task", "weight"), [(Task.binary, (2.0,)), (Task.multilabel, (2.0,)), (Task.multilabel, (1.0, 2.0, 3.0))]
)
def test_a_pos_weight_is_one_for_all_or_one_for_each_label(task: Task, weight: tuple):
    recipe = full(target_of(task), loss="bce_with_logits", loss_options={"pos_weight": weight})
    assert recipe.loss_options["pos_weight"] == weight


def test_label_weights_are_one_for_each_label():
    said = refusal(LABELS, loss="multilabel_soft_margin", loss_options={"weight": (1.0, 2.0)})
    assert "3 numbers, for rain, wind, snow" in said
    assert full(LABELS, loss="multilabel_soft_margin", loss_options={"weight": (1.0, 0.0, 2.0)})


def test_an_error_about_many_classes_names_twenty_of_them():
    target = target_of(Task.multiclass).model_copy(update={"classes": tuple(range(1000))})
    said = refusal(target, loss="cross_entropy", loss_options={"weight": (1.0, 2.0)})
    assert "1000 numbers, for 0, 1, 2, 3," in said
    assert ", 19, …\n" in said
    assert len(said) < 400


# --- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_option_of_another_entry_names_its_own_and_whose_it_is(kind):
    for name in names(kind):
        target = target_of(find("loss", name).contract.tasks[0]) if kind == "loss" else REGRESSION
        known = [option.name for option in find(kind, name).card.options]
        for pairs in flags(kind).values():
            option = pairs[0][1].name
            if option in known:
                continue
            owners = [owner.name for each in flags(kind).values() for owner, o in each if o.name == option]
            assert refusal(target, **{kind: name, f"{kind}_options": {option: 1.0}}) == (
                f"setting up {kind} {name}: it has no option {option!r}.\n"
                f"  expected  {'one of ' + ', '.join(known) if known else 'no options'}\n"
                f"  got       {option} = 1.0, an option of {', '.join(owners)}\n"
                f"  do        --{kind} {owners[0]}, or leave {option} out"
            )


@pytest.mark.parametrize("kind", KINDS)
def test_an_option_of_no_entry_at_all_is_refused(kind):
    assert refusal(**{f"{kind}_options": {"zzz": 1.0}}).endswith("  got       zzz = 1.0\n  do        leave zzz out")


@pytest.mark.parametrize(
    ("fields", "range_"),
    [
        ({"optimizer_options": {"beta1": 1.0}}, "a number in [0, 1); 0.9 is the default"),
        ({"optimizer_options": {"amsgrad": 1}}, "true or false; False is the default"),
        ({"loss": "huber", "loss_options": {"delta": 0.0}}, "a number in (0, inf); 1.0 is the default"),
        ({"loss_options": {"reduction": "none"}}, "one of mean, sum; mean is the default"),
        ({"loss": "quantile", "loss_options": {"quantile": 1.0}}, "a number in (0, 1); 0.5 is the default"),
        ({"schedule": "step", "schedule_options": {"step_size": 0.5}}, "a whole number in [1, inf)"),
        ({"activation": "elu", "activation_options": {"alpha": "much"}}, "a number in "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_option_out_of_its_range_is_refused_with_the_range(fields: dict, range_: str):
    assert f"  expected  {range_}" in refusal(**fields)


@pytest.mark.parametrize(("dtype", "largest"), [("float32", 1e30), ("float64", 1e300)])
def test_numbers_that_torch_could_not_cast_are_refused(dtype: str, largest: float):
    """It would raise in the middle of a step."""
    for fields in ({"learning_rate": 10 * largest}, {"optimizer_options": {"weight_decay": 10 * largest}}):
        assert f"is larger than {dtype} can compute with.\n  expected  at most {largest:g}" in refusal(
            dtype=dtype, **fields
        )
    assert full(dtype=dtype, learning_rate=largest)


# --- optimizers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"nesterov": True},
            "nesterov looks ahead along the momentum, and momentum is 0.\n"
            "  do        add --momentum 0.9 or leave --nesterov out",
        ),
        (
            {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
            "nesterov goes with no dampening.\n  do        leave --dampening or --nesterov out",
        ),
    ],
    ids=["no momentum", "dampening"],
)
def test_nesterov_without_momentum_or_with_dampening_is_refused(options: dict, said: str):
    assert refusal(optimizer="sgd", optimizer_options=options) == f"setting up optimizer sgd: {said}"


@pytest.mark.parametrize(
    ("fields", "got"),
    [
        ({"batch_size": ROWS - 1}, "batch_size = 49 of 50 training rows"),
        ({"batch_size": ROWS, "dropout": 0.1}, "dropout = 0.1"),
        ({"batch_size": ROWS, "clip_norm": 1.0}, "clip_norm = 1.0"),
        ({"batch_size": ROWS, "clip_value": 0.5}, "clip_value = 0.5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lbfgs_wants_all_rows_no_dropout_and_the_gradient_as_it_is(fields: dict, got: str):
    flag = "--" + got.partition(" ")[0].replace("_", "-")
    said = refusal(optimizer="lbfgs", **fields)
    assert said.startswith("setting up optimizer lbfgs: its line search needs the same loss each time it looks")
    assert said.endswith(f"  got       {got}\n  do        leave {flag} out")


@pytest.mark.parametrize("batch_size", [ROWS, 1000])
def test_lbfgs_takes_a_batch_of_all_rows_or_more(batch_size: int):
    assert full(optimizer="lbfgs", batch_size=batch_size).batch_size == batch_size


# --- networks ------------------------------------------------------------------------------------


def test_batch_normalization_on_batches_of_one_row_is_refused():
    assert refusal(normalization="batch", batch_size=1) == (
        "setting up normalization batch: batch normalization cannot be trained on batches of one row: less their mean, "
        "nothing is left of them.\n"
        "  expected  at least 2 rows in a batch\n"
        "  got       batch_size = 1 of 50 training rows\n"
        "  do        --batch-size 32, or --normalization layer"
    )
    assert "of 1 training rows" in refusal(normalization="batch", rows=1)
    for normalization, batch_size in (("batch", 2), ("layer", 1), ("none", 1)):
        assert full(normalization=normalization, batch_size=batch_size)


def test_a_users_network_with_batch_normalization_is_named():
    with pytest.raises(RecipeError, match=r"setting up network mine:net: .*\n.*\n.*\n  do        --batch-size 32$"):
        require_batches(Recipe(network="mine:net", batch_size=1), rows=ROWS)


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", [*KINDS, "initialization", "normalization"])
def test_a_name_that_does_not_exist_is_refused(field: str):
    with pytest.raises(UnknownNameError, match=f"looking up the {field}: there is no {field} named 'zzz'"):
        full(**{field: "zzz"})


@pytest.mark.parametrize(
    ("field", "name", "why"),
    [
        ("loss", "TripletMarginLoss", "compares two or three outputs with each other"),
        ("loss", "torch.nn.CTCLoss", "aligns sequences"),
        ("optimizer", "SparseAdam", "sparse gradients only"),
        ("activation", "Softmax", ""),
    ],
)
def test_a_class_of_torch_that_is_left_out_says_why(field: str, name: str, why: str):
    with pytest.raises(UnknownNameError) as caught:
        full(**{field: name})
    last = name.rpartition(".")[2]
    assert caught.value.wrong.startswith(f"{last} is left out: ")
    assert why in caught.value.wrong
    assert caught.value.hints["expected"] == "one of " + ", ".join(names(field))
