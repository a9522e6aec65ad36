"""`fl.train` and mistakes: each is an error in the house form, and nothing is written."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import fallline as fl

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(60, 2))
Y = X[:, 0] - 2 * X[:, 1]
FRAME = pl.DataFrame({"x1": X[:, 0], "x2": X[:, 1], "y": Y})


@pytest.mark.parametrize(
    "given",
    [
        {"target": "z"},
        {"target": None},
        {"target": 9},
        {"target": True},
        {"target": 1.0},
        {"target": ["y", None]},
        {"source": "no-such-set"},
        {"source": None},
        {"source": [X, Y]},
        {"source": (X, Y[:5]), "target": None},
        {"source": FRAME[:5]},
        {"task": "prophecy"},
        {"task": "multilabel"},
        {"weight": "w"},
        {"weight": 1},
        {"weight": "y"},
        {"metric": "accuracy"},
        {"loss": "cross_entropy"},
        {"loss": torch.nn.MSELoss()},
        {"optimizer": "adma"},
        {"optimizer": torch.optim.Adam},
        {"optimizer_options": {"lr": 0.1}},
        {"optimizer_options": {"weight_decay": -1}},
        {"optimizer_options": [0.9]},
        {"activation": "rellu"},
        {"schedule": "cosin"},
        {"normalization": "group"},
        {"normalization": "batch", "batch_size": 1},
        {"network": "package.module:function"},
        {"network": "torch.nn"},
        {"network": "torch.nn:Linear", "widths": (8,), "normalization": "layer"},
        {"target": ("y", "y")},
        {"target": ()},
        {"target": ("x1", "z")},
        {"target": ("x1", "y"), "task": "multilabel"},
        {"target": ("x1", "y"), "loss": "poisson_nll"},
        {"drop": ["x1", "x2"]},
        {"drop": ["z"]},
        {"drop": "x1"},
        {"drop": 1},
        {"only": None},
        {"drop": ["y"]},
        {"only": ["z"]},
        {"drop": ["x1"], "only": ["x1"]},
        {"categorical": ["x1"], "numeric": ["x1"]},
        {"ordered": {"x1": ["a", "b"]}},
        {"ordered": {"x1": ["a"]}},
        {"ordered": {"x1": "a,b"}},
        {"ordered": ["x1"]},
        {"ordered": {"x1": None}},
        {"header": True},
        {"delimiter": ";"},
        {"split_by": "time"},
        {"split_by": "time:z"},
        {"split_by": "group:y"},
        {"split_by": "stratified"},
        {"split_by": ("group", "x1")},
        {"delimiter": 59},
        {"test": "no-such-file.csv"},
        {"test": FRAME[["x1", "x2"]]},
        {"test": FRAME.clear()},
        {"loss": "quantile", "loss_options": {"quantile": 1.0}},
        {"loss_options": {"weight": (1.0, 2.0)}},
        {"optimizer": "lbfgs", "batch_size": 8},
        {"optimizer": "lbfgs", "dropout": 0.1},
        {"optimizer": "package.module:Class"},
        {"optimizer": "torch.optim:SparseAdam"},
        {"learning_rate": 0},
        {"learning_rate": -0.1},
        {"learning_rate": float("nan")},
        {"learning_rate": [0.1, 0.01]},
        {"epochs": 0},
        {"epochs": 2.5},
        {"epochs": True},
        {"batch_size": -1},
        {"patience": 0},
        {"widths": 64},
        {"widths": (0,)},
        {"widths": (8, -8)},
        {"dropout": 1},
        {"warmup": 1.5},
        {"clip_norm": 0},
        {"dtype": "float16"},
        {"seed": -1},
        {"seed": 2**32},
        {"split_seed": -1},
        {"split_seed": 1.5},
        {"split_seed": "a"},
        {"threads": 0},
        {"threads": 1025},
        {"threads": 1.5},
        {"keep": 0},
        {"keep": "many"},
        {"engine": "steam"},
        {"engine": None},
        {"out": __file__},
        {"out": Path(__file__).parent},
    ],
    ids=lambda given: ", ".join(f"{name} = {value!r:.40}" for name, value in given.items()),
)
def test_a_mistake_is_an_error_in_the_house_form_and_writes_nothing(tmp_path: Path, given: dict):
    here = set(Path(__file__).parent.iterdir())
    arguments = {"source": FRAME, "target": "y", "epochs": 1, "out": tmp_path / "study", **given}
    with pytest.raises(fl.FalllineError) as caught:
        fl.train(**arguments)
    assert str(caught.value).startswith(f"{caught.value.doing}: {caught.value.wrong}")
    assert not list(tmp_path.iterdir())
    assert set(Path(__file__).parent.iterdir()) == here


@pytest.mark.parametrize("target", [Y, pl.Series(Y), Y > 0, np.where(Y > 0, "yes", "no"), [1, 2] * 30], ids=type)
def test_values_given_as_the_target_are_pointed_to_where_they_belong(target: object, tmp_path: Path):
    with pytest.raises(fl.FalllineError, match=r"fl\.train\(\(X, y\)\)") as caught:
        fl.train(X, target, out=tmp_path / "study")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("given", [{"learning_rate": [0.1, 0.2]}, {"widths": [(8,), (4,)]}, {"optimizer": "sgd,adam"}])
def test_alternatives_are_pointed_to_compare(given: dict[str, object], tmp_path: Path):
    with pytest.raises(fl.FalllineError, match=r"fl\.compare"):
        fl.train(FRAME, "y", **given, out=tmp_path / "study")


def test_a_network_of_ones_own_goes_by_its_name_in_messages(tmp_path: Path):
    def net(inputs: int, outputs: int) -> torch.nn.Module:
        return torch.nn.Linear(inputs, outputs + 1)

    for network, name in ((net, "the network net:"), (lambda inputs, outputs: 3, "lambda inputs, outputs: …,")):
        with pytest.raises(fl.FalllineError) as caught:
            fl.train(FRAME, "y", network=network, check=False, out=tmp_path / "study")
        assert name in str(caught.value)
        assert "given." not in str(caught.value)
