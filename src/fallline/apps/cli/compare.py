"""``fallline compare``."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from fallline.apps.cli.console import Json, Quiet, errors, print_json, results
from fallline.apps.cli.flags import space_fields, with_space_flags
from fallline.apps.cli.options import (
    Categorical,
    Delimiter,
    Drop,
    EngineName,
    Header,
    Keep,
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
from fallline.catalogue.card import Kind
from fallline.catalogue.registry import flags
from fallline.core.errors import ArgumentError, FalllineError, Interrupted
from fallline.core.recipe import Recipe

if TYPE_CHECKING:
    from fallline.study.record import Study

__all__ = ["compare"]

_BUDGET = (
    "Time to train: 60s, 10m, 2h. Recipes that do not fit are left out, evenly over the space. [dim]\\[default: two "
    "minutes where nothing of a recipe is given, else as long as it takes][/dim]"
)
_FOLDS = (
    "Train every recipe and seed so many times, each time with another part of the rows held out, and answer with the "
    "mean of those models. [dim]\\[default: one set of validation rows][/dim]"
)
_METRIC = (
    "What recipes are ranked by on the validation rows. [dim]\\[default: by task rmse, roc_auc, balanced_accuracy or "
    "poisson_deviance][/dim]"
)
_SPACE = "A TOML file of alternatives: optimizer = ['sgd', 'adam'], learning_rate = '1e-4:1:16log', …; flags go first."


@with_space_flags
def compare(
    source: Source,
    *,
    target: Target = None,
    seeds: Annotated[int, typer.Option(help="Every recipe is trained from so many seeds.", min=1)] = 4,
    folds: Annotated[int | None, typer.Option(help=_FOLDS, show_default=False, min=2)] = None,
    sample: Annotated[
        int | None,
        typer.Option(help="Draw so many recipes of the space. [dim]\\[default: all][/dim]", show_default=False, min=1),
    ] = None,
    halving: Annotated[
        bool,
        typer.Option(
            "--halving",
            help="Drop the weaker two thirds, by the first seed, at a ninth and again at a third of the epochs; "
            "the others get all seeds.",
        ),
    ] = False,
    budget: Annotated[str | None, typer.Option(help=_BUDGET, show_default=False)] = None,
    space: Annotated[Path | None, typer.Option(help=_SPACE, show_default=False)] = None,
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
    metric: Annotated[str | None, typer.Option(help=_METRIC, show_default=False)] = None,
    split_seed: SplitSeed = 0,
    dtype: Annotated[str | None, typer.Option(help="float32 or float64.", show_default=False)] = None,
    engine: EngineName = "auto",
    threads: Threads = None,
    no_check: NoCheck = False,
    out: Out = None,
    keep: Keep = "16",
    timings: Annotated[bool, typer.Option("--timings", help="Say how long each part took.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    **given: Any,
) -> int:
    """Train every recipe of a space from several seeds, all at once, and rank them.

    Every field of a recipe takes alternatives: names and numbers separated by commas, ranges (1e-4:1:16log), layers by
    commas and networks by slashes (32/64,64). Without any, four optimizers at 16 learning rates are compared, with two
    networks and two activations. The best 50 are compared with the first one, pair by pair: what cannot be told from
    it is said.

    Examples: [bold]fallline compare wine[/bold],
    [bold]fallline compare heart.csv --target target --optimizer sgd,adam --lr 1e-4:1:16log --momentum 0,0.9[/bold]
    """
    from fallline import open as open_study
    from fallline.apps.cli.progress import ProgressBar
    from fallline.verbs.compare import compare as compare_verb

    fields = _merged({} if space is None else _read(space), space_fields(given))
    code = 0
    with ProgressBar(errors(), quiet=quiet) as progress:
        try:
            study = compare_verb(
                source,
                target,
                seeds=seeds,
                folds=folds,
                sample=sample,
                halving=halving,
                budget=budget,
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
                dtype=dtype,  # pyright: ignore[reportArgumentType]  # checked there
                engine=engine,
                threads=threads,
                check=not no_check,
                out=out,
                keep=kept(keep),
                observer=progress,
                **fields,
            )
        except Interrupted as stop:
            study, code = open_study(stop.study), 130
    try:
        _say(study, said=progress.said, json=json, quiet=quiet, timings=timings)
    except KeyboardInterrupt:
        code = 130
    if code:
        errors().print(f"interrupted; what was reached is ranked in {study.path}", markup=False, soft_wrap=True)
    if study.best is None:
        raise _diverged(study)
    return code


def _say(study: Study, *, said: Collection[str], json: bool, quiet: bool, timings: bool) -> None:
    """Write the report, and say what came out, and what has not been said yet of the data."""
    from fallline.render.comparison_terminal import comparison_summary, timings_table
    from fallline.render.terminal import notes_list
    from fallline.study.reporting import comparison_of, report_of

    report, comparison = study.report(), comparison_of(study)
    if json:
        print_json(study.to_dict())
    elif quiet:
        results().print(study.path, study.header.conclusion, sep="\n", soft_wrap=True, markup=False)
    else:
        console = results()
        notes = [note for note in study.header.notes if note not in said]
        if notes:
            console.print(notes_list(notes))
            console.print()
        console.print(comparison_summary(report_of(study), comparison))
        console.print(f"\nstudy   {escape(str(study.path))}\nreport  {escape(str(report))}", soft_wrap=True)
    if timings:
        errors().print(timings_table(comparison))


def _read(path: Path) -> Mapping[str, Any]:
    """The alternatives in a TOML file."""
    doing = f"reading the space {path}"
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgumentError(doing, (error.strerror or str(error)).lower(), do="--space FILE.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(doing, f"it is not valid TOML: {error}") from None
    for name in fields:
        if name not in Recipe.model_fields or name in ("seed", "dtype"):
            expected = ", ".join(field for field in Recipe.model_fields if field not in ("seed", "dtype"))
            wrong = f"a recipe has no alternatives for {name!r}"
            raise ArgumentError(doing, wrong, expected=f"some of {expected}", do=_place_of(name))
    return fields


def _place_of(name: str) -> str | None:
    """Where in a space file, or beside it, something goes that is no field of a recipe."""
    if name in ("seed", "seeds"):
        return "--seeds 4"
    kinds: tuple[Kind, ...] = ("optimizer", "loss", "schedule", "activation")
    for kind in kinds:
        if any(option.name == name for owners in flags(kind).values() for _, option in owners):
            return f"write it below [{kind}_options]"
    return "--dtype float64" if name == "dtype" else None


def _merged(fields: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """What a file and the flags say: flags go first, among options each for itself."""
    both = {
        name: {**options, **flags[name]}
        for name, options in fields.items()
        if name.endswith("_options") and name in flags and isinstance(options, Mapping)
    }
    return {**fields, **flags, **both}


def _diverged(study: Study) -> FalllineError:
    rates = sorted(study.frame()["learning_rate"])
    some = "every run diverged" if study.header.split.folds is None else "every recipe diverged on some fold"
    return FalllineError(
        f"comparing on {study.header.data.source}",
        f"{some} before its first epoch ended",
        got=f"learning rates {rates[0]:g} … {rates[-1]:g}; the study is kept in {study.path}",
        likely="the learning rates are too high for these optimizers and losses",
        do=f"--learning-rate {rates[0] / 1000:.2g}:{rates[0]:.2g}:8log, or --clip-norm 1",
    )
