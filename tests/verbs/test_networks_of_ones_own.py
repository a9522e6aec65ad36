"""Any module: by where its function can be imported from, or as a function; and what a study keeps of one."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from torch import nn

import fallline as fl
from fallline.catalogue.given import is_given, reference_of
from fallline.core.recipe import Recipe
from fallline.study.comparison_reporting import comparison_of
from tests.verbs.networks import Deep, linear, small

SHORT = {"epochs": 3, "learning_rate": 0.02}
HERE = "tests.verbs.networks"


def data() -> tuple[np.ndarray, np.ndarray]:
    inputs = np.random.default_rng(0).normal(size=(80, 4))
    return inputs, inputs @ [1.0, -2.0, 0.5, 0.0]


def make(width: int) -> Callable[[int, int], nn.Module]:
    def build(inputs: int, outputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))

    return build


def networks(study: fl.Study) -> list[str | None]:
    return sorted({Recipe.from_json(text).network for text in study.frame()["recipe"]}, key=str)


def forgetful(study: fl.Study, monkeypatch: pytest.MonkeyPatch) -> fl.Study:
    """The study as another process sees it."""
    monkeypatch.setattr("fallline.catalogue.given._given", {})
    return fl.open(study.path)


# --- what can be imported ---


def test_a_reference_trains_a_module_of_ones_own(tmp_path: Path):
    study = fl.compare(data(), network=f"{HERE}:small", seeds=2, **SHORT, out=tmp_path / "study")
    assert networks(study) == [f"{HERE}:small"]
    assert study.header.comparison.engines == {"loop": 2}
    assert study.header.rerunnable
    assert isinstance(fl.open(study.path).best.model[1], nn.Tanh)
    assert not (study.path / "network.py").exists()


@pytest.mark.parametrize("function", [small, Deep])
def test_a_function_that_can_be_imported_is_its_reference(tmp_path: Path, function: Callable[..., nn.Module]):
    study = fl.compare(data(), network=function, seeds=1, **SHORT, out=tmp_path / "study")
    assert networks(study) == [f"{HERE}:{function.__name__}"]
    assert study.header.rerunnable
    assert len(fl.open(study.path).predict(data()[0])) == 80


def test_several_networks_are_compared_beside_the_one_that_is_built_in(tmp_path: Path):
    study = fl.compare(
        data(),
        network=[small, f"{HERE}:linear", None],
        widths=[(4,), (8,)],
        dropout=[0.0, 0.1],
        seeds=1,
        **SHORT,
        out=tmp_path / "study",
    )
    assert networks(study) == [None, f"{HERE}:linear", f"{HERE}:small"]  # sorted as text
    assert study.ranking().height == 2 + 2 * 2
    assert sum(study.header.comparison.engines.values()) == 6
    assert any("widths is ignored for tests.verbs.networks:small" in note for note in study.header.notes)
    assert any("dropout is ignored" in note for note in study.header.notes)


def test_what_is_said_of_layers_is_refused_where_no_network_is_built_in(tmp_path: Path):
    with pytest.raises(fl.FalllineError, match="decides on its layers"):
        fl.compare(data(), network=[small, linear], widths=[(4,), (8,)], **SHORT, out=tmp_path / "study")
    assert not list(tmp_path.iterdir())


def test_none_as_a_word_is_the_built_in_network(tmp_path: Path):
    study = fl.compare(data(), network=["none", small], seeds=1, **SHORT, out=tmp_path / "study")
    assert networks(study) == [None, f"{HERE}:small"]


# --- what cannot ---


@pytest.fixture(params=["train", "compare", "folds"])
def study(request: pytest.FixtureRequest, tmp_path: Path) -> fl.Study:
    """A study whose network is a function inside another."""
    out = tmp_path / "study"
    if request.param == "train":
        return fl.train(data(), network=make(5), **SHORT, out=out)
    folds = 3 if request.param == "folds" else None
    return fl.compare(data(), network=make(5), seeds=2, folds=folds, **SHORT, out=out)


def test_its_source_is_kept_and_this_is_said(study: fl.Study):
    source = (study.path / "network.py").read_text(encoding="utf-8")
    assert "def build(inputs: int, outputs: int) -> nn.Module:\n    return" in source
    assert networks(study)[0] in source
    assert study.header.files["network.py"]
    assert not study.header.rerunnable
    assert "rerunnable = false" in (study.path / "study.toml").read_text(encoding="utf-8")
    assert any("network.py" in note and "not rerunnable" in note for note in study.header.notes)


def test_in_the_same_process_the_study_is_like_any_other(study: fl.Study):
    again = fl.open(study.path)
    rows = again.predictions()["row"].to_list()
    found = again.predict(data()[0][rows]).values
    np.testing.assert_allclose(found, again.predictions()["prediction"], rtol=1e-4, atol=1e-5)


def test_in_another_its_model_is_refused_and_all_else_is_read(study: fl.Study, monkeypatch: pytest.MonkeyPatch):
    again = forgetful(study, monkeypatch)
    with pytest.raises(fl.FalllineError, match="not run") as caught:
        _ = again.best.model
    assert caught.value.hints["do"].startswith(f"fl.open({str(study.path)!r}, network=FUNCTION)")
    with pytest.raises(fl.FalllineError, match="not run"):
        again.predict(data()[0])
    assert again.best.recipe == study.best.recipe
    assert again.predictions().height == 16
    assert again.frame().equals(study.frame())
    assert again.curves().equals(study.curves())
    assert again.report().is_file()
    assert again._repr_html_()


def test_with_its_function_it_is_whole(study: fl.Study, monkeypatch: pytest.MonkeyPatch):
    expected = study.predict(data()[0]).values
    forgetful(study, monkeypatch)
    reference = networks(study)[0]
    for network in (make(5), {reference: make(5)}):
        again = fl.open(study.path, network=network)
        np.testing.assert_array_equal(again.predict(data()[0]).values, expected)
    with pytest.raises(fl.FalllineError, match="not run"):
        _ = fl.open(study.path).best.model  # what was said of one opening holds for no other


def test_a_reference_may_stand_for_its_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    study = fl.train(data(), network=lambda inputs, outputs: nn.Linear(inputs, outputs), **SHORT, out=tmp_path / "s")
    assert is_given(networks(study)[0])
    forgetful(study, monkeypatch)
    assert len(fl.open(study.path, network=f"{HERE}:linear").predict(data()[0])) == 80


def test_a_function_that_does_not_fit_is_refused(study: fl.Study):
    with pytest.raises(fl.FalllineError, match="is not the one that was trained") as caught:
        _ = fl.open(study.path, network=make(6)).best.model
    assert "0.weight (5, 4)" in caught.value.hints["expected"]
    assert "0.weight (6, 4)" in caught.value.hints["got"]


@pytest.mark.parametrize("network", [3, {"mine:net": small}, f"{HERE}:missing"])
def test_what_is_no_network_of_the_study_is_refused(study: fl.Study, network: object):
    with pytest.raises(fl.FalllineError, match=r"no function|no network of its own|has no missing"):
        fl.open(study.path, network=network)


def test_a_study_that_has_none_takes_none(tmp_path: Path):
    study = fl.train(data(), **SHORT, widths=(3,), out=tmp_path / "study")
    with pytest.raises(fl.FalllineError, match="no such network"):
        fl.open(study.path, network=small)


# --- which is which ---


def test_functions_that_capture_other_values_are_different_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    study = fl.compare(data(), network=[make(3), make(7)], seeds=1, **SHORT, out=tmp_path / "study")
    references = networks(study)
    assert study.ranking().height == len(references) == 2
    assert (study.path / "network.py").read_text().count("def build(") == 2
    sizes = {study.run(number).model[0].out_features for number in range(2)}
    assert sizes == {3, 7}
    forgetful(study, monkeypatch)
    with pytest.raises(fl.FalllineError, match="not clear which"):
        fl.open(study.path, network=make(3))
    again = fl.open(study.path, network=dict(zip(references, (make(3), make(7)), strict=True)))
    assert {again.run(number).model[0].out_features for number in range(2)} == {3, 7}


def test_the_ranking_calls_a_network_by_its_name_and_gives_it_no_layers(tmp_path: Path):
    space = {"network": [None, small, make(3)], "widths": [(4,), (8,)]}
    study = fl.compare(data(), **space, seeds=1, **SHORT, out=tmp_path / "study")
    fields = [dict(place.fields) for place in comparison_of(study).places]
    assert sorted(each.get("network", "") for each in fields) == ["", "", "build", f"{HERE}:small"]
    assert all(("widths" in each) == ("network" not in each) for each in fields)


def test_networks_of_one_name_are_told_apart_in_the_ranking(tmp_path: Path):
    study = fl.compare(data(), network=[make(3), make(7)], seeds=1, **SHORT, out=tmp_path / "s")
    shown = [dict(place.fields)["network"] for place in comparison_of(study).places]
    assert sorted(shown) == networks(study)


def test_two_lambdas_on_a_line_are_two_networks(tmp_path: Path):
    study = fl.compare(
        data(),
        network=[lambda i, o: nn.Linear(i, o), lambda i, o: nn.Sequential(nn.Linear(i, 2), nn.Linear(2, o))],
        seeds=1,
        **SHORT,
        out=tmp_path / "study",
    )
    assert study.ranking().height == 2


def test_a_function_that_is_written_again_as_it_was_is_the_same_network():
    one, other = make(4), make(4)
    assert reference_of(one) == reference_of(other) == reference_of(one)
    assert reference_of(make(9)) != reference_of(one)


# --- what is none ---


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (nn.Linear(4, 1), "a module, not a function that builds one"),
        (3, "it is no function"),
        (len, "fails when called"),
        (eval("lambda inputs, outputs: nn.Linear(inputs, outputs)", {"nn": nn}), "its source is nowhere"),
        (lambda inputs, outputs: 3, "does not return a network"),
    ],
)
@pytest.mark.parametrize("verb", [fl.train, fl.compare])
def test_what_cannot_be_a_network_is_refused_and_nothing_is_written(
    verb: Callable[..., Any], network: object, says: str, tmp_path: Path
):
    with pytest.raises(fl.FalllineError, match=says):
        verb(data(), network=network, **SHORT, out=tmp_path / "study")
    assert not list(tmp_path.iterdir())


# --- from start to end, in processes of their own ---

SCRIPT = """
    import sys
    import numpy as np
    from torch import nn
    import fallline as fl

    def my_network(inputs, outputs):
        print("called", file=sys.stderr)
        return nn.Sequential(nn.Linear(inputs, 3), nn.ReLU(), nn.Linear(3, outputs))

    x = np.random.default_rng(0).normal(size=(60, 3))
    study = fl.compare((x, x[:, 0]), network=my_network, learning_rate=[0.01, 0.1], epochs=2, seeds=1, out="study")
    print(study.best.recipe.network)
"""


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_function_of_a_script_is_kept_and_its_study_runs_nothing(tmp_path: Path):
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    trained = run("script.py", folder=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout.startswith("given.")
    assert "def my_network(inputs, outputs):" in (tmp_path / "study/network.py").read_text()
    pl.DataFrame({"x1": [0.0], "x2": [1.0], "x3": [2.0]}).write_csv(tmp_path / "rows.csv")
    predicted = run("-m", "fallline", "predict", "study", "rows.csv", folder=tmp_path)
    assert predicted.returncode == 2
    assert "called" not in predicted.stderr
    assert "fl.open('study', network=FUNCTION)" in predicted.stderr
    code = "import fallline as fl; study = fl.open('study'); print(len(study.predictions()), study.header.rerunnable)"
    opened = run("-c", code, folder=tmp_path)
    assert opened.stdout.split() == ["12", "False"], opened.stderr
