"""A job's results as the files of a study."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import fmean
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from fallline.data.prepare import Prepared
from fallline.data.table import Table
from fallline.render.names import metric_name
from fallline.study.choice import Choice
from fallline.study.compared import Compared, ranking_frame
from fallline.study.conclusion import conclusion
from fallline.study.folder import Draft
from fallline.study.header import BestRun, Header, Source, SplitSizes
from fallline.study.job import Job
from fallline.study.labels import labelled, prediction_frame
from fallline.study.metrics import Scores
from fallline.study.own_networks import NETWORKS, given_references, network_notes, network_source
from fallline.study.results import Results

__all__ = ["Finished", "write"]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A job that has ended.

    Args:
        job: What it was asked for.
        table: What it read.
        test: The test set it was given, if any.
        prepared: What it made of that.
        choice: What came out, and which of it is chosen.
        baselines: Test scores of what a network has to beat.
        engine: Name of the engine.
        interrupted: Whether Ctrl-C ended the training.
        notes: What was said beside what was done to the table.
        compared: What a comparison adds.
    """

    job: Job
    table: Table
    test: Table | None = None
    prepared: Prepared
    choice: Choice
    baselines: dict[str, Scores]
    engine: str
    interrupted: bool
    notes: tuple[str, ...] = ()
    compared: Compared | None = None


def write(finished: Finished, draft: Draft, *, seconds: Callable[[], float]) -> None:
    """Write all files of the study, and put it into place.

    Args:
        finished: The job.
        draft: The folder.
        seconds: How long the job has taken; asked last, so that it counts the writing too.
    """
    choice, results = finished.choice, finished.choice.results
    source = network_source(results.population)
    if source is not None:
        draft.write(NETWORKS, source.encode())
    draft.write("data.json", finished.prepared.schema.to_json().encode())
    draft.write_frame("results.parquet", _results_frame(results))
    draft.write_frame("curves.parquet", _curves_frame(results))
    draft.write_frame("predictions.parquet", _predictions_frame(choice))
    draft.write_tensors("models.safetensors", _kept(choice, finished.job.keep))
    if finished.compared is not None:
        draft.write_frame("ranking.parquet", ranking_frame(finished.compared.places, results))
    draft.publish(_header(finished, draft, seconds()).to_toml())


def _results_frame(results: Results) -> pl.DataFrame:
    def line(run: int) -> dict[str, Any]:
        recipe, trained = results.population[run], results.trained[run]
        return {
            "run": run,
            "loss": recipe.loss,
            "optimizer": recipe.optimizer,
            "learning_rate": recipe.learning_rate,
            "seed": recipe.seed,
            **({"fold": results.fold(run)} if results.folds else {}),
            "outcome": trained.outcome.value,
            "epochs": len(trained.validation_losses),
            "steps": trained.steps,
            "best_epoch": trained.best_epoch,
            "kept_epoch": results.models[run].epoch if run in results.models else 0,
            "validation_loss": trained.best_loss,
            **{f"validation_{name}": value for name, value in results.scores(run).items()},
            "recipe": recipe.key,
        }

    lines = [line(run) for run in range(len(results.population))]
    floats = {name: pl.Float64 for name in lines[0] if name.startswith("validation_")}
    return pl.DataFrame(lines, schema_overrides=floats, infer_schema_length=None)


def _curves_frame(results: Results) -> pl.DataFrame:
    lengths = [len(run.validation_losses) for run in results.trained]
    return pl.DataFrame(
        {
            "run": np.repeat(np.arange(len(lengths)), lengths),
            "epoch": np.concatenate([np.arange(1, length + 1) for length in lengths]),
            "training_loss": np.concatenate([run.training_losses for run in results.trained]),
            "validation_loss": np.concatenate([run.validation_losses for run in results.trained]),
            "learning_rate": np.concatenate([run.learning_rates for run in results.trained]),
        }
    )


def _predictions_frame(choice: Choice) -> pl.DataFrame:
    split, target = choice.results.data.test, choice.results.data.target
    truth = pl.DataFrame({"row": split.rows.numpy(), **labelled(target, split.targets, name="truth")})
    if choice.answer is None:
        return truth.clear()
    return truth.hstack(prediction_frame(target, choice.answer))


def _kept(choice: Choice, keep: int | None) -> dict[str, Tensor]:
    """The parameters of the best ``keep`` models; with folds of all runs of each."""
    results = choice.results
    runs = None if keep is None else keep * len(results.held_out)
    return {
        f"{run}/{name}": value
        for run in choice.ranking[:runs]
        for name, value in results.models[run].parameters.items()
    }


def _header(finished: Finished, draft: Draft, seconds: float) -> Header:
    choice, table, schema = finished.choice, finished.table, finished.prepared.schema
    results, data = choice.results, choice.results.data
    header = Header(
        name=draft.name,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        versions={"fallline": version("fallline"), "torch": torch.__version__, "python": platform.python_version()},
        task=data.target.task,
        loss=results.population[choice.best or 0].loss,
        metric=choice.metric,
        ranking=results.scorer.ranking,
        engine=finished.engine,
        seconds=round(seconds, 3),
        interrupted=finished.interrupted,
        rerunnable=not given_references(results.population),
        conclusion="",
        notes=(*finished.prepared.notes, *network_notes(results.population), *finished.notes, *_last_kept(choice)),
        leaks=finished.prepared.leaks,
        data=Source(
            source=table.source,
            hash=table.hash,
            test=None if finished.test is None else finished.test.source,
            test_hash=None if finished.test is None else finished.test.hash,
            target=data.target.name,
            weight=schema.weight,
        ),
        files=draft.hashes,
        split=_split(finished),
        runs=len(results.population),
        outcomes=dict(Counter(run.outcome for run in results.trained)),
        best=_best(choice),
        test=choice.test,
        baselines=finished.baselines,
        comparison=finished.compared.table() if finished.compared else None,
    )
    return header.model_copy(update={"conclusion": conclusion(header)})


def _last_kept(choice: Choice) -> tuple[str, ...]:
    """What is said where the chosen model is not that of the lowest validation loss."""
    results = choice.results
    later = [run for run in choice.chosen if results.models[run].epoch != results.trained[run].best_epoch]
    if not later:
        return ()
    metric, run = metric_name(choice.metric), later[0]
    if results.folds:
        which = f"Of {len(later):,} of the {len(choice.chosen):,} chosen runs the last epoch is kept"
        return (f"{which}: their {metric} is higher there than at their lowest validation loss.",)
    which = f"Of the chosen run the last epoch is kept, {results.models[run].epoch:,}"
    lowest = f"its lowest validation loss, after epoch {results.trained[run].best_epoch:,}"
    return (f"{which}: its {metric} is higher there than at {lowest}.",)


def _split(finished: Finished) -> SplitSizes:
    data, many = finished.prepared.dataset, len(finished.prepared.folds)
    held_out = round(len(data.train) / many) if many else len(data.validation)
    return SplitSizes(
        by=finished.prepared.split_by,
        seed=int(finished.job.split_seed),
        folds=many or None,
        train=len(data.train) - held_out if many else len(data.train),
        validation=held_out,
        test=len(data.test),
    )


def _best(choice: Choice) -> BestRun | None:
    if choice.best is None:
        return None
    runs = [choice.results.trained[run] for run in choice.chosen]
    losses = [run.best_loss for run in runs if run.best_loss is not None]  # all: only such runs are ranked
    return BestRun(
        run=choice.best,
        runs=choice.chosen if choice.results.folds else (),
        epoch=round(fmean(choice.results.models[run].epoch for run in choice.chosen)),
        validation_loss=fmean(losses),
        outcome=Counter(run.outcome for run in runs).most_common(1)[0][0],
        recipe=choice.results.population[choice.best],
    )
