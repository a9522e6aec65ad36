"""A study as the plain data that `fallline.render` draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl

from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.core.task import Task
from fallline.render.comparison_page import html_comparison, html_comparison_summary
from fallline.render.document import html_report, html_summary
from fallline.render.names import metric_name
from fallline.render.number import short
from fallline.render.report import Report, RunLine, TargetRows
from fallline.study.comparison_reporting import comparison_of, mean_curve
from fallline.study.record import Study

__all__ = ["comparison_of", "html", "report_of", "summary_html"]


def html(study: Study) -> str:
    """The study's report, one self-contained page."""
    if study.header.comparison is None:
        return html_report(report_of(study))
    return html_comparison(report_of(study), comparison_of(study))


def summary_html(study: Study) -> str:
    """The study in a notebook cell."""
    if study.header.comparison is None:
        return html_summary(report_of(study))
    return html_comparison_summary(report_of(study), comparison_of(study))


def report_of(study: Study) -> Report:
    """All that a report shows; of a comparison its runs are those of the chosen recipe, at each learning rate."""
    header, target = study.header, study.schema.target
    classes = target.classes if target.task.classifies else ()
    ids = {label: number for number, label in enumerate(classes)}
    predictions = study.predictions()
    truth, predicted = (
        tuple(float(ids[value]) if classes else float(value) for value in predictions[name])
        if name in predictions.columns
        else ()
        for name in ("truth", "prediction")
    )
    chosen = (("network", header.test),) if header.best else ()
    return Report(
        title=f"{Path(header.data.source).name}: {header.data.target}",
        conclusion=header.conclusion,
        facts=_facts(study),
        metrics=header.metrics,
        scores=(*chosen, *header.baselines.items()),
        loss=header.loss,
        runs=_runs(study),
        best=header.best.run if header.best else None,
        classes=tuple(str(label) for label in classes),
        truth=truth,
        prediction=predicted,
        target=header.data.target,
        recipe=_recipe(study),
        treatment=tuple({name: str(value) for name, value in row.items()} for row in study.schema.treatment()),
        notes=header.notes,
        versions=", ".join(f"{name} {number}" for name, number in header.versions.items()),
        several=_several(study),
    )


def _several(study: Study) -> tuple[TargetRows, ...]:
    """The test rows of each target, where there are several that are numbers and a run was chosen."""
    frame, columns = study.predictions(), study.schema.target.columns
    if study.header.task is not Task.regression or study.header.best is None:
        return ()
    return tuple(
        TargetRows(name, truth=tuple(frame[f"truth of {name}"]), prediction=tuple(frame[f"prediction of {name}"]))
        for name in columns
    )


def _facts(study: Study) -> tuple[tuple[str, str], ...]:
    header = study.header
    outcomes = ", ".join(f"{count} {outcome.value}" for outcome, count in header.outcomes.items())
    split = header.split
    how = f"seed {split.seed}" if split.by is None else f"{split.by}, seed {split.seed}"
    rows = f"{split.train:,} training, {split.validation:,} validation"
    if split.folds is not None:
        rows = f"{split.train + split.validation:,} in {split.folds:,} folds"
    return (
        ("data", header.data.source),
        ("task", f"{header.task.value} ({study.schema.target.reason})"),
        ("rows", f"{rows}, {split.test:,} test ({how})"),
        ("loss", header.loss),
        ("runs", f"{header.runs} ({outcomes})"),
        ("chosen by", f"{metric_name(header.metric)} on the validation rows"),
        ("engine", header.engine),
        ("time", f"{header.seconds:.1f} s" + (", interrupted" if header.interrupted else "")),
    )


def _recipe(study: Study) -> tuple[tuple[str, str], ...]:
    if study.header.best is None:
        return ()
    return tuple(
        (name, _value(value)) for name, value in study.header.best.recipe.to_dict().items() if value is not None
    )


def _value(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{name} = {_value(item)}" for name, item in value.items()) or "-"
        case list():
            return ", ".join(map(str, value)) or "none"
        case float():
            return short(value)
        case _:
            return str(value)


def _runs(study: Study) -> tuple[RunLine, ...]:
    """The runs; those of one recipe and seed on several folds as one, their mean."""
    curves = {number: frame for (number,), frame in study.curves().partition_by("run", as_dict=True).items()}
    rows, folds = list(_ladder(study).iter_rows(named=True)), study.header.split.folds or 1
    return tuple(_line(rows[start : start + folds], curves) for start in range(0, len(rows), folds))


def _line(rows: Sequence[Mapping[str, Any]], curves: Mapping[Any, pl.DataFrame]) -> RunLine:
    losses = [row["validation_loss"] for row in rows]
    outcome = Counter(row["outcome"] for row in rows).most_common(1)[0][0]
    known = [curves[row["run"]] for row in rows if row["run"] in curves]  # what diverged at once has no curve
    training, validation = (
        mean_curve([tuple(curve[name]) for curve in known]) if known else ()
        for name in ("training_loss", "validation_loss")
    )
    return RunLine(
        run=rows[0]["run"],
        learning_rate=rows[0]["learning_rate"],
        outcome=outcome,
        message=Outcome(outcome).message,
        epochs=max(row["epochs"] for row in rows),
        best_epoch=round(fmean(row["best_epoch"] for row in rows)),
        validation_loss=None if None in losses else fmean(losses),
        training=training,
        validation=validation,
    )


def _ladder(study: Study) -> pl.DataFrame:
    """The runs that differ from the chosen one in the learning rate alone; of a training all."""
    frame, best = study.frame(), study.header.best
    if study.header.comparison is None or best is None:
        return frame
    alike = [Recipe.from_json(text).replace(learning_rate=1.0) for text in frame["recipe"]]
    chosen = best.recipe.replace(learning_rate=1.0)
    return frame.filter(pl.Series([recipe == chosen for recipe in alike]))
