"""The peers' searches: Optuna over a plain PyTorch loop, and scikit-learn's random search over its own network."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import Tensor, nn
from torch.nn import functional

from benchmarks._searched import ACTIVATIONS, OPTIMIZERS, RATES, WIDTHS, Question
from benchmarks._searchers import Log, rising
from fallline.catalogue.readout import read_outputs
from fallline.core.task import Task
from fallline.engines.loop import feed
from fallline.engines.protocol import Rows
from fallline.study.metrics import Guess
from fallline.study.readings import guess_of
from fallline.study.rescoring import scored
from fallline.study.results import arrays

__all__ = ["optuna_search", "sklearn_search"]

HOPELESS = 1e9  # how bad a run is that had no finite loss after any epoch

TORCHS = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}
FUNCTIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}

Told = Callable[[int, float], None]


def optuna_search(question: Question, trials: int, *, pruning: bool) -> Log:
    """TPE over the plain loop, one trial after the other, on one thread.

    More threads make neither faster: torch's wait for each other on networks of this size, Optuna's for Python.
    """
    import optuna  # an environment without it can still run the other sides

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    torch.set_num_threads(1)
    data, recipe, sign = question.data, question.recipe, question.sign
    train, validation = feed(recipe, data, data.train), feed(recipe, data, data.validation)
    found: list[tuple[float, float]] = []

    def objective(trial: optuna.Trial) -> float:
        loop = PlainLoop(
            question,
            optimizer=trial.suggest_categorical("optimizer", OPTIMIZERS),
            widths=WIDTHS[trial.suggest_categorical("widths", range(len(WIDTHS)))],
            activation=trial.suggest_categorical("activation", ACTIVATIONS),
            rate=trial.suggest_float("learning_rate", *RATES, log=True),
        )

        def told(epoch: int, loss: float) -> None:
            trial.report(-sign * loss, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        outputs = loop.best_outputs(train, validation, told if pruning else None)
        score = -sign * HOPELESS if outputs is None else score_of(question, outputs)
        found.append((time.perf_counter() - began, score))
        return score

    study = optuna.create_study(
        direction="maximize" if sign > 0 else "minimize",
        sampler=optuna.samplers.TPESampler(seed=question.split_seed),
        pruner=optuna.pruners.MedianPruner() if pruning else optuna.pruners.NopPruner(),
    )
    began = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    return Log(trials, rising(found, sign), time.perf_counter() - began)


@dataclass(frozen=True)
class PlainLoop:
    """The loop of the tutorials, which starts and shuffles as Fallline's run of seed 0 does."""

    question: Question
    optimizer: str
    widths: tuple[int, ...]
    activation: str
    rate: float

    def best_outputs(self, train: Rows, validation: Rows, told: Told | None) -> Tensor | None:
        """What the network says of the validation rows after the epoch of its lowest loss there."""
        recipe = self.question.recipe
        criterion = functional.mse_loss if recipe.loss == "mse" else functional.cross_entropy
        torch.manual_seed(0)
        x, y = train.inputs, train.targets
        model = self._model(x.shape[1])
        optimizer = TORCHS[self.optimizer](model.parameters(), lr=self.rate)
        g = torch.Generator().manual_seed(0)
        lowest, kept = float("inf"), None
        for epoch in range(recipe.epochs):
            for batch in torch.randperm(len(x), generator=g).split(recipe.batch_size):
                optimizer.zero_grad()
                criterion(model(x[batch]), y[batch]).backward()
                optimizer.step()
            with torch.no_grad():
                outputs = model(validation.inputs)
                loss = criterion(outputs, validation.targets).item()
            if not np.isfinite(loss):
                break
            if loss < lowest:
                lowest, kept = loss, outputs
            if told is not None:
                told(epoch, loss)
        return kept

    def _model(self, inputs: int) -> nn.Sequential:
        target = self.question.data.target
        sizes = (inputs, *self.widths, 1 if target.task is Task.regression else len(target.classes))
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), FUNCTIONS[self.activation]()]
        return nn.Sequential(*layers[:-1])


def score_of(question: Question, outputs: Tensor) -> float:
    """The ranking metric on the validation rows, as Fallline reads a network's outputs."""
    guess = guess_of(read_outputs(question.recipe, question.data.target, outputs))
    value = float(scored(question.scorer, question.metric, arrays(question.data.validation)[0], guess))
    return value if np.isfinite(value) else -question.sign * HOPELESS


def sklearn_search(question: Question, candidates: int) -> Log:
    """`RandomizedSearchCV` over the MLP, with a process on each core; it has two of the four optimizers.

    The processes are started before the clock. Its scorer tells the time as well: when each candidate was known.
    """
    os.environ["PYTHONWARNINGS"] = "ignore"  # of the processes: no run ends early, so none has "converged"
    data = question.data
    inputs = torch.cat((data.train.inputs, data.validation.inputs)).numpy()
    targets = np.concatenate((arrays(data.train)[0], arrays(data.validation)[0]))
    if data.target.task is Task.regression:
        targets = (targets - data.target.mean[0]) / data.target.scale[0]
    folds = np.repeat((-1, 0), (len(data.train), len(data.validation)))

    def search(count: int) -> RandomizedSearchCV:
        return RandomizedSearchCV(
            _network(question),
            _space(),
            n_iter=count,
            scoring=partial(_told, question),
            cv=PredefinedSplit(folds),
            refit=False,
            n_jobs=_cores(),
            random_state=question.split_seed,
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search(_cores()).fit(inputs, targets)
        began = time.time()
        results = search(candidates).fit(inputs, targets).cv_results_
        seconds = time.time() - began
    pairs = zip(results["mean_test_at"] - began, results["mean_test_score"], strict=True)
    return Log(candidates, rising(((at, score) for at, score in pairs if np.isfinite(score)), question.sign), seconds)


def _space() -> dict[str, Any]:
    from scipy.stats import loguniform

    return {
        "hidden_layer_sizes": list(WIDTHS),
        "activation": list(ACTIVATIONS),
        "solver": ["sgd", "adam"],
        "learning_rate_init": loguniform(*RATES),
    }


def _network(question: Question) -> BaseEstimator:
    recipe = question.recipe
    build = MLPRegressor if recipe.loss == "mse" else MLPClassifier
    return build(
        batch_size=recipe.batch_size,
        max_iter=recipe.epochs,
        n_iter_no_change=recipe.epochs + 1,
        tol=0.0,
        alpha=0.0,
        momentum=0.0,
        random_state=0,
    )


def _told(question: Question, model: Any, inputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The ranking metric, and when it was known."""
    target = question.data.target
    if target.task is Task.regression:
        mean, scale = target.mean[0], target.scale[0]
        truth, guess = targets * scale + mean, Guess(model.predict(inputs) * scale + mean)
    else:
        truth, likely = targets, np.zeros((len(targets), len(target.classes)))
        likely[:, model.classes_] = model.predict_proba(inputs)
        guess = Guess(likely.argmax(axis=1), likely, probability=True)
    return {"score": float(scored(question.scorer, question.metric, truth, guess)), "at": time.time()}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
