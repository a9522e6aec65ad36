"""study.toml: what was trained on what, and how it came out."""

from __future__ import annotations

import tomllib
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError

from fallline.core.errors import FalllineError, StudyError
from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.study.metrics import METRICS, Scores

__all__ = ["FORMAT", "BestRun", "ComparisonTable", "Header", "Source", "SplitSizes", "ToleranceTable"]

FORMAT = 1
"""The newest study format that this version reads; also the one it writes."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True)


class Source(_Table):
    """Where the data came from, and the hash that tells whether they are still the same."""

    source: str
    hash: str
    test: str | None = None
    """Where the test rows came from, if not from there."""
    test_hash: str | None = None
    target: str
    weight: str | None = None


class SplitSizes(_Table):
    """How the rows were split: by what, with which seed, and the rows on each side."""

    by: str | None = None
    """``random``, ``stratified``, ``time:COLUMN`` or ``group:COLUMN``; None in studies that do not say it."""
    seed: int
    folds: int | None = None
    """Into how many folds all rows but the test rows were cut; None: into none."""
    train: int
    """With folds those of a fold, on average."""
    validation: int
    """With folds those of a fold, on average: with ``train`` all rows but the test rows."""
    test: int


class BestRun(_Table):
    """The chosen run: the one with the best validation score; with folds the runs, one on each."""

    run: int
    """Its number; with folds the first of them."""
    runs: tuple[int, ...] = ()
    """With folds the numbers of all of them: the answer is the mean of what they predict."""
    epoch: int
    """That whose parameters are kept; with folds the mean over them, rounded."""
    validation_loss: float
    """The lowest; with folds the mean over them."""
    outcome: Outcome
    """With folds that of most of them."""
    recipe: Recipe


class ToleranceTable(_Table):
    """How far an optimizer's learning rate may be off."""

    decades: float | None = None
    """Powers of ten of learning rates within 1.1 times its lowest validation loss."""
    low: float
    high: float
    best: float


class ComparisonTable(_Table):
    """What was compared, and what came of it beside the best run; the ranking itself is ``ranking.parquet``."""

    metric: str
    """What recipes are ranked by on the validation rows, the mean over their seeds."""
    recipes: int
    seeds: int
    kept: int | None = None
    """Recipes that halving left, which alone have all seeds; None: it dropped none."""
    mean: float | None = None
    """The best recipe's."""
    low: float | None = None
    """The lower end of its 95 % interval over seeds and validation rows."""
    high: float | None = None
    compared: int
    """Recipes, the best included, that were compared with the best."""
    level: int
    """Of those the ones that are not distinguishable from the best, itself included."""
    model_steps_per_second: float
    """Runs × steps ÷ seconds of training, with validation and without reading and writing."""
    engines: dict[str, int]
    """Engine → runs that it trained."""
    plan: tuple[tuple[str, str], ...]
    """What was planned: name and text."""
    tolerance: dict[str, ToleranceTable] = {}
    timings: dict[str, float] = {}
    """Seconds of each part of the job."""


class Header(_Table):
    """The content of study.toml."""

    format: int = FORMAT
    name: str
    created: str
    versions: dict[str, str]
    task: Task
    loss: str
    metric: str
    """What the best run was chosen by, on the validation rows: ``validation_loss`` or a metric."""
    ranking: str
    """The metric that models are compared by on the test rows."""
    engine: str
    seconds: float
    interrupted: bool
    rerunnable: bool = True
    """Whether its recipes can be trained again from what they say: not where a network was a function of a notebook."""
    conclusion: str
    notes: tuple[str, ...]
    leaks: tuple[str, ...] = ()
    """Columns of which each alone tells a target, which makes every score suspect."""
    data: Source
    files: dict[str, str]
    """The study's other files, each with the hash of its content."""
    split: SplitSizes
    runs: int
    outcomes: dict[Outcome, int]
    best: BestRun | None = None
    test: Scores = {}
    baselines: dict[str, Scores] = {}
    comparison: ComparisonTable | None = None
    """Of a study that ``compare`` made."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of ``test`` and ``baselines``, in the order of tables."""
        names = METRICS[self.task]
        return names if self.ranking in names else (*names, self.ranking)

    def _complete(self) -> Header:
        """With the scores that are None, which TOML has left out."""

        def full(scores: Scores) -> Scores:
            return {name: scores.get(name) for name in self.metrics}

        baselines = {model: full(scores) for model, scores in self.baselines.items()}
        return self.model_copy(update={"test": full(self.test) if self.best else {}, "baselines": baselines})

    def to_toml(self) -> str:
        """The header as TOML; what is None is left out, as TOML has no null."""
        return tomli_w.dumps(_without_none(self.model_dump(mode="json")))

    @classmethod
    def from_toml(cls, text: str, *, path: str) -> Header:
        """The header that `to_toml` gave.

        Raises:
            StudyError: It is damaged, or from a newer version.
        """
        doing = f"opening the study {path}"
        try:
            content = tomllib.loads(text)
            if isinstance(content.get("format"), int) and content["format"] > FORMAT:
                raise StudyError(
                    doing,
                    "it was written by a newer version of Fallline",
                    expected=f"format {FORMAT} or older",
                    got=f"format = {content['format']}",
                    do="pip install --upgrade fallline",
                )
            return cls.model_validate(content)._complete()
        except StudyError:
            raise
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            got = f"{place}: {first['msg'].lower()}, one of {error.error_count()} mistakes"
        except (tomllib.TOMLDecodeError, FalllineError) as error:
            got = str(error).splitlines()[0]
        raise StudyError(doing, "its study.toml is damaged", got=got, do="restore it from a copy, or train again")


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    return value
