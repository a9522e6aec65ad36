"""A recipe: what it takes, what it refuses, and that nothing of it is lost on the way to a file and back."""

import copy
import json
import math
import pickle
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.core.errors import FalllineError, RecipeError, UnknownNameError
from fallline.core.recipe import Recipe

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
OPTIONS = st.dictionaries(
    TEXT, st.booleans() | st.integers(-(2**40), 2**40) | FINITE | TEXT | st.lists(FINITE, max_size=3), max_size=4
)
RATE = st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False)
SHARE = st.floats(0, 1, exclude_max=True)
COUNT = st.integers(1, 10**6)
RECIPES = st.builds(
    Recipe,
    network=st.none() | st.just("my_package.nets:build"),
    widths=st.lists(COUNT, max_size=4),
    activation=TEXT,
    activation_options=OPTIONS,
    dropout=SHARE,
    loss=TEXT,
    loss_options=OPTIONS,
    optimizer=TEXT,
    learning_rate=RATE,
    optimizer_options=OPTIONS,
    schedule_options=OPTIONS,
    warmup=SHARE,
    clip_norm=st.none() | RATE,
    clip_value=st.none() | RATE,
    batch_size=COUNT,
    epochs=COUNT,
    patience=st.none() | COUNT,
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 2**32 - 1),
)

# Every field with a bound: a value outside it, what was expected instead, and what was got.
REFUSED = [
    ("network", "os", "an importable function, as package.module:function", "'os'"),
    ("network", "my package:build", "an importable function, as package.module:function", "'my package:build'"),
    ("widths", (64, 0), "whole numbers above 0, one for each hidden layer", "0"),
    ("widths", (-3,), "whole numbers above 0, one for each hidden layer", "-3"),
    ("widths", (64.0,), "whole numbers above 0, one for each hidden layer", "64.0"),
    ("widths", (True,), "whole numbers above 0, one for each hidden layer", "True"),
    ("widths", 64, "whole numbers above 0, one for each hidden layer", "64"),
    ("activation", 3, "a valid string", "3"),
    ("dropout", -0.1, "greater than or equal to 0", "-0.1"),
    ("dropout", 1, "less than 1", "1"),
    ("dropout", math.nan, "less than 1", "nan"),
    ("learning_rate", 0, "greater than 0", "0"),
    ("learning_rate", -0.1, "greater than 0", "-0.1"),
    ("learning_rate", math.inf, "a finite number", "inf"),
    ("learning_rate", math.nan, "a finite number", "nan"),
    ("learning_rate", "fast", "a valid number, unable to parse string as a number", "'fast'"),
    ("optimizer_options", 3, "a dictionary of numbers, truth values, texts or lists of numbers by option", "3"),
    ("warmup", -0.1, "greater than or equal to 0", "-0.1"),
    ("warmup", 1.0, "less than 1", "1.0"),
    ("clip_norm", 0, "greater than 0", "0"),
    ("clip_norm", math.inf, "a finite number", "inf"),
    ("clip_value", -1, "greater than 0", "-1"),
    ("clip_value", math.nan, "a finite number", "nan"),
    ("batch_size", 0, "greater than 0", "0"),
    ("batch_size", 32.0, "a whole number", "32.0"),
    ("batch_size", True, "a whole number", "True"),
    ("epochs", 0, "greater than 0", "0"),
    ("epochs", -5, "greater than 0", "-5"),
    ("epochs", 1.5, "a whole number", "1.5"),
    ("patience", 0, "greater than 0", "0"),
    ("patience", 2.0, "a whole number", "2.0"),
    ("dtype", "float16", "'float32' or 'float64'", "'float16'"),
    ("seed", -1, "greater than or equal to 0", "-1"),
    ("seed", 2**32, "less than 4294967296", "4294967296"),
    ("seed", 0.0, "a whole number", "0.0"),
    ("seed", False, "a whole number", "False"),
]
# What is suggested instead, as it is typed.
EXAMPLES = {
    "widths": "128,32",
    "dropout": "0.1",
    "learning_rate": "0.001",
    "warmup": "0.1",
    "clip_norm": "1.0",
    "clip_value": "1.0",
    "batch_size": "32",
    "epochs": "100",
    "patience": "10",
    "dtype": "float32",
    "seed": "0",
}
FREE = {"activation", "activation_options", "initialization", "loss", "loss_options", "normalization", "optimizer"}
FREE |= {"optimizer_options", "schedule", "schedule_options"}


@given(RECIPES)
def test_toml_and_back_is_the_same_recipe(recipe: Recipe):
    assert Recipe.from_toml(recipe.to_toml()) == recipe


@given(RECIPES)
def test_json_and_back_is_the_same_recipe(recipe: Recipe):
    assert Recipe.from_json(recipe.key) == recipe


@given(RECIPES)
def test_a_dict_of_plain_json_values_and_back_is_the_same_recipe(recipe: Recipe):
    fields = recipe.to_dict()
    assert json.loads(json.dumps(fields)) == fields
    assert Recipe.from_dict(fields) == recipe


@given(RECIPES)
def test_equal_recipes_have_equal_keys_and_hashes(recipe: Recipe):
    again = Recipe(**recipe.to_dict())
    assert again == recipe
    assert again.key == recipe.key
    assert hash(again) == hash(recipe)
    assert len({again, recipe}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [(0, 0.0), (1, True), (1.0, True), (0.0, -0.0)], ids=["int", "bool", "float", "zero"]
)
def test_values_that_only_python_takes_for_equal_make_different_recipes(one, other):
    recipes = [Recipe(optimizer_options={"x": value}) for value in (one, other)]
    assert recipes[0] != recipes[1]
    assert len(set(recipes)) == 2


def test_the_order_of_fields_and_options_does_not_count():
    one = Recipe(seed=1, optimizer_options={"momentum": 0.9, "nesterov": True})
    other = Recipe(optimizer_options={"nesterov": True, "momentum": 0.9}, seed=1)
    assert one == other
    assert one.to_toml() == other.to_toml()


@pytest.mark.parametrize("field", Recipe.model_fields)
def test_another_value_in_any_field_makes_another_recipe(field: str):
    other = {
        "network": "package:build",
        "widths": (3,),
        "dropout": 0.5,
        "learning_rate": 0.5,
        "warmup": 0.5,
        "clip_norm": 0.5,
        "clip_value": 0.5,
        "dtype": "float64",
        **dict.fromkeys(("batch_size", "epochs", "patience", "seed"), 7),
        **{name: {"x": 1.0} for name in Recipe.model_fields if name.endswith("_options")},
    }
    assert Recipe(**{field: other.get(field, "other")}) != Recipe()


def test_a_recipe_equals_nothing_else():
    assert Recipe() != Recipe().to_dict()
    assert Recipe() != "recipe"


def test_toml_leaves_out_what_is_none_and_says_the_rest():
    fields = tomllib.loads(Recipe(clip_norm=2.0).to_toml())
    assert fields["clip_norm"] == 2.0
    assert set(Recipe.model_fields) - set(fields) == {"network", "clip_value", "patience"}


@pytest.mark.parametrize(("field", "value", "expected", "got"), REFUSED)
def test_a_value_out_of_its_range_is_refused_in_the_house_form(field, value, expected, got):
    with pytest.raises(RecipeError) as caught:
        Recipe(**{field: value})
    flag = "--" + field.replace("_", "-")
    do = f"\n  do        {flag} {EXAMPLES[field]}, or leave it out" if field in EXAMPLES else ""
    assert str(caught.value) == (
        f"building a recipe: {field} is out of its range.\n  expected  {expected}\n  got       {field} = {got}{do}"
    )


@pytest.mark.parametrize(("field", "example"), EXAMPLES.items())
def test_what_is_suggested_instead_is_taken(field: str, example: str):
    value = example if field == "dtype" else json.loads(f"[{example}]" if field == "widths" else example)
    assert Recipe(**{field: value})


def test_every_field_with_a_bound_is_in_the_list_of_refusals():
    assert set(Recipe.model_fields) - {field for field, *_ in REFUSED} <= FREE


@pytest.mark.parametrize("value", [None, {"a": 1.0}, [1.0, "a"], [[1.0]], 1j])
def test_an_option_that_is_no_plain_value_is_refused(value):
    with pytest.raises(RecipeError, match="optimizer_options is out of its range"):
        Recipe(optimizer_options={"momentum": value})


@pytest.mark.parametrize(
    "fields",
    [
        {"widths": ()},
        {"dropout": 0},
        {"warmup": 0.999},
        {"seed": 2**32 - 1},
        {"patience": None},
        {"learning_rate": 1e-300},
        {"batch_size": 1, "epochs": 1, "patience": 1},
        {"network": "my_package.nets:build"},
    ],
    ids=str,
)
def test_a_value_at_the_edge_of_its_range_is_taken(fields):
    recipe = Recipe(**fields)
    assert {name: getattr(recipe, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("lerning_rate", "learning_rate"), ("batchsize", "batch_size"), ("Optimizer", "optimizer"), ("width", "widths")],
)
def test_a_field_that_does_not_exist_suggests_the_nearest(wrong: str, right: str):
    with pytest.raises(UnknownNameError) as caught:
        Recipe(**{wrong: 1})
    lines = str(caught.value).splitlines()
    assert lines[0] == f"building a recipe: there is no field named {wrong!r}."
    assert lines[1] == "  expected  one of " + ", ".join(Recipe.model_fields)
    assert lines[2] == f"  do        did you mean {right!r}?"


def test_a_field_like_no_other_gets_no_suggestion():
    with pytest.raises(UnknownNameError) as caught:
        Recipe(zzz=1)
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_broken_json_is_refused_in_the_house_form(text: str):
    with pytest.raises(RecipeError, match=r"reading a recipe: it is not (valid JSON|an object)"):
        Recipe.from_json(text)


def test_broken_toml_is_refused_in_the_house_form():
    with pytest.raises(RecipeError, match="reading a recipe: it is not valid TOML"):
        Recipe.from_toml("learning_rate = ")


def test_an_unknown_field_in_toml_is_refused():
    with pytest.raises(UnknownNameError, match="no field named 'rate'"):
        Recipe.from_toml("rate = 0.1")


def test_a_recipe_cannot_be_changed():
    recipe = Recipe()
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 3
    assert recipe == Recipe()


def test_options_cannot_be_changed_and_keep_no_hold_of_what_they_were_made_from():
    given_options = {"momentum": 0.9}
    recipe = Recipe(optimizer_options=given_options)
    given_options["momentum"] = 0.1
    assert recipe.optimizer_options == {"momentum": 0.9}
    with pytest.raises(TypeError):
        recipe.optimizer_options["momentum"] = 0.1
    assert isinstance(Recipe(optimizer_options={"x": [1.0, 2.0]}).optimizer_options["x"], tuple)


def test_replace_changes_what_it_names_and_leaves_the_original_alone():
    recipe = Recipe(optimizer="sgd", optimizer_options={"momentum": 0.9})
    changed = recipe.replace(seed=4, epochs=2)
    assert changed.to_dict() == {**recipe.to_dict(), "seed": 4, "epochs": 2}
    assert recipe.seed == 0


def test_replace_validates_again():
    with pytest.raises(RecipeError, match="epochs is out of its range"):
        Recipe().replace(epochs=0)
    with pytest.raises(UnknownNameError, match="no field named 'epoch'"):
        Recipe().replace(epoch=1)


@pytest.mark.parametrize("field", [name for name in Recipe.model_fields if name.endswith("options")])
def test_options_are_those_of_a_field_beside_them(field: str):
    assert field.removesuffix("_options") in Recipe.model_fields


def test_every_field_says_what_it_is():
    descriptions = [info.description for info in Recipe.model_fields.values()]
    assert all(text and text.endswith(".") for text in descriptions)


def test_a_copy_is_equal():
    assert copy.copy(Recipe(seed=3)) == Recipe(seed=3)


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda recipe: pickle.loads(pickle.dumps(recipe))], ids=["deep copy", "another process"]
)
def test_a_recipe_is_the_same_after_a_deep_copy_and_in_another_process(again):
    recipe = Recipe(optimizer_options={"momentum": 0.9})
    assert again(recipe) == recipe


def test_a_refusal_is_caught_by_the_root_of_all_errors():
    with pytest.raises(FalllineError):
        Recipe(epochs=0)
