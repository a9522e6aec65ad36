"""``fl.train``: a feedforward network for a table, at the best of a ladder of learning rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fallline.core.recipe import OptionValue, Recipe
from fallline.study.events import JobObserver, unobserved
from fallline.study.folder import folder_named
from fallline.study.job import Columns, Job
from fallline.study.own_networks import named
from fallline.study.plan import task_named
from fallline.study.record import Study
from fallline.study.training import train as train_job

__all__ = ["train"]


def train(
    source: Any,
    target: str | int | Sequence[str | int] | None = None,
    *,
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
    network: str | Callable[..., Any] | None = None,
    widths: Sequence[int] | None = None,
    activation: str | None = None,
    activation_options: Mapping[str, OptionValue] | None = None,
    dropout: float | None = None,
    normalization: str | None = None,
    initialization: str | None = None,
    loss: str | None = None,
    loss_options: Mapping[str, OptionValue] | None = None,
    optimizer: str | None = None,
    learning_rate: float | None = None,
    optimizer_options: Mapping[str, OptionValue] | None = None,
    schedule: str | None = None,
    schedule_options: Mapping[str, OptionValue] | None = None,
    warmup: float | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    dtype: Literal["float32", "float64"] | None = None,
    seed: int | None = None,
    split_seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    check: bool = True,
    out: str | Path | None = None,
    keep: int | None = 16,
    observer: JobObserver | None = None,
) -> Study:
    """Train a feedforward network on a table, at each of 16 learning rates, and keep the best.

    The rows are split 60/20/20; the columns are encoded by what the training rows show; the runs share their
    initial weights and batches and differ in the learning rate alone. Each stops early and goes back to its
    best epoch by the validation rows; the best run by those is scored once on the test rows, beside
    scikit-learn's baselines. The whole is written as a study folder.

    Args:
        source: A table's path (delimited text, Parquet, Arrow, JSON lines, also compressed), a pandas or polars
            DataFrame, arrays ``(X, y)``, or the name of a built-in set ("wine", "moons", …).
        target: Name or 1-based position (-1: the last) of the column to predict, or several: numbers, or labels
            that are 0 or 1; None for a built-in set.
        task: What kind of question it is; None: inferred from the target, and said.
        weight: Name or 1-based position of a column of row weights.
        drop: Columns not to learn from.
        only: The only columns to learn from; empty: all.
        categorical: Columns to be taken as categories, though they hold numbers.
        numeric: Columns to be taken as numbers, though they hold few of them.
        ordered: Categories in their order, by column: such a column becomes one number.
        header: Whether the first line of a delimited file holds names; None: found out, and said.
        delimiter: What separates its fields; None: found out.
        split_by: ``"time:COLUMN"``: the latest rows are test rows; ``"group:COLUMN"``: no group is in two parts;
            None: at random, classes in proportion.
        test: Test rows of their own, like ``source``; None: a fifth of the rows.
        metric: What the best run is chosen by on the validation rows; None: the validation loss. By ``accuracy`` and
            ``balanced_accuracy`` a run's last epoch is kept if it scores higher than that of the lowest loss.
        network: ``function(inputs, outputs)`` that builds the network, or where it can be imported from, as
            ``module:function``. The source of a function that cannot be imported again (of a notebook, a script or
            another function) is kept in the study, which is then not rerunnable.
        widths: Units of each hidden layer; None: (128, 32).
        activation: The function between the layers; None: relu.
        activation_options: Its options, by torch's names.
        dropout: Share of hidden units left out at each training step; None: 0.
        normalization: Normalization after each hidden layer; None: none.
        initialization: How the weights are drawn; None: torch's default.
        loss: What training makes small; None: by task (mse, bce_with_logits, cross_entropy, poisson_nll).
        loss_options: Its options, by torch's names.
        optimizer: The rule that moves the weights; None: adamw, with a ``weight_decay`` of 200 over the training rows,
            at most 1, as few rows need small weights.
        learning_rate: Its step size; None: a ladder of 16 that suit the optimizer.
        optimizer_options: Its options, by torch's names (``betas`` as ``beta1`` and ``beta2``); one that is left out
            of an optimizer that you name is the catalogue's.
        schedule: How the learning rate changes over the steps; None: constant.
        schedule_options: Its options, by torch's names.
        warmup: Share of all steps over which the learning rate rises linearly; None: 0.
        clip_norm: Scale the gradient down to at most this norm before each step.
        clip_value: Clip each coordinate of the gradient to at most this size before each step.
        batch_size: Rows in a training step; None: a power of two near a fiftieth of the training rows, 32 to 1,024.
        epochs: Passes over the training rows, at most; None: about 3,000 steps, at most 200 epochs.
        patience: Stop after this many epochs without a lower validation loss; None: a tenth of ``epochs``,
            at least 10. As many as ``epochs``: never.
        dtype: The precision of all arithmetic; None: float32.
        seed: Fixes initial weights, batch order and dropout; None: 0.
        split_seed: Fixes which rows are training, validation and test rows.
        engine: What trains: ``"native"``, ``"loop"``, or ``"auto"``, for each run the fastest that can.
        threads: Threads to train on; None: one per processor for ``native``, 1 for ``loop``.
        check: Whether a network of your own is checked first: what is wired wrong stops the job, what is doubtful is
            noted in the study.
        out: The study's folder, new or empty; None: ``studies/NAME-TIMESTAMP``.
        keep: How many of the best models to keep in the study; None: all.
        observer: Called with a `Stage` as the job goes on, and a `Progress` at each run's epochs.

    Returns:
        The study, with ``.best.model``, ``.predict(rows)``, ``.frame()``, ``.curves()``, ``.report()``.

    Raises:
        FalllineError: Something that was asked for is wrong; nothing was written.
        Interrupted: Ctrl-C; the best so far is kept as a study.

    Example:
        >>> import fallline as fl
        >>> study = fl.train("iris", epochs=20, out="iris-study")
        >>> study.header.task.value, len(study.frame())
        ('multiclass', 16)
    """
    given = {name: value for name, value in locals().items() if name in Recipe.model_fields and value is not None}
    given |= {"network": named(network)} if network is not None else {}
    return train_job(
        Job(
            source=source,
            target=target,
            recipe=given,
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
        observer or unobserved,
    )
