"""The learning rate that `compare` picks, beside torch-lr-finder's and that of Lightning's Tuner.

A table of 2,000 rows, 20 numbers and 3 classes, a network 20-64-64-3, by SGD and by Adam. Each tool is asked for a rate
with ten seeds. What counts is the outcome: networks are trained at that rate from seeds that no tool has seen, and
their validation loss after the last epoch is put over that at the best rate of a fine ladder.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import make_classification
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import fallline as fl
from benchmarks._scaling import peak_gflops
from fallline.catalogue.resolution import resolved
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.data.dataset import Dataset
from fallline.data.prepare import prepare
from fallline.data.table import read
from fallline.engines.chooser import ENGINES
from fallline.engines.protocol import Epoch

SEEDS = range(10)
FRESH = range(1000, 1008)  # seeds of the networks that a rate is judged by
LADDER = fl.log_range(1e-5, 10, 73)  # twelve rates to the decade
EPOCHS = (5, 30)
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
BATCH = 32
LOST = float("inf")  # the loss of a run that diverged


@dataclass(frozen=True)
class Pick:
    """A rate that a tool picked, and what comes of it."""

    optimizer: str
    epochs: int
    tool: str
    seed: int
    rate: float | None
    seconds: float
    loss: float
    best: float
    best_rate: float

    @property
    def ratio(self) -> float:
        return self.loss / self.best


def table() -> tuple[np.ndarray, np.ndarray]:
    return make_classification(
        n_samples=2000, n_features=20, n_informative=10, n_redundant=4, n_classes=3, class_sep=1.0, random_state=0
    )


def network(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))


def loader(data: Dataset, seed: int) -> DataLoader:
    rows = TensorDataset(data.train.inputs, data.train.targets)
    return DataLoader(rows, batch_size=BATCH, shuffle=True, generator=torch.Generator().manual_seed(seed))


# --- the tools -----------------------------------------------------------------------------------------------


def ours(seeds: int, metric: str | None) -> Callable[[Dataset, str, int, int], float | None]:
    """``fl.compare`` over the optimizer's own ladder of 16 rates, each trained to the end from ``seeds`` seeds."""

    def pick(_: Dataset, optimizer: str, seed: int, epochs: int) -> float | None:
        with tempfile.TemporaryDirectory() as folder:
            study = fl.compare(
                table(),
                optimizer=optimizer,
                widths=[64, 64],
                batch_size=BATCH,
                epochs=epochs,
                patience=epochs,
                seeds=range(10 * seed, 10 * seed + seeds),
                metric=metric,
                out=f"{folder}/study",
            )
            return None if study.header.best is None else study.header.best.recipe.learning_rate

    return pick


def torch_lr_finder(data: Dataset, optimizer: str, seed: int, _: int) -> float | None:
    """Its range test of 100 steps up to a rate of 10, and the rate of the steepest gradient, as it suggests."""
    import matplotlib as mpl
    from torch_lr_finder import LRFinder

    mpl.use("Agg")
    from matplotlib import pyplot

    model = network(seed)
    finder = LRFinder(model, OPTIMIZERS[optimizer](model.parameters(), lr=1e-7), nn.CrossEntropyLoss(), device="cpu")
    figure, axes = pyplot.subplots()
    try:
        finder.range_test(loader(data, seed), end_lr=10, num_iter=100)
        _, rate = finder.plot(ax=axes, suggest_lr=True)
    finally:
        pyplot.close(figure)
    return None if rate is None else float(rate)


def lightning(data: Dataset, optimizer: str, seed: int, _: int) -> float | None:
    """``Tuner.lr_find`` as it comes: 100 steps from 1e-8 to 1."""
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.tuner import Tuner

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.lr = network(seed), 1e-3

        def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
            return nn.functional.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return OPTIMIZERS[optimizer](self.parameters(), lr=self.lr)

    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            max_epochs=10,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
        )
        found = Tuner(trainer).lr_find(Module(), train_dataloaders=loader(data, seed))
    return None if found is None else found.suggestion()


TOOLS: dict[str, Callable[[Dataset, str, int, int], float | None]] = {
    "fallline": ours(1, None),
    "fallline, 4 seeds": ours(4, None),
    "fallline, 4 seeds, by log loss": ours(4, "log_loss"),
    "torch-lr-finder": torch_lr_finder,
    "lightning": lightning,
}


# --- the outcome ---------------------------------------------------------------------------------------------


def losses(data: Dataset, optimizer: str, epochs: int, rates: list[float]) -> list[float]:
    """For each rate the validation loss after the last epoch, the mean over the fresh seeds."""
    recipe = Recipe(
        widths=(64, 64), loss="cross_entropy", optimizer=optimizer, batch_size=BATCH, epochs=epochs, patience=epochs
    )
    recipe = resolved(recipe, data.target, rows=len(data.train))
    recipes = [recipe.replace(learning_rate=rate, seed=seed) for rate in rates for seed in FRESH]
    training = ENGINES["auto"].start(Population(tuple(recipes)), data)
    training.advance(Epoch(epochs))
    last = [run.validation_losses[-1] if run.steps and run.validation_losses else LOST for run in training.trained()]
    whole = [len(run.validation_losses) == epochs for run in training.trained()]
    ended = [loss if done and np.isfinite(loss) else LOST for loss, done in zip(last, whole, strict=True)]
    return [statistics.fmean(ended[first : first + len(FRESH)]) for first in range(0, len(ended), len(FRESH))]


def picked(data: Dataset, optimizer: str, epochs: int, seeds: range) -> list[Pick]:
    rates: list[tuple[str, int, float | None, float]] = []
    for seed in seeds:
        for name, tool in TOOLS.items():
            began = time.perf_counter()
            with quiet():
                rate = tool(data, optimizer, seed, epochs)
            rates.append((name, seed, rate, time.perf_counter() - began))
    distinct = sorted({rate for _, _, rate, _ in rates if rate is not None} | set(LADDER))
    loss = dict(zip(distinct, losses(data, optimizer, epochs, distinct), strict=True))
    best = min(LADDER, key=lambda rate: loss[rate])
    return [
        Pick(optimizer, epochs, name, seed, rate, seconds, LOST if rate is None else loss[rate], loss[best], best)
        for name, seed, rate, seconds in rates
    ]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The finders print, log and warn."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def lines(picks: list[Pick]) -> Iterator[str]:
    first = picks[0]
    yield ""
    yield (
        f"{first.optimizer}, {first.epochs} epochs: the best of {len(LADDER)} rates is {first.best_rate:g}, "
        f"with a loss of {first.best:.4f}"
    )
    yield f"{'':<32}rates picked            loss there  ratio to the best (least-most)   seconds"
    for tool in TOOLS:
        own = [pick for pick in picks if pick.tool == tool]
        rates = [pick.rate for pick in own if pick.rate is not None]
        ratios = [pick.ratio for pick in own]
        spread = f"{min(rates):.2g} - {max(rates):.2g}" if rates else "none"
        yield (
            f"{tool:<32}{spread:<24}{statistics.median(pick.loss for pick in own):>10.4f}  "
            f"{statistics.median(ratios):>6.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
            f"{'':<6}{statistics.median(pick.seconds for pick in own):>10.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything there as well")
    parser.add_argument("--quick", action="store_true", help="two seeds, 5 epochs")
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = prepare(read(table()), target=None).dataset
    versions = {name: version(name) for name in ("torch", "torch-lr-finder", "lightning")}
    about = ", ".join(f"{name} {number}" for name, number in versions.items())
    load, peak = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"), peak_gflops(2) or float("nan")
    print(
        f"{about}; load {load:.1f}, FMA peak {peak:,.0f} GFLOP/s; 20-64-64-3, batch {BATCH}, {len(data.train):,} rows",
        flush=True,
    )
    picks: list[Pick] = []
    for epochs in EPOCHS[:1] if given.quick else EPOCHS:
        for optimizer in OPTIMIZERS:
            picks += (own := picked(data, optimizer, epochs, range(2) if given.quick else SEEDS))
            print(*lines(own), sep="\n", flush=True)
    if given.json:
        plain = [{**asdict(pick), "ratio": pick.ratio} for pick in picks]
        shown = {"versions": versions, "load": load, "fma_peak_gflops": peak, "picks": plain}
        given.json.write_text(json.dumps(shown, indent=1) + "\n")


if __name__ == "__main__":
    main()
