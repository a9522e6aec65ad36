"""The script that anyone would write by hand, and a recipe beside what it would say instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from fallline.core.task import Task
from fallline.data.dataset import Dataset, Split
from fallline.engines.loop import Loop
from fallline.engines.protocol import Trained
from tests.engines.runs import EPOCHS, recipe, train
from tests.reference.sets import dataset


def columns(values: Tensor) -> Tensor:
    """Numbers, one column for each target."""
    return (values.unsqueeze(1) if values.ndim == 1 else values).double()


def ids(values: Tensor) -> Tensor:
    """Class ids as they are."""
    return values


def adam(parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=0.01)


@dataclass(frozen=True)
class Case:
    """A recipe's fields, and beside them what a script would say instead.

    Args:
        fields: Of the recipe.
        build: The script's network.
        loss: The script's loss of outputs and targets; with row weights it is given ``reduction="none"``.
        optimizer: The script's optimizer.
        targets: What the script makes of standardized numbers, of class ids, of labels.
        rate: The script's learning rate of each step, given the validation losses so far; None: the optimizer's own.
        sums: Whether the script takes the gradient of the sum; it reports means all the same.
        drops_single: Whether the script leaves out a last batch of one row.
    """

    fields: dict
    build: Callable[[], nn.Module]
    loss: Callable[..., Tensor]
    optimizer: Callable[..., torch.optim.Optimizer] = adam
    targets: Callable[[Tensor], Tensor] = columns
    rate: Callable[[int, list[float]], float] | None = None
    task: Task = Task.regression
    several: bool = False
    weighted: bool = False
    rows: tuple[int, int, int] = (50, 23, 0)
    batch_size: int = 16
    seed: int = 0
    dtype: torch.dtype = torch.float32
    patience: int | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    sums: bool = False
    drops_single: bool = False
    said: dict = field(init=False)

    def __post_init__(self) -> None:
        shared = ("batch_size", "seed", "patience", "clip_norm", "clip_value")
        said = {name: getattr(self, name) for name in shared} | {"learning_rate": 0.01}
        object.__setattr__(self, "said", {**said, "dtype": str(self.dtype).removeprefix("torch."), **self.fields})

    @property
    def data(self) -> Dataset:
        return dataset(self.task, rows=self.rows, weighted=self.weighted, several=self.several)

    @property
    def recipe(self):
        return recipe(self.task, several=self.several, **self.said)


@dataclass
class Script:
    """What a script has to show for itself."""

    training_losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    best_epoch: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)


def rows_of(case: Case, data: Dataset, split: Split) -> tuple[Tensor, Tensor, Tensor | None]:
    """Inputs, targets and weights as a script would hand them to torch."""
    weights = None if split.weights is None else split.weights.to(case.dtype)
    values = split.targets
    if case.task is Task.regression:
        mean, scale = torch.tensor(data.target.mean).double(), torch.tensor(data.target.scale).double()
        values = (columns(values) - mean) / scale
    targets = case.targets(values)
    return split.inputs.to(case.dtype), targets.to(case.dtype) if targets.is_floating_point() else targets, weights


def loss_of(case: Case, outputs: Tensor, targets: Tensor, weights: Tensor | None, *, sums: bool = False) -> Tensor:
    if sums:
        return case.loss(outputs, targets, reduction="sum")
    if weights is None:
        return case.loss(outputs, targets)
    each = case.loss(outputs, targets, reduction="none").reshape(len(outputs), -1).mean(1)
    return (weights * each).sum() / weights.sum()


def run_script(case: Case, data: Dataset) -> Script:
    x, y, w = rows_of(case, data, data.train)
    x_validation, y_validation, w_validation = rows_of(case, data, data.validation)
    done, step = Script(), 0

    torch.manual_seed(case.seed)
    model = case.build().to(case.dtype)
    optimizer = case.optimizer(model.parameters())
    g = torch.Generator().manual_seed(case.seed)
    for epoch in range(1, EPOCHS + 1):
        model.train()
        loss_sum = weight_sum = 0.0
        for batch in torch.randperm(len(x), generator=g).split(case.batch_size):
            if case.drops_single and len(batch) == 1:
                continue
            if case.rate is not None:
                optimizer.param_groups[0]["lr"] = case.rate(step, done.validation_losses)
            some = None if w is None else w[batch]

            def closure(batch: Tensor = batch, some: Tensor | None = some) -> Tensor:
                optimizer.zero_grad()
                loss = loss_of(case, model(x[batch]), y[batch], some, sums=case.sums)
                loss.backward()
                return loss

            if isinstance(optimizer, torch.optim.LBFGS):
                loss = optimizer.step(closure)
            else:
                loss = closure()
                if case.clip_norm is not None:
                    nn.utils.clip_grad_norm_(model.parameters(), case.clip_norm)
                if case.clip_value is not None:
                    nn.utils.clip_grad_value_(model.parameters(), case.clip_value)
                optimizer.step()
            weight = len(batch) if some is None else some.sum().item()
            loss_sum += (loss.item() / y[batch].numel() if case.sums else loss.item()) * weight
            weight_sum += weight
            step += 1
        done.training_losses.append(loss_sum / weight_sum)
        done.rates.append(optimizer.param_groups[0]["lr"])

        model.eval()
        with torch.no_grad():
            done.validation_losses.append(loss_of(case, model(x_validation), y_validation, w_validation).item())
        if done.validation_losses[-1] < min(done.validation_losses[:-1], default=float("inf")):
            done.best_epoch = epoch
            done.best = {name: value.clone() for name, value in model.state_dict().items()}
        if case.patience is not None and epoch - done.best_epoch >= case.patience:
            break
    return done


def both(case: Case) -> tuple[Trained, Script]:
    """The run of the case's recipe, and its script."""
    with torch.random.fork_rng(devices=[]):
        script = run_script(case, case.data)
    (run,) = train(Loop(), case.recipe, case.data)
    return run, script


def assert_number_for_number(case: Case) -> None:
    """The run is the script, to the last bit."""
    run, script = both(case)
    assert run.training_losses == tuple(script.training_losses)
    assert run.validation_losses == tuple(script.validation_losses)
    assert run.learning_rates == tuple(script.rates)
    assert (run.best_epoch, run.best_loss) == (script.best_epoch, min(script.validation_losses))
    assert list(run.parameters) == list(script.best)
    for name, expected in script.best.items():
        assert run.parameters[name].dtype is expected.dtype
        assert torch.equal(run.parameters[name], expected)


def net(activation: nn.Module, *, outputs: int = 1, head: nn.Module | None = None) -> Callable[[], nn.Module]:
    """5-8-outputs, and the head if there is one."""
    heads = () if head is None else (head,)
    return lambda: nn.Sequential(nn.Linear(5, 8), activation, nn.Linear(8, outputs), *heads)
