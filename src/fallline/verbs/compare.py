"""``fl.compare``: a space of recipes on one table, trained at once and ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fallline.core.recipe import Recipe
from fallline.core.times import seconds_of
from fallline.study.comparing import compare as compare_job
from fallline.study.contest import Contest, seeds_of
from fallline.study.events import JobObserver, unobserved
from fallline.study.folder import folder_named
from fallline.study.job import Columns, Job
from fallline.study.own_networks import named
from fallline.study.plan import task_named
from fallline.study.record import Study
from fallline.study.space import DEFAULT, Space

__all__ = ["compare"]

_SEEDS = 4


def compare(
    source: Any,
    target: str | int | Sequence[str | int] | None = None,
    *,
    seeds: int | Iterable[int] = _SEEDS,
    folds: int | None = None,
    sample: int | None = None,
    halving: bool = False,
    budget: float | str | None = None,
    task: Literal["regression", "binary", "multiclass", "multilabel", "counts"] | None = None,
    weight: str | int | None = None,
    drop: Sequence[str] = (),
    only: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    ordered: Mapping[str, Sequence[str]] | None = None,
    header: bool | None = None,
    delimiter: str | None = None,
    split_by: str | None = None,
    test: Any = None,
    metric: str | None = None,
    network: Any = None,
    widths: Any = None,
    activation: Any = None,
    activation_options: Mapping[str, Any] | None = None,
    dropout: Any = None,
    normalization: Any = None,
    initialization: Any = None,
    loss: Any = None,
    loss_options: Mapping[str, Any] | None = None,
    optimizer: Any = None,
    learning_rate: Any = None,
    optimizer_options: Mapping[str, Any] | None = None,
    schedule: Any = None,
    schedule_options: Mapping[str, Any] | None = None,
    warmup: Any = None,
    clip_norm: Any = None,
    clip_value: Any = None,
    batch_size: Any = None,
    epochs: Any = None,
    patience: Any = None,
    dtype: Literal["float32", "float64"] | None = None,
    split_seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    check: bool = True,
    out: str | Path | None = None,
    keep: int | None = 16,
    observer: JobObserver | None = None,
) -> Study:
    """Train every recipe of a space from several seeds, all at once, and rank them.

    Each field of a recipe may be one value, alternatives (a list, an array, a set, …), or a range (`log_range`, or its
    text ``"1e-4:1:16log"``); every alternative goes with every other. What an optimizer lacks is ignored for it.
    Recipes are ranked by the task's metric on the validation rows, the mean over the seeds; the best 50 are compared
    with the first one, pair by pair. The chosen run, the best recipe's best seed, is scored once on the test rows,
    beside scikit-learn's baselines. Where nothing of a recipe is given, sgd, adam, adamw and rmsprop are compared, each
    at 16 learning rates, with two networks and two activations.

    Args:
        source: A table, as `train` takes it.
        target: The column to predict, or several.
        seeds: How many seeds, from 0 on, or which; every recipe is trained from each.
        folds: Cut all rows but the test rows into so many folds, and train each recipe and seed once for each, with
            that fold as its validation rows; ranked by the mean over them. The answer is then the mean of what the
            chosen recipe's models, one for each fold, predict at its best seed. None: one set of validation rows.
        sample: Draw so many recipes of the space (Sobol); None: all.
        halving: Drop the weaker two thirds of the recipes, by their first seed, at a ninth and again at a third of the
            epochs; those that are left get the other seeds.
        budget: Time to train, in seconds or as ``"60s"``, ``"10m"``, ``"2h"``; recipes that do not fit are left out,
            evenly over the space. None: all are trained; where nothing of a recipe is given, as many as fit two
            minutes.
        task: What kind of question it is; None: inferred, and said.
        weight: Name or 1-based position of a column of row weights.
        drop: Columns not to learn from.
        only: The only columns to learn from; empty: all.
        categorical: Columns to be taken as categories, though they hold numbers.
        numeric: Columns to be taken as numbers, though they hold few of them.
        ordered: Categories in their order, by column.
        header: Whether the first line of a delimited file holds names; None: found out.
        delimiter: What separates its fields; None: found out.
        split_by: ``"time:COLUMN"``, which does not go with ``folds``, or ``"group:COLUMN"``; None: at random, classes
            in proportion.
        test: Test rows of their own; None: a fifth of the rows.
        metric: What ranks; None: by task RMSE, ROC AUC, balanced accuracy or Poisson deviance. Where accuracy or
            balanced accuracy does, a run's last epoch is kept if it scores higher than that of the lowest loss.
        network: ``function(inputs, outputs)`` that builds the network, or where it can be imported from, as
            ``module:function``; of several alternatives None is the built-in feedforward network, which alone the
            fields below then speak of. The source of a function that cannot be imported again is kept in the study.
        widths: Units of each hidden layer; several networks: a list of lists.
        activation: Functions between the layers.
        activation_options: Their options: name → value or alternatives.
        dropout: Shares of hidden units left out at each training step.
        normalization: Normalizations after each hidden layer.
        initialization: How the weights are drawn.
        loss: What training makes small.
        loss_options: Its options: name → value or alternatives.
        optimizer: The rules that move the weights.
        learning_rate: Step sizes; None: each optimizer's own ladder of 16.
        optimizer_options: Their options: name → value or alternatives.
        schedule: How the learning rate changes over the steps.
        schedule_options: Its options: name → value or alternatives.
        warmup: Shares of all steps over which the learning rate rises linearly.
        clip_norm: Norms to scale the gradient down to.
        clip_value: Sizes to clip each coordinate of the gradient to.
        batch_size: Rows in a training step.
        epochs: Passes over the training rows, at most.
        patience: Epochs without a lower validation loss after which a run stops.
        dtype: The precision of all arithmetic.
        split_seed: Fixes which rows are training, validation and test rows.
        engine: What trains, as in `train`.
        threads: Threads to train on.
        check: Whether a network of your own is checked first: what is wired wrong stops the job, what is doubtful is
            noted in the study.
        out: The study's folder, new or empty; None: ``studies/NAME-TIMESTAMP``.
        keep: How many of the best models to keep, with ``folds`` each with those of all folds; None: all.
        observer: Called with a `Stage` as the job goes on, `Planned` when it is planned, `Progress` at runs' epochs.

    Returns:
        The study, with ``.ranking()`` beside all that `train` gives.

    Raises:
        FalllineError: Something that was asked for is wrong; nothing was written.
        Interrupted: Ctrl-C; what was reached is ranked and kept as a study.

    Example:
        >>> import fallline as fl
        >>> study = fl.compare("iris", optimizer=["sgd", "adam"], learning_rate=[0.01, 0.1], seeds=2, epochs=20)
        >>> study.ranking().height, study.header.runs
        (4, 8)
    """
    given = {name: value for name, value in locals().items() if name in Recipe.model_fields and value is not None}
    given |= {"network": named(network)} if network is not None else {}
    return compare_job(
        Contest(
            job=Job(
                source=source,
                target=target,
                recipe={},
                task=None if task is None else task_named(task),
                weight=weight,
                columns=Columns(drop=drop, only=only, categorical=categorical, numeric=numeric, ordered=ordered or {}),
                header=header,
                delimiter=delimiter,
                split_by=split_by,
                test=test,
                metric=metric,
                split_seed=split_seed,
                engine=engine,
                threads=threads,
                check=check,
                out=folder_named(out),
                keep=keep,
            ),
            space=Space.of(given) if given else DEFAULT,
            seeds=seeds_of(seeds),
            folds=folds,
            sample=sample,
            halving=halving,
            budget=None if budget is None else seconds_of(budget, doing="reading the budget"),
            default=not given,
        ),
        observer or unobserved,
    )
