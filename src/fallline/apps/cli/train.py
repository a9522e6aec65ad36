"""``fallline train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from fallline.apps.cli.console import Json, Quiet, errors, print_json, results
from fallline.apps.cli.flags import recipe_fields, with_recipe_flags
from fallline.apps.cli.options import (
    Categorical,
    Delimiter,
    Drop,
    EngineName,
    Header,
    Keep,
    Metric,
    NoCheck,
    Numeric,
    Only,
    Ordered,
    Out,
    Source,
    SplitBy,
    SplitSeed,
    Target,
    Task,
    Test,
    Threads,
    Weight,
    kept,
    listed,
    orders,
)
from fallline.core.errors import FalllineError, Interrupted

if TYPE_CHECKING:
    from fallline.study.record import Study

__all__ = ["train"]


@with_recipe_flags
def train(
    source: Source,
    *,
    target: Target = None,
    task: Task = None,
    weight: Weight = None,
    drop: Drop = None,
    only: Only = None,
    categorical: Categorical = None,
    numeric: Numeric = None,
    ordered: Ordered = None,
    header: Header = None,
    delimiter: Delimiter = None,
    split_by: SplitBy = None,
    test: Test = None,
    metric: Metric = None,
    split_seed: SplitSeed = 0,
    engine: EngineName = "auto",
    threads: Threads = None,
    no_check: NoCheck = False,
    out: Out = None,
    keep: Keep = "16",
    json: Json = False,
    quiet: Quiet = False,
    **given: Any,
) -> int:
    """Train a network on a table at each of 16 learning rates, and keep the best.

    The rows are split 60/20/20; each run stops early and goes back to its best epoch by the validation rows; the
    best run is scored once on the test rows, beside scikit-learn's baselines. All of it is written as a study.

    Examples: [bold]fallline train wine[/bold],
    [bold]fallline train heart.csv --target target --optimizer sgd --momentum 0.9[/bold]
    """
    from fallline import open as open_study
    from fallline.apps.cli.progress import ProgressBar
    from fallline.verbs.train import train as train_verb

    code = 0
    with ProgressBar(errors(), quiet=quiet) as progress:
        try:
            study = train_verb(
                source,
                target,
                task=task,  # pyright: ignore[reportArgumentType]  # checked there
                weight=weight,
                drop=listed(drop),
                only=listed(only),
                categorical=listed(categorical),
                numeric=listed(numeric),
                ordered=orders(ordered),
                header=header,
                delimiter=delimiter,
                split_by=split_by,
                test=test,
                metric=metric,
                split_seed=split_seed,
                engine=engine,
                threads=threads,
                check=not no_check,
                out=out,
                keep=kept(keep),
                observer=progress,
                **recipe_fields(given),
            )
        except Interrupted as stop:
            study, code = open_study(stop.study), 130
    try:
        _say(study, json=json, quiet=quiet)
    except KeyboardInterrupt:
        code = 130
    if code:
        errors().print(f"interrupted; the best so far is kept in {study.path}", markup=False, soft_wrap=True)
    if study.best is None:
        raise _diverged(study)
    return code


def _say(study: Study, *, json: bool, quiet: bool) -> None:
    """Write the report, and say what came out."""
    report = study.report()
    if json:
        print_json(study.to_dict())
    elif quiet:
        results().print(study.path, study.header.conclusion, sep="\n", soft_wrap=True, markup=False)
    else:
        show(study, report)


def show(study: Study, report: Path) -> None:
    """The study in the terminal: what was done to the data, the ladder, the scores, the conclusion."""
    from fallline.render.terminal import notes_list, summary, treatment_table
    from fallline.study.reporting import report_of

    console, shown = results(), report_of(study)
    console.print(treatment_table(shown))
    console.print(notes_list(study.header.notes))
    console.print()
    console.print(summary(shown))
    console.print(f"\nstudy   {escape(str(study.path))}\nreport  {escape(str(report))}", soft_wrap=True)


def _diverged(study: Study) -> FalllineError:
    rates = sorted(study.frame()["learning_rate"])
    return FalllineError(
        f"training {study.header.data.source}",
        "every run diverged before its first epoch ended",
        got=f"learning rates {rates[0]:g} … {rates[-1]:g}; the study is kept in {study.path}",
        likely="the learning rate is too high for this optimizer and loss",
        do="leave --learning-rate out: a ladder of 16 is tried"
        if len(rates) == 1
        else f"--learning-rate {rates[0] / 100:.2g}, or --clip-norm 1",
    )
