"""A network of one's own is checked before it is trained, and trained as if it had not been."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import fallline as fl
from fallline.core.errors import RecipeError
from fallline.study.events import Stage

NETWORKS = """
import random

import numpy as np
import torch
from torch import nn


def healthy(inputs, outputs):
    first = nn.Linear(inputs, 8)
    nn.init.constant_(first.bias, np.random.rand() * random.random())
    return nn.Sequential(first, nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, outputs))


def softmaxed(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, outputs), nn.Softmax(dim=1))


def sunk(inputs, outputs):
    layers = [part for _ in range(12) for part in (nn.Linear(16, 16), nn.Sigmoid())]
    return nn.Sequential(nn.Linear(inputs, 16), *layers, nn.Linear(16, outputs))


def straight(inputs, outputs):
    return nn.Linear(inputs, outputs)


class Hidden(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = [nn.Linear(inputs, 8)]
        self.last = nn.Linear(8, outputs)

    def forward(self, x):
        return self.last(self.layers[0](x).relu())


class Raising(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.last = nn.Linear(inputs, outputs)

    def forward(self, x):
        if self.training:
            return self.last(x.T)
        return self.last(x)
"""


@pytest.fixture(autouse=True)
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("networks_to_check.py").write_text(NETWORKS)
    yield
    sys.modules.pop("networks_to_check", None)


def trained(name: str, **options) -> fl.Study:
    settings = {"epochs": 3, "learning_rate": 0.01, "engine": "loop", **options}
    return fl.train("iris", network=f"networks_to_check:{name}", **settings)


def test_what_is_wired_wrong_stops_the_job_and_nothing_is_written():
    with pytest.raises(RecipeError, match=r"the softmax is taken twice \(FL301") as caught:
        trained("softmaxed")
    assert caught.value.hints["do"].startswith("remove network[3]; to train it as it is: --no-check")
    assert caught.value.hints["got"] is None  # the line is none of the user's
    assert not Path("studies").exists()


def test_a_comparison_is_stopped_as_well():
    with pytest.raises(RecipeError, match="FL301"):
        fl.compare("iris", network="networks_to_check:softmaxed", optimizer="adam", seeds=1, epochs=2)


def test_a_function_is_called_by_its_name():
    def doubled(inputs: int, outputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(inputs, outputs), nn.Softmax(dim=1))

    with pytest.raises(RecipeError, match="checking the network doubled with the loss cross_entropy"):
        fl.compare("iris", network=[None, doubled], optimizer="adam", seeds=1, epochs=2)


def test_the_users_own_line_is_said():
    with pytest.raises(RecipeError, match="FL703") as caught:
        trained("Hidden")
    assert "networks_to_check.py:" in caught.value.hints["got"]
    assert caught.value.hints["got"].endswith("self.layers = [nn.Linear(inputs, 8)]")


def test_what_raises_in_training_is_explained():
    with pytest.raises(RecipeError, match="checking the network networks_to_check:Raising") as caught:
        trained("Raising")
    assert "RuntimeError: mat1 and mat2" in caught.value.hints["got"]


def test_it_can_be_trained_as_it_is():
    assert trained("softmaxed", check=False).best is not None


def test_a_last_layer_that_cannot_reach_the_targets_is_to_be_left_out():
    with pytest.raises(RecipeError, match="FL309") as caught:
        fl.train("diabetes", network="networks_to_check:softmaxed", epochs=2, learning_rate=0.01)
    assert caught.value.hints["do"].startswith("end the network in its linear layer;")


def test_what_is_doubtful_is_noted_once():
    study = trained("sunk", learning_rate=None)
    assert [note.split(" in the network")[0] for note in study.header.notes if "FL" in note] == ["FL912 vanishing"]
    notes = fl.compare(
        "iris", network="networks_to_check:sunk", optimizer=["sgd", "adam"], learning_rate=0.01, seeds=2, epochs=2
    ).header.notes
    assert len([note for note in notes if "FL912" in note]) == 1


def seeded() -> None:
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)


def states() -> tuple:
    return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()


@pytest.mark.parametrize("job", ["train", "compare"])
def test_the_study_is_the_same_bit_for_bit_with_and_without(job: str):
    studies = []
    for check in (True, False):
        seeded()
        made = (
            trained("healthy", check=check)
            if job == "train"
            else fl.compare(
                "iris",
                network="networks_to_check:healthy",
                optimizer="adam",
                learning_rate=0.01,
                seeds=2,
                epochs=3,
                check=check,
            )
        )
        studies.append((made, states()))
    (one, after), (other, after_other) = studies
    assert after[1:] == after_other[1:]
    assert job == "compare" or after == after_other  # a comparison draws as many torch numbers as it has time for
    assert one.header.notes == other.header.notes
    mine, theirs = (load_file(study.path / "models.safetensors") for study in (one, other))
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert (one.path / "curves.parquet").read_bytes() == (other.path / "curves.parquet").read_bytes()
    results = [study.frame().drop("seconds", strict=False) for study in (one, other)]
    assert results[0].equals(results[1])


@pytest.mark.parametrize(
    ("source", "loss"),
    [
        ("iris", "cross_entropy"),
        ("iris", "nll"),
        ("iris", "focal"),
        ("iris", "multi_margin"),
        ("iris", "kl_div"),
        ("cancer", "bce_with_logits"),
        ("cancer", "bce"),
        ("cancer", "soft_margin"),
        ("diabetes", "mse"),
        ("diabetes", "huber"),
        ("diabetes", "gaussian_nll"),
    ],
)
@pytest.mark.parametrize("network", ["healthy", "straight"])
def test_a_healthy_network_is_silent_with_every_kind_of_loss(source: str, loss: str, network: str):
    study = fl.train(source, network=f"networks_to_check:{network}", loss=loss, epochs=1, learning_rate=0.01)
    assert not [note for note in study.header.notes if "FL" in note]


def test_the_stage_is_told_only_where_there_is_such_a_network():
    stages: list[str] = []
    trained("straight", observer=lambda event: stages.append(event.text) if isinstance(event, Stage) else None)
    assert "checking the network networks_to_check:straight" in stages
    fl.train(
        "iris", epochs=1, learning_rate=0.1, observer=lambda e: stages.append(e.name) if isinstance(e, Stage) else None
    )
    assert "checking" not in stages
