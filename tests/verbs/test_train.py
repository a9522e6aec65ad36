"""`fl.train`: its arguments are the recipe's fields and what is documented; whatever holds a table is a source."""

import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.datasets import load_iris

import fallline as fl
from fallline.core.recipe import Recipe
from fallline.study.events import Stage

BEFORE = [
    *("task", "weight", "drop", "only", "categorical", "numeric", "ordered"),
    *("header", "delimiter", "split_by", "test", "metric"),
]
AFTER = ["split_seed", "engine", "threads", "check", "out", "keep", "observer"]
PARAMETERS = inspect.signature(fl.train).parameters
SHORT = {"epochs": 2, "learning_rate": 0.02, "widths": (4,)}
GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(60, 2))
Y = X[:, 0] - 2 * X[:, 1]
FRAME = pl.DataFrame({"x1": X[:, 0], "x2": X[:, 1], "y": Y})


def documented() -> dict[str, str]:
    """The arguments that the docstring describes, in its order: name → text."""
    section = inspect.getdoc(fl.train).partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.split(r"^ {4}(?=\w)", section, flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()) for name, _, text in (entry.partition(": ") for entry in entries)}


# --- its arguments ---


def test_its_keywords_are_the_recipes_fields_in_their_order_among_its_own():
    assert list(PARAMETERS) == ["source", "target", *BEFORE, *Recipe.model_fields, *AFTER]


def test_only_source_and_target_are_positional():
    kinds = {name: parameter.kind for name, parameter in PARAMETERS.items()}
    assert [name for name, kind in kinds.items() if kind is not inspect.Parameter.KEYWORD_ONLY] == ["source", "target"]
    assert inspect.Parameter.VAR_KEYWORD not in kinds.values()


@pytest.mark.parametrize("field", Recipe.model_fields)
def test_a_field_of_the_recipe_is_planned_unless_it_is_given(field: str):
    assert PARAMETERS[field].default is None


def test_every_argument_is_documented_in_its_order():
    assert list(documented()) == list(PARAMETERS)


@pytest.mark.parametrize("field", Recipe.model_fields)
def test_a_field_says_what_it_is_unless_it_is_given(field: str):
    default, text = Recipe.model_fields[field].default, documented()[field]
    if field in {"loss", "optimizer", "learning_rate", "batch_size", "epochs", "patience"}:
        assert "None: " in text  # planned, by a rule that it tells
    elif field == "initialization":
        assert "None: torch's default" in text
    elif default is not None and not field.endswith("_options"):
        assert text.endswith(f"None: {default:g}." if isinstance(default, float) else f"None: {default}.")


def test_a_keyword_that_does_not_exist_is_pythons_own_error():
    with pytest.raises(TypeError, match="lr"):
        fl.train("line", lr=0.1)


# --- what it takes ---


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (FRAME, "y"),
        (FRAME, 3),
        (FRAME, -1),
        (FRAME.to_pandas(), "y"),
        (FRAME.to_pandas().set_index(pd.Index(range(100, 160))), "y"),
        (FRAME.lazy(), "y"),
        ((X, Y), None),
        ((X, Y[:, None]), None),
        ((X.tolist(), Y.tolist()), None),
        ((torch.from_numpy(X), torch.from_numpy(Y)), None),
        ((torch.from_numpy(X).requires_grad_(), torch.from_numpy(Y)), None),
        ((FRAME[["x1", "x2"]], FRAME["y"]), None),
        ((FRAME.to_pandas()[["x1", "x2"]], FRAME.to_pandas()["y"]), None),
        (FRAME.to_dict(as_series=False), "y"),
    ],
)
def test_the_same_rows_give_the_same_numbers_however_they_are_held(tmp_path: Path, source, target):
    expected = fl.train(FRAME, "y", out=tmp_path / "expected", **SHORT)
    study = fl.train(source, target, out=tmp_path / "study", **SHORT)
    assert study.header.data.target == "y"
    assert study.header.data.hash == expected.header.data.hash
    assert study.curves().equals(expected.curves())
    assert study.predictions().equals(expected.predictions())


def test_a_file_may_be_a_path_or_a_text(tmp_path: Path):
    FRAME.write_csv(tmp_path / "rows.csv")
    FRAME.write_parquet(tmp_path / "rows.parquet")
    studies = [
        fl.train(source, "y", out=tmp_path / f"study{place}", **SHORT)
        for place, source in enumerate([tmp_path / "rows.csv", str(tmp_path / "rows.csv"), tmp_path / "rows.parquet"])
    ]
    assert studies[0].curves().equals(studies[1].curves())
    assert studies[0].header.split == studies[2].header.split


def test_a_bunch_of_scikit_learn_is_a_table_with_its_target(tmp_path: Path):
    study = fl.train(load_iris(), out=tmp_path / "study", **SHORT)
    assert study.header.task == "multiclass"
    assert study.schema.target.classes == ("setosa", "versicolor", "virginica")


def test_what_is_given_reaches_the_recipe(tmp_path: Path):
    given = {
        "widths": [4, 3],
        "activation": "leaky_relu",
        "activation_options": {"negative_slope": 0.2},
        "dropout": 0.1,
        "loss": "huber",
        "loss_options": {"delta": 2.0},
        "optimizer": "sgd",
        "learning_rate": 0.05,
        "optimizer_options": {"momentum": 0.5},
        "schedule": "cosine",
        "schedule_options": {"eta_min": 0.001},
        "warmup": 0.2,
        "clip_norm": 1.0,
        "clip_value": 0.5,
        "batch_size": 16,
        "epochs": 2,
        "patience": 3,
        "dtype": "float64",
        "seed": 4,
    }
    recipe = fl.train(FRAME, "y", out=tmp_path / "study", **given).best.recipe.to_dict()
    assert set(given) | {"network", "normalization", "initialization"} == set(recipe)
    for name, value in given.items():
        if isinstance(value, dict):
            assert value.items() <= recipe[name].items()
        else:
            assert recipe[name] == value


def test_what_is_given_reaches_the_job(tmp_path: Path):
    stages = []
    study = fl.train(
        FRAME.with_columns(w=pl.lit(1.5)),
        "y",
        task="regression",
        weight="w",
        metric="mae",
        split_seed=7,
        engine="loop",
        threads=1,
        out=str(tmp_path / "study"),
        keep=None,
        observer=stages.append,
        epochs=2,
    )
    header = study.header
    assert (header.data.weight, header.metric, header.split.seed, header.engine) == ("w", "mae", 7, "loop")
    assert study.path == tmp_path / "study"
    assert all(study.run(number) for number in range(16))
    assert [stage.name for stage in stages if isinstance(stage, Stage)] == [
        "reading",
        "baselines",
        "training",
        "writing",
    ]


def test_a_whole_number_of_numpy_will_do(tmp_path: Path):
    study = fl.train(FRAME, "y", epochs=np.int64(2), learning_rate=np.float32(0.02), out=tmp_path / "study")
    assert study.best.recipe.epochs == 2


def test_the_frame_that_was_given_is_left_as_it_was(tmp_path: Path):
    frame, before = FRAME.to_pandas(), FRAME.to_pandas()
    fl.train(frame, "y", out=tmp_path / "study", **SHORT)
    pd.testing.assert_frame_equal(frame, before)


def test_nothing_is_printed(tmp_path: Path, capsys):
    fl.train(FRAME, "y", out=tmp_path / "study", **SHORT)
    assert capsys.readouterr() == ("", "")
