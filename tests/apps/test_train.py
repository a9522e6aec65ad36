"""`fallline train`: what it prints, what it takes, what it leaves."""

import re
from pathlib import Path

import pytest
from rich.markup import render

import fallline as fl
from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from tests.apps.command import Command, is_house_form
from tests.study.jobs import FILES, table

NUMBERS, CLASSES = {"r2", "rmse", "mae"}, {"accuracy", "balanced_accuracy", "log_loss", "roc_auc"}
SHORT = ["--epochs", "2", "--widths", "4", "--learning-rate", "0.02"]
KEYS = {
    "study": str,
    "task": str,
    "target": str,
    "rows": dict,
    "loss": str,
    "best": dict,
    "test": dict,
    "baselines": dict,
    "runs": int,
    "outcomes": dict,
    "seconds": float,
    "treatment": list,
    "notes": list,
}


# --- one JSON object ---


@pytest.mark.parametrize(
    ("target", "task", "metrics", "baselines"),
    [
        ("price", "regression", NUMBERS, {"mean", "ridge", "gradient_boosting"}),
        ("visits", "counts", {*NUMBERS, "poisson_deviance"}, {"mean", "ridge", "gradient_boosting"}),
        ("sold", "binary", CLASSES, {"majority", "logistic", "gradient_boosting"}),
        ("kind", "multiclass", CLASSES, {"majority", "logistic", "gradient_boosting"}),
    ],
)
def test_json_is_one_object_with_these_keys(fallline: Command, target: str, task: str, metrics: set, baselines: set):
    table(target).write_csv("rows.csv")
    ended = fallline("train", "rows.csv", "--target", target, "--task", task, *SHORT, "--json", "--out", "study")
    found = ended.json
    assert (ended.code, ended.err) == (0, "")
    assert {name: type(value) for name, value in found.items()} == KEYS
    assert (found["study"], found["task"], found["target"]) == ("study", task, target)
    assert found["rows"] == {"train": 90, "validation": 30, "test": 30}
    assert set(found["best"]) == {"recipe", "epoch", "validation_loss", "outcome"}
    assert Recipe.from_dict(found["best"]["recipe"]).to_dict() == found["best"]["recipe"]
    assert type(found["best"]["epoch"]) is int
    assert type(found["best"]["validation_loss"]) is float
    assert found["best"]["outcome"] == "finished"
    assert set(found["test"]) == metrics
    assert set(found["baselines"]) == baselines
    assert all(set(scores) == metrics for scores in found["baselines"].values())
    assert all(type(value) is float for value in found["test"].values())
    assert (found["runs"], found["outcomes"]) == (1, {"finished": 1})
    assert found["loss"] == found["best"]["recipe"]["loss"]
    assert found["seconds"] > 0


def test_json_says_what_the_study_says(fallline: Command):
    ended = fallline("train", "iris", "--epochs", "2", "--json", "--out", "study")
    study = fl.open("study")
    assert ended.json == study.to_dict()
    assert (ended.json["runs"], ended.json["outcomes"]) == (16, {"finished": 16})
    assert ended.json["test"] == study.header.test


def test_json_has_null_where_every_run_diverged_and_the_exit_code_says_so(fallline: Command):
    ended = fallline("train", "iris", "--epochs", "2", "--lr", "1e30", "--json", "--out", "study")
    assert ended.code == 2
    assert (ended.json["best"], ended.json["test"], ended.json["outcomes"]) == (None, None, {"diverged": 1})
    assert is_house_form(ended.err)
    assert "study" in ended.err
    assert fl.open("study").header.outcomes == {Outcome.diverged: 1}


def test_json_has_null_where_a_score_is_not_defined(fallline: Command):
    Path("rows.csv").write_text(
        "x,y\n" + "".join(f"{row * 1.7},{'ab'[row % 2]}\n" for row in range(38)) + "9.5,c\n8.5,d\n"
    )
    ended = fallline("train", "rows.csv", "--target", "y", *SHORT, "--json", "--out", "study")
    assert ended.code == 0
    assert ended.json["test"]["roc_auc"] is None


# --- for people ---


def test_the_result_is_on_standard_output_and_nothing_else_is_said(fallline: Command):
    ended = fallline("train", "iris", "--epochs", "2", "--out", "study")
    study = fl.open("study")
    assert (ended.code, ended.err) == (0, "")
    said = " ".join(ended.out.split())
    assert study.header.conclusion in said
    for note in study.header.notes:
        assert " ".join(note.split()) in said
    assert "study study" in said
    assert "report study/report.html" in said
    assert max(map(len, ended.out.splitlines())) <= 100


def test_quiet_prints_the_study_and_its_conclusion_alone(fallline: Command):
    ended = fallline("train", "iris", "--epochs", "2", "--quiet", "--out", "a long name with spaces [and] brackets")
    study = fl.open("a long name with spaces [and] brackets")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{study.path}\n{study.header.conclusion}\n"


def test_the_study_has_its_report(fallline: Command):
    fallline("train", "iris", "--epochs", "1", "--quiet", "--out", "study")
    assert {path.name for path in Path("study").iterdir()} == {*FILES, "report.html"}


def test_without_out_the_study_goes_to_studies(fallline: Command):
    ended = fallline("train", "iris", *SHORT, "--quiet")
    (path,) = Path("studies").iterdir()
    assert ended.out.splitlines()[0] == str(path)
    assert re.fullmatch(r"iris-\d{8}-\d{6}", path.name)
    assert fallline("predict", path.name, "iris").code == 0


# --- what it takes ---


def test_a_target_is_a_name_or_a_position(fallline: Command):
    table("kind").write_csv("rows.csv")
    for place, target in enumerate(["kind", "5", "-1"]):
        out = f"study{place}"
        ended = fallline("train", "rows.csv", "--target", target, *SHORT, "--json", "--out", out)
        assert ended.json["target"] == "kind"


def test_a_built_in_set_knows_its_target_and_takes_another(fallline: Command):
    assert fallline("train", "iris", *SHORT, "--json", "--out", "a").json["target"] == "species"
    ended = fallline("train", "iris", "--target", "1", *SHORT, "--json", "--out", "b")
    assert (ended.json["target"], ended.json["task"]) == ("sepal length (cm)", "regression")


GIVEN = {
    "widths": ("4,3", [4, 3]),
    "activation": ("gelu", "gelu"),
    "dropout": ("0.1", 0.1),
    "normalization": ("layer", "layer"),
    "initialization": ("orthogonal", "orthogonal"),
    "loss": ("huber", "huber"),
    "optimizer": ("sgd", "sgd"),
    "learning_rate": ("0.05", 0.05),
    "clip_norm": ("1", 1.0),
    "clip_value": ("0.5", 0.5),
    "schedule": ("cosine", "cosine"),
    "warmup": ("0.2", 0.2),
    "batch_size": ("16", 16),
    "epochs": ("2", 2),
    "patience": ("3", 3),
    "dtype": ("float64", "float64"),
    "seed": ("4", 4),
}
OPTIONS = {
    "--delta": ("2", "loss_options", {"delta": 2.0}),
    "--momentum": ("0.5", "optimizer_options", {"momentum": 0.5}),
    "--nesterov": (None, "optimizer_options", {"nesterov": True}),
    "--weight-decay": ("0.01", "optimizer_options", {"weight_decay": 0.01}),
    "--eta-min": ("0.001", "schedule_options", {"eta_min": 0.001}),
}


def test_every_field_of_the_recipe_is_a_flag_that_reaches_it(fallline: Command):
    table("price").write_csv("rows.csv")
    flags = [part for name, (text, _) in GIVEN.items() for part in (f"--{name.replace('_', '-')}", text)]
    flags += [part for flag, (text, *_) in OPTIONS.items() for part in (flag, text) if part is not None]
    ended = fallline("train", "rows.csv", "--target", "price", *flags, "--json", "--out", "study")
    recipe = ended.json["best"]["recipe"]
    assert {name: recipe[name] for name in GIVEN} == {name: value for name, (_, value) in GIVEN.items()}
    for _, field, options in OPTIONS.values():
        assert options.items() <= recipe[field].items()
    # What is left: options, and what goes with none of widths, activation, normalization and initialization.
    assert {name for name in recipe if not name.endswith("_options")} - set(GIVEN) == {"network"}


@pytest.mark.parametrize("widths", ["none", ""])
def test_no_hidden_layer_is_a_linear_model(fallline: Command, widths: str):
    ended = fallline("train", "iris", "--widths", widths, "--epochs", "1", "--lr", "0.1", "--json", "--out", "study")
    assert ended.json["best"]["recipe"]["widths"] == []
    assert len(list(fl.open("study").best.model)) == 1


@pytest.mark.parametrize(("keep", "kept"), [("1", 1), ("all", 16), ("99", 16)])
def test_as_many_models_are_kept_as_asked_for(fallline: Command, keep: str, kept: int):
    assert fallline("train", "iris", "--epochs", "1", "--keep", keep, "--quiet", "--out", "study").code == 0
    study, found = fl.open("study"), 0
    for number in range(16):
        try:
            found += study.run(number).number == number
        except fl.FalllineError:
            continue
    assert found == kept


def test_what_is_of_the_job_reaches_the_study(fallline: Command):
    table("price", "weight").write_csv("rows.csv")
    flags = ["--weight", "weight", "--metric", "mae", "--split-seed", "3", "--engine", "loop", "--threads", "1"]
    fallline("train", "rows.csv", "--target", "price", *flags, *SHORT, "--out", "study")
    header = fl.open("study").header
    assert (header.data.weight, header.metric, header.split.seed, header.engine) == ("weight", "mae", 3, "loop")


def test_the_same_command_gives_the_same_numbers(fallline: Command):
    one, other = (fallline("train", "iris", "--epochs", "1", "--json", "--out", out).json for out in "ab")
    changing = {"study", "seconds"}
    assert {name: one[name] for name in one if name not in changing} == {
        name: other[name] for name in other if name not in changing
    }


def test_names_that_look_like_markup_are_printed_as_they_are(fallline: Command):
    with pytest.raises(Exception, match="closing tag"):
        render("[/red]")  # so would rich, if it were asked to
    rows = table("kind").rename({"kind": "[/red]", "size": "[bold]"}).with_columns(colour=table()["colour"] + "[/x]")
    Path("[").mkdir()
    rows.write_csv("[/red]odd.csv")
    ended = fallline("train", "[/red]odd.csv", "--target", "[/red]", *SHORT, "--out", "[i]study")
    assert ended.code == 0
    assert "[bold]" in ended.out
    assert "[/red]odd.csv" in ended.out
    assert "[i]study/report.html" in ended.out
    assert "[i]study" in fallline("studies", ".").out


# --- a network of one's own ---


def test_a_network_that_is_wired_wrong_is_a_mistake_unless_it_is_to_be_trained_as_it_is(fallline: Command):
    Path("wired_wrong.py").write_text(
        "from torch import nn\n\n\ndef net(inputs, outputs):\n"
        "    return nn.Sequential(nn.Linear(inputs, outputs), nn.Softmax(dim=1))\n"
    )
    arguments = ["train", "iris", "--network", "wired_wrong:net", "--epochs", "2", "--learning-rate", "0.02", "--quiet"]
    ended = fallline(*arguments)
    assert ended.code == 2
    assert is_house_form(ended.err)
    assert "FL301" in ended.err
    assert fallline(*arguments, "--no-check").code == 0
