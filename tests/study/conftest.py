"""Fixtures: a small study of every kind, ladders, and a study in which every run diverged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fallline.core.task import Task
from fallline.study.record import Study
from tests.study.jobs import named, table, train

SHORT: dict[str, Any] = {"epochs": 3, "widths": (8,), "learning_rate": 0.02}
KINDS: dict[str, dict[str, Any]] = {
    "regression": {"target": "price"},
    "regression with a deviation": {"target": "price", "loss": "gaussian_nll"},
    "regression with weights": {"target": "price", "weight": "weight", "loss": "huber"},
    "counts": {"target": "visits", "task": Task.counts},
    "binary": {"target": "sold"},
    "binary by softmax": {"target": "sold", "loss": "cross_entropy", "dtype": "float64"},
    "multiclass": {"target": "kind"},
    "multiclass with weights": {"target": "kind", "weight": "weight", "dropout": 0.2},
    "two numbers": {"target": ("price", "rent"), "weight": "weight"},
    "two numbers with deviations": {"target": ("price", "rent"), "loss": "gaussian_nll"},
    "labels": {"target": ("sold", "let")},
    "labels by margins": {"target": ("sold", "let"), "loss": "multilabel_margin"},
    "a quantile": {"target": "price", "loss": "quantile", "loss_options": {"quantile": 0.9}},
    "classes by margins": {"target": "kind", "loss": "multi_margin", "weight": "weight"},
    "yes or no by distance": {"target": "sold", "loss": "hinge_embedding"},
}


@pytest.fixture(scope="session")
def study_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Study]:
    """The study of a kind, trained when it is first asked for."""
    made: dict[str, Study] = {}

    def study(kind: str) -> Study:
        if kind not in made:
            given = KINDS[kind]
            weight = [given["weight"]] if "weight" in given else []
            made[kind] = train(
                table(*named(given["target"]), *weight),
                **given,
                **SHORT,
                out=tmp_path_factory.mktemp("studies") / "study",
            )
        return made[kind]

    return study


@pytest.fixture(params=KINDS)
def study(request: pytest.FixtureRequest, study_of: Callable[[str], Study]) -> Study:
    """A small study of each kind, of one run; to be read only."""
    return study_of(request.param)


@pytest.fixture(scope="session")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A ladder of 16 learning rates, all of whose models were kept; to be read only."""
    return train("iris", epochs=3, keep=None, out=tmp_path_factory.mktemp("ladders") / "ladder")


@pytest.fixture(scope="session")
def steep(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A ladder whose highest rungs diverged, some of them after an epoch; to be read only."""
    return train(
        table("price"),
        "price",
        epochs=4,
        optimizer="sgd",
        optimizer_options={"momentum": 0.9},
        out=tmp_path_factory.mktemp("ladders") / "steep",
    )


@pytest.fixture(scope="session")
def hopeless(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study whose only run diverged in its first epoch; to be read only."""
    return train(
        table("kind"), "kind", epochs=3, learning_rate=1e30, out=tmp_path_factory.mktemp("studies") / "hopeless"
    )


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Study], Path]:
    """Copy a study, so that it can be damaged."""

    def copy(study: Study) -> Path:
        folder = tmp_path / "copy"
        folder.mkdir()
        for path in study.path.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        return folder

    return copy
