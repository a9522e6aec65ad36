"""What the tests of studies share: a small table with a column of every kind, and a short way to train on it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fallline.core.recipe import Recipe
from fallline.study.events import Event, JobObserver
from fallline.study.job import Job
from fallline.study.record import Study
from fallline.study.training import train as train_job

ROWS = 150
FEATURES = ["size", "age", "colour", "ripe"]
FILES = {
    "study.toml",
    "data.json",
    "results.parquet",
    "curves.parquet",
    "predictions.parquet",
    "models.safetensors",
}


def table(*columns: str) -> pl.DataFrame:
    """150 rows of four features, with missing values, and those of ``columns``.

    They are ``weight``, and targets for each task: ``price`` and ``rent``, ``visits``, ``sold`` and ``let``, ``kind``.
    """
    generator = np.random.default_rng(7)
    size, age = generator.normal(10, 3, ROWS), generator.integers(1, 60, ROWS)
    colour = generator.choice(["red", "green", "blue"], ROWS)
    ripe = generator.random(ROWS) < 0.4
    signal = (size - 10) / 3 + (colour == "red") - ripe + generator.normal(0, 0.4, ROWS)
    everything = pl.DataFrame(
        {
            "size": size,
            "age": age,
            "colour": colour,
            "ripe": ripe,
            "weight": generator.uniform(0.2, 3, ROWS),
            "price": 1000 + 200 * signal,
            "visits": generator.poisson(np.exp(np.clip(signal, None, 2) + 1)),
            "sold": signal > 0,
            "kind": np.array(["Ada", "Bob", "Cyd"])[np.digitize(signal, [-0.6, 0.8])],
            "rent": 5 - signal / 4 + age / 30,
            "let": age + generator.normal(0, 10, ROWS) > 35,
        }
    ).with_row_index()
    missing = pl.col("index") % 11 == 0
    return everything.select(pl.when(~missing).then("size"), "age", pl.when(~missing).then("colour"), "ripe", *columns)


def named(target: str | tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a target."""
    return (target,) if isinstance(target, str) else target


def columns_of(study: Study) -> tuple[str, ...]:
    """The target columns of a study."""
    target = study.schema.target
    return target.columns or (target.name,)


def titled(study: Study, name: str) -> list[str]:
    """The columns in which a study's tables hold the ``truth`` or the ``prediction``."""
    several = study.schema.target.columns
    return [f"{name} of {column}" for column in several] if several else [name]


def train(
    source: Any, target: Any = None, *, out: Path | None, observer: JobObserver | None = None, **given: Any
) -> Study:
    """Run a job; what is ``given`` is of the job, or a field of the recipe."""
    own = {field.name for field in fields(Job)}
    recipe = {name: value for name, value in given.items() if name not in own}
    assert set(recipe) <= set(Recipe.model_fields)
    job = Job(
        source=source,
        target=target,
        out=out,
        recipe=recipe,
        **{name: value for name, value in given.items() if name in own},
    )
    return train_job(job, observer or _nothing)


def _nothing(event: Event) -> None: ...


def snapshot(folder: Path) -> dict[str, bytes | Path | None]:
    """All that is below a folder: relative path → content, target of a link, or None for a folder."""

    def content(path: Path) -> bytes | Path | None:
        if path.is_symlink():
            return path.readlink()
        return None if path.is_dir() else path.read_bytes()

    return {str(path.relative_to(folder)): content(path) for path in folder.rglob("*")}
