"""`engines/loop` against the bare hand-written loop: what keeping track of a run costs. The bar is a ratio of 1.15.

Both sides train the same network from the same seed on the same batches, look at the loss of every step and validate
after every epoch. They take turns epoch by epoch, so that whatever else the machine does meets both alike; the time is
the process's own (one thread, so on an idle machine it is the time that passes).
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from fallline.catalogue.resolution import resolved
from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task
from fallline.data.dataset import Dataset, Split
from fallline.engines.loop import Loop
from fallline.engines.protocol import Epoch, Progress

BAR = 1.15
REPEATS = 7
EPOCHS = 10
STEPS = 32  # in an epoch
BARE: dict[str, Callable[..., torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


@dataclass(frozen=True)
class Setting:
    """What both sides train."""

    sizes: tuple[int, ...]
    batch: int
    optimizer: str
    rate: float

    @property
    def task(self) -> Task:
        return Task.regression if self.sizes[-1] == 1 else Task.binary

    @property
    def rows(self) -> int:
        return self.batch * STEPS

    @property
    def target(self) -> Target:
        classes = () if self.task is Task.regression else (False, True)
        return Target(name="y", task=self.task, reason="it is made so", classes=classes)

    @property
    def recipe(self) -> Recipe:
        recipe = Recipe(
            widths=self.sizes[1:-1],
            loss="mse" if self.task is Task.regression else "cross_entropy",
            optimizer=self.optimizer,
            learning_rate=self.rate,
            batch_size=self.batch,
            epochs=EPOCHS,
        )
        return resolved(recipe, self.target, rows=self.rows)


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    network: str
    batch: int
    optimizer: str
    bare_steps_per_second: float
    loop_steps_per_second: float
    ratio: float
    lowest: float
    highest: float
    bare_loss: float
    loop_loss: float
    equal: bool


SETTINGS = [
    Setting(sizes, batch, optimizer, rate)
    for sizes, batch in (((5, 5, 5, 1), 32), ((13, 64, 64, 1), 32), ((30, 128, 128, 2), 256))
    for optimizer, rate in (("sgd", 0.05), ("adam", 1e-3))
]


def dataset(setting: Setting) -> Dataset:
    """Made rows: as many as fill an epoch's batches, and a third of that to validate on."""
    g = torch.Generator().manual_seed(0)

    def split(count: int) -> Split:
        inputs = torch.randn(count, setting.sizes[0], generator=g)
        signal = inputs[:, 0] * inputs[:, 1] - inputs[:, 2]
        targets = signal.double() if setting.task is Task.regression else (signal > 0).long()
        return Split(inputs, targets, None, torch.arange(count))

    features = tuple(f"x{place}" for place in range(setting.sizes[0]))
    return Dataset(split(setting.rows), split(setting.rows // 3), split(0), setting.target, features)


def bare(setting: Setting, data: Dataset) -> Iterator[tuple[float, float]]:
    """The hand-written loop; yields the training and validation loss of each epoch."""
    regression = setting.task is Task.regression

    def as_targets(split: Split) -> Tensor:
        return split.targets.float().unsqueeze(1) if regression else split.targets

    x, y = data.train.inputs, as_targets(data.train)
    x_validation, y_validation = data.validation.inputs, as_targets(data.validation)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers: list[nn.Module] = []
        for inputs, outputs in zip(setting.sizes, setting.sizes[1:], strict=False):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
    criterion = nn.MSELoss() if regression else nn.CrossEntropyLoss()
    optimizer = BARE[setting.optimizer](model.parameters(), lr=setting.rate)
    g = torch.Generator().manual_seed(0)
    for _ in range(EPOCHS):
        model.train()
        losses = []
        for batch in torch.randperm(len(x), generator=g).split(setting.batch):
            optimizer.zero_grad()
            loss = criterion(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            validation = criterion(model(x_validation), y_validation).item()
        yield sum(losses) / len(losses), validation


def ours(setting: Setting, data: Dataset) -> Iterator[tuple[float, float]]:
    """The engine; yields the training and validation loss of each epoch."""
    training = Loop().start(Population((setting.recipe,)), data)
    seen: list[Progress] = []
    for epoch in range(1, EPOCHS + 1):
        training.advance(Epoch(epoch), seen.append)
        yield seen[-1].training_loss, seen[-1].validation_loss


def race(setting: Setting, data: Dataset) -> tuple[list[float], list[tuple[float, float]]]:
    """Seconds of the bare loop and of ours for all epochs, and what each ended with."""
    sides = [bare(setting, data), ours(setting, data)]
    seconds, ends = [0.0, 0.0], [(0.0, 0.0), (0.0, 0.0)]
    for epoch in range(EPOCHS):
        for side in (0, 1) if epoch % 2 else (1, 0):
            start = time.process_time()
            ends[side] = next(sides[side])
            seconds[side] += time.process_time() - start
    return seconds, ends


def measure(setting: Setting) -> Result:
    """The median over the repeats, after one that warms up."""
    data = dataset(setting)
    race(setting, data)
    rounds = [race(setting, data) for _ in range(REPEATS)]
    ratios = [theirs_ours[1] / theirs_ours[0] for theirs_ours, _ in rounds]
    bare_end, loop_end = rounds[-1][1]
    steps = EPOCHS * STEPS
    return Result(
        network="-".join(map(str, setting.sizes)),
        batch=setting.batch,
        optimizer=setting.optimizer,
        bare_steps_per_second=steps / statistics.median(seconds[0] for seconds, _ in rounds),
        loop_steps_per_second=steps / statistics.median(seconds[1] for seconds, _ in rounds),
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        bare_loss=bare_end[1],
        loop_loss=loop_end[1],
        equal=bare_end == loop_end,
    )


def table(results: list[Result]) -> Iterator[str]:
    yield (
        f"torch {torch.__version__}, {torch.get_num_threads()} thread, float32, {platform.machine()}; "
        f"{REPEATS} repeats of {EPOCHS} epochs of {STEPS} steps, taking turns epoch by epoch"
    )
    yield ""
    yield "network       batch  optimizer  bare steps/s  loop steps/s  ratio (lowest-highest)  final loss      equal"
    for line in results:
        yield (
            f"{line.network:<12}  {line.batch:>5}  {line.optimizer:<9}  {line.bare_steps_per_second:>12,.0f}  "
            f"{line.loop_steps_per_second:>12,.0f}  {line.ratio:>5.3f} ({line.lowest:.3f}-{line.highest:.3f})"
            f"{'':<7}{line.loop_loss:<14.10f}  {'yes' if line.equal else f'no: bare {line.bare_loss:.10f}'}"
        )
    yield ""
    worst = max(line.ratio for line in results)
    yield f"highest median ratio {worst:.3f}; the bar is {BAR}: {'held' if worst <= BAR else 'exceeded'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = [measure(setting) for setting in SETTINGS]
    if arguments.json:
        shown = {"torch": torch.__version__, "threads": torch.get_num_threads(), "dtype": "float32", "bar": BAR}
        print(json.dumps({**shown, "results": [asdict(result) for result in results]}))
    else:
        print(*table(results), sep="\n")


if __name__ == "__main__":
    main()
