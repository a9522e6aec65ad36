"""`fallline compare`: what it prints, what it takes, what it leaves."""

import re
from pathlib import Path

import polars as pl
import pytest
from rich.markup import render

import fallline as fl
from fallline.core.recipe import Recipe
from tests.apps.command import Command, is_house_form
from tests.apps.test_train import KEYS
from tests.study.jobs import FILES, table

SHORT = ["--epochs", "2", "--widths", "4", "--seeds", "2"]
TWO = ["--optimizer", "sgd,adam", "--lr", "0.01,0.1", *SHORT]
OWN = {
    "metric": str,
    "recipes": int,
    "folds": type(None),
    "ranking": list,
    "tolerance": dict,
    "model_steps_per_second": float,
    "engines": dict,
    "plan": dict,
    "timings": dict,
}


@pytest.fixture
def rows(home: Path) -> Path:
    """A table with a class in two values."""
    table("sold").write_csv(home / "rows.csv")
    return home / "rows.csv"


def test_json_is_one_object_with_the_keys_of_train_and_more(fallline: Command, rows: Path):
    ended = fallline("compare", rows, "--target", "sold", *TWO, "--json", "--out", "study")
    found = ended.json
    assert ended.code == 0
    assert {name: type(value) for name, value in found.items()} == {**KEYS, **OWN}
    assert [set(place) for place in found["ranking"]] == [
        {"recipe", "metric", "mean", "interval", "seeds", "distinguishable"}
    ] * 4
    assert {place["recipe"]["learning_rate"] for place in found["ranking"]} == {0.01, 0.1}
    assert found["engines"] == {"native": 8}
    assert found["ranking"][0]["metric"] == "roc_auc"
    assert ended.err.startswith("runs")


def test_it_leaves_a_study_with_a_report(fallline: Command, rows: Path):
    assert fallline("compare", rows, "--target", "sold", *TWO, "--out", "study", "--quiet").code == 0
    assert {path.name for path in Path("study").iterdir()} == {*FILES, "ranking.parquet", "report.html"}
    page = Path("study/report.html").read_text(encoding="utf-8")
    assert "indistinguishable" in page
    assert "heat" in page


def test_the_terminal_shows_plan_ranking_and_conclusion(fallline: Command, rows: Path):
    ended = fallline("compare", rows, "--target", "sold", *TWO, "--out", "study", "--timings")
    assert ended.code == 0
    assert "8: 4 recipes × 2 seeds" in ended.err
    assert re.search(r"^training +\d", ended.err, flags=re.MULTILINE)
    conclusion = fl.open("study").header.conclusion
    assert " ".join(conclusion.split())[:60] in " ".join(ended.out.split())
    for word in ("adam", "sgd", "report", "study"):
        assert word in ended.out


def test_what_was_found_in_the_data_is_said_once(fallline: Command, rows: Path):
    told = table("sold").with_columns(answer=pl.col("sold").cast(pl.Int64))
    told.write_csv("told.csv")
    ended = fallline("compare", "told.csv", "--target", "sold", "--momentum", "0,0.9", *TWO, "--out", "study")
    said = " ".join(ended.out.split())
    leaks = [note for note in fl.open("study").header.notes if "answer" in note]
    assert leaks
    assert " ".join(leaks[0].split()) in said
    assert "momentum is ignored" in ended.err
    assert "momentum is ignored" not in ended.out


def test_quiet_says_the_result_alone(fallline: Command, rows: Path):
    ended = fallline("compare", rows, "--target", "sold", *TWO, "--out", "study", "--quiet")
    assert ended.out.splitlines() == ["study", fl.open("study").header.conclusion]
    assert ended.err == ""


def test_folds_are_said_and_predicted_with(fallline: Command, rows: Path):
    ended = fallline("compare", rows, "--target", "sold", *TWO, "--folds", "3", "--json", "--out", "study")
    assert ended.code == 0, ended.err
    assert (ended.json["folds"], ended.json["runs"], ended.json["recipes"]) == (3, 24, 4)
    assert ended.json["rows"] == {"train": 80, "validation": 40, "test": 30}
    assert "24: 4 recipes × 2 seeds × 3 folds" in ended.err
    assert "3 folds" in Path("study/report.html").read_text(encoding="utf-8")
    predicted = fallline("predict", "study", rows, "--json")
    assert predicted.json["rows"] == 150
    found = fl.open("study").predictions()
    for row, chance in zip(found["row"], found["probability of True"], strict=True):
        assert predicted.json["predictions"][row]["probability of True"] == pytest.approx(chance, rel=1e-4)


# --- the space ---


@pytest.mark.parametrize(
    ("flags", "recipes"),
    [
        (["--lr", "1e-3:1:5log"], 5),
        (["--lr", "0.1", "--widths", "8/8,4/none"], 3),
        (["--lr", "0.1", "--optimizer", "sgd,adam", "--momentum", "0,0.9", "--weight-decay", "0,0.01"], 6),
        (["--lr", "0.1", "--optimizer", "sgd", "--nesterov", "true,false", "--momentum", "0.9"], 2),
        (["--lr", "0.1", "--batch-size", "8:32:4"], 4),
        (["--lr", "0.1", "--activation", "relu,tanh", "--dropout", "0,0.2"], 4),
        (["--lr", "0.1", "--loss", "cross_entropy,focal", "--class-weights", "1,1,1/1,2,3"], 4),
        (["--lr", "1e-4:1:64log", "--sample", "9"], 9),
    ],
)
def test_every_field_takes_alternatives(fallline: Command, flags: list[str], recipes: int):
    ended = fallline("compare", "iris", "--epochs", "1", "--seeds", "1", *flags, "--json", "--out", "study")
    assert ended.code == 0, ended.err
    assert ended.json["recipes"] == recipes


def test_a_space_may_be_a_file_and_flags_go_first(fallline: Command):
    Path("space.toml").write_text(
        'optimizer = ["sgd", "adam"]\nlearning_rate = "1e-2:1:3log"\nwidths = [[4], [8, 4]]\nepochs = 1\n'
        "[optimizer_options]\nmomentum = [0.0, 0.9]\n"
    )
    ended = fallline(
        "compare", "iris", "--space", "space.toml", "--lr", "0.1", "--seeds", "1", "--json", "--out", "study"
    )
    assert ended.json["recipes"] == (2 + 1) * 2
    assert {place["recipe"]["learning_rate"] for place in ended.json["ranking"]} == {0.1}


def test_flags_go_before_the_same_options_of_a_file_and_leave_the_others(fallline: Command):
    Path("space.toml").write_text("[optimizer_options]\nmomentum = [0.0, 0.9]\nweight_decay = [0.5]\n")
    ended = fallline(
        "compare",
        "iris",
        "--space",
        "space.toml",
        "--optimizer",
        "sgd",
        "--lr",
        "0.1",
        "--momentum",
        "0.5",
        *SHORT,
        "--json",
        "--out",
        "study",
    )
    [place] = ended.json["ranking"]
    options = place["recipe"]["optimizer_options"]
    assert (options["momentum"], options["weight_decay"]) == (0.5, 0.5)


def test_a_network_of_ones_own_is_compared_with_the_one_that_is_built_in(fallline: Command):
    Path("own_of_compare.py").write_text(
        "from torch import nn\ndef net(inputs, outputs):\n    return nn.Linear(inputs, outputs)\n"
    )
    networks = ["--network", "own_of_compare:net,none", "--lr", "0.1", *SHORT]
    ended = fallline("compare", "iris", *networks, "--json", "--out", "study")
    assert ended.code == 0, ended.err
    assert {place["recipe"]["network"] for place in ended.json["ranking"]} == {"own_of_compare:net", None}
    assert "widths is ignored for own_of_compare:net" in ended.err


def test_what_an_optimizer_lacks_is_announced(fallline: Command):
    ended = fallline("compare", "iris", *TWO, "--momentum", "0,0.9", "--json", "--out", "study")
    assert "momentum is ignored for adam" in ended.err
    assert any("momentum is ignored for adam" in note for note in ended.json["notes"])


# --- mistakes ---


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lr", "1:2"],
        ["--lr", "0.1,x"],
        ["--lr", "0.1,0"],
        ["--lr", ""],
        ["--widths", "8/x"],
        ["--optimizer", "sgd,admw"],
        ["--optimizer", "adam", "--momentum", "0.9"],
        ["--optimizer", "sgd", "--nesterov", "maybe"],
        ["--budget", "soon"],
        ["--budget", "-5s"],
        ["--budget", "nan"],
        ["--budget", "0.000001s"],
        ["--sample", "0"],
        ["--seeds", "0"],
        ["--folds", "1"],
        ["--folds", "41"],
        ["--folds", "3", "--split-by", "time:petal_width"],
        ["--space", "missing.toml"],
        ["--loss", "mse"],
        ["--metric", "rmse"],
        ["--dtype", "float16"],
        ["--engine", "natve"],
        ["--epochs", "99999999"],
    ],
    ids=" ".join,
)
def test_a_mistake_ends_with_2_in_the_house_form_and_writes_nothing(fallline: Command, arguments: list[str]):
    ended = fallline("compare", "iris", *arguments)
    message = ended.err[ended.err.index(next(line for line in ended.err.splitlines() if ": " in line)) :]
    assert ended.code == 2
    assert is_house_form(message), ended.err
    assert "Traceback" not in ended.err
    assert not Path("studies").exists()


@pytest.mark.parametrize(
    "text",
    [
        "optimizer = [",
        "seed = [1, 2]",
        "optmizer = 'sgd'",
        "learning_rate = []",
        "learning_rate = {low = 1}",
        "optimizer_options = 5",
        "loss_options = [1]",
        "[optimizer_options.sgd]\nmomentum = [0.9]",
        "learning_rate = true",
        "weight_decay = 0.1",
    ],
)
def test_a_damaged_space_is_a_mistake(fallline: Command, text: str):
    Path("space.toml").write_text(text)
    ended = fallline("compare", "iris", "--space", "space.toml")
    assert ended.code == 2
    assert is_house_form(ended.err), ended.err


def test_when_all_runs_diverge_the_study_is_kept_and_a_range_suggested(fallline: Command, home: Path):
    table("price").write_csv(home / "prices.csv")
    ended = fallline(
        "compare", "prices.csv", "--target", "price", "--lr", "1e30", "--optimizer", "sgd", "--out", "study"
    )
    assert ended.code == 2
    assert "every run diverged" in ended.err
    assert "--learning-rate 1e+27:1e+30:8log" in ended.err
    assert fl.open("study").best is None


def test_its_help_teaches(fallline: Command):
    ended = fallline("compare", "--help")
    said = " ".join(render(ended.out).plain.split())
    assert ended.code == 0
    for word in ("--halving", "--budget", "--sample", "1e-4:1:16log", "--seeds", "--momentum", "Examples"):
        assert word in said
    assert "--seed " not in said
    assert set(Recipe.model_fields) - {"seed"}
