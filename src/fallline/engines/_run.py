"""One run on the plain PyTorch loop. `Run.step` and `Run.end_epoch` are all there is to training a network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.networks import has_batch_norm
from fallline.catalogue.optimizer_state import packed, restore
from fallline.catalogue.rates import rate_at
from fallline.catalogue.registry import find
from fallline.catalogue.resolution import require_batches
from fallline.catalogue.stepping import optimizer_for
from fallline.core.outcome import Outcome
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder, initialised
from fallline.engines.protocol import Epoch, Network, Progress, Rows, Trained, Until

__all__ = ["CHUNK", "Run", "mean_loss", "surroundings_of", "torchs_defaults"]

CHUNK = 65_536
"""Rows evaluated at once: bounds the memory of a forward pass, above all tables where one pass is one call."""


class Run:
    """One recipe being trained."""

    def __init__(self, recipe: Recipe, network: Network, train: Rows, validation: Rows) -> None:
        self.recipe, self.train, self.validation = recipe, train, validation
        dtype = getattr(torch, recipe.dtype)
        start = initialised(network.build, seed=recipe.seed, dtype=dtype)
        self.module, self.random_state = start.module, start.random_state
        self.criterion = Criterion(recipe, dtype=dtype)
        self.optimizer = optimizer_for(recipe, self.module)
        self.searches = find("optimizer", recipe.optimizer).full_batch
        single = has_batch_norm(self.module)  # which cannot be trained on a batch of one row
        if single:
            require_batches(recipe, rows=len(train))  # of a user's network nobody could know before it was built
        self.order = BatchOrder(rows=len(train), batch_size=recipe.batch_size, seed=recipe.seed, drop_single=single)
        self.rate = rate_at(recipe, epoch_steps=len(self.order))
        self.outcome = Outcome.running
        self.steps = 0
        self.batches: list[Tensor] = []  # what is left of this epoch, last batch first
        self.loss_sum = self.weight_sum = 0.0  # over the batches of this epoch
        self.training: list[float] = []  # losses, one per complete epoch
        self.validation_losses: list[float] = []
        self.rates: list[float] = []  # learning rate of the last step of each
        self.best: tuple[int, float, dict[str, Tensor]] | None = None  # epoch, validation loss, parameters

    @property
    def at_epoch_end(self) -> bool:
        return not self.batches

    def reached(self, until: Until) -> int:
        return len(self.validation_losses) if isinstance(until, Epoch) else self.steps

    def pending(self, until: Until) -> bool:
        return self.outcome is Outcome.running and self.reached(until) < until.number

    def advance_within_epoch(self, until: Until) -> None:
        """Train to the end of this epoch, or to ``until`` if that comes first."""
        self.module.train()
        if not self.batches:
            self.batches = list(reversed(self.order.epoch()))
        while self.batches and self.pending(until):
            self.step(self.batches[-1])
        if not self.batches and self.outcome is Outcome.running:
            self.end_epoch()

    def step(self, batch: Tensor) -> None:
        """One training step on the rows ``batch``."""
        rate = self.rate(self.steps, self.validation_losses)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        inputs, targets = self.train.inputs[batch], self.train.targets[batch]
        weights = None if self.train.weights is None else self.train.weights[batch]

        if self.searches:
            value = self._search(inputs, targets, weights)
        else:
            self.optimizer.zero_grad()
            loss = self.criterion(self.module(inputs), targets, weights)
            value = loss.item()
            if math.isfinite(value):
                loss.backward()
                self._clip()
                self.optimizer.step()
        if not math.isfinite(value):
            self.outcome = Outcome.diverged
            return

        if self.criterion.sums:
            value /= self.criterion.divisor(targets, weights)
        weight = len(batch) if weights is None else weights.sum().item()
        self.loss_sum += value * weight
        self.weight_sum += weight
        self.steps += 1
        self.batches.pop()

    def _search(self, inputs: Tensor, targets: Tensor, weights: Tensor | None) -> float:
        """A step of an optimizer that looks at the loss several times; the loss before it."""
        seen: list[float] = []

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            loss = self.criterion(self.module(inputs), targets, weights)
            if not seen:
                seen.append(loss.item())
                if not math.isfinite(seen[0]):
                    raise _NotFiniteError  # before a parameter has moved
            loss.backward()
            return loss

        with suppress(_NotFiniteError):
            self.optimizer.step(closure)
        return seen[0]

    def _clip(self) -> None:
        if self.recipe.clip_norm is not None:
            clip_grad_norm_(self.module.parameters(), self.recipe.clip_norm)
        if self.recipe.clip_value is not None:
            clip_grad_value_(self.module.parameters(), self.recipe.clip_value)

    def end_epoch(self) -> None:
        """Validate, remember the best parameters, and stop where it is time to."""
        loss = mean_loss(self.module.eval(), self.validation, self.criterion)
        self.training.append(self.loss_sum / self.weight_sum)
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        self.validation_losses.append(loss)
        self.loss_sum = self.weight_sum = 0.0
        epoch = len(self.validation_losses)
        if not math.isfinite(loss):
            self.outcome = Outcome.diverged
            return
        if self.best is None or loss < self.best[1]:
            self.best = (epoch, loss, {name: value.clone() for name, value in self.module.state_dict().items()})
        if epoch == self.recipe.epochs:
            self.outcome = Outcome.finished
        elif self.recipe.patience is not None and epoch - self.best[0] >= self.recipe.patience:
            self.outcome = Outcome.stopped

    def progress(self, number: int) -> Progress:
        inside = bool(self.batches) or not self.training
        training, validation = (None, None) if inside else (self.training[-1], self.validation_losses[-1])
        return Progress(number, len(self.training), self.steps, training, validation, self.outcome)

    def trained(self) -> Trained:
        epoch, loss, parameters = self.best or (0, None, self.module.state_dict())
        return Trained(
            parameters={name: value.clone() for name, value in parameters.items()},
            training_losses=tuple(self.training),
            validation_losses=tuple(self.validation_losses),
            learning_rates=tuple(self.rates),
            outcome=self.outcome,
            steps=self.steps,
            best_epoch=epoch,
            best_loss=loss,
        )

    def latest(self) -> dict[str, Tensor] | None:
        losses = self.validation_losses
        if not losses or not math.isfinite(losses[-1]) or self.steps != len(losses) * len(self.order):
            return None
        return {name: value.clone() for name, value in self.module.state_dict().items()}

    def state(self) -> dict[str, Tensor]:
        best_epoch, best_loss, best = self.best or (0, math.nan, {})
        numbers = [self.steps, self.loss_sum, self.weight_sum, best_epoch, best_loss]
        curves = [self.training, self.validation_losses, self.rates]
        state = {
            "outcome": torch.tensor(list(Outcome).index(self.outcome)),
            "numbers": torch.tensor(numbers, dtype=torch.float64),
            "curves": torch.tensor(curves, dtype=torch.float64),
            "batches": torch.cat(self.batches[::-1]) if self.batches else torch.empty(0, dtype=torch.int64),
            "order": self.order.state(),
            "random_state": self.random_state,
        }
        state |= {f"module/{name}": value for name, value in self.module.state_dict().items()}
        state |= {f"best/{name}": value for name, value in best.items()}
        state |= {f"optimizer/{name}": value for name, value in packed(self.optimizer.state_dict()).items()}
        return {name: value.detach().clone() for name, value in state.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.outcome = list(Outcome)[int(state["outcome"])]
        steps, self.loss_sum, self.weight_sum, best_epoch, best_loss = state["numbers"].tolist()
        self.steps = int(steps)
        self.training, self.validation_losses, self.rates = state["curves"].tolist()
        rest = state["batches"].split(self.recipe.batch_size) if len(state["batches"]) else ()
        self.batches = list(reversed(rest))
        self.order.restore(state["order"])
        self.random_state = state["random_state"].clone()
        self.module.load_state_dict(_below(state, "module"))
        stored = _below(state, "best")
        best = {name: stored[name] for name in self.module.state_dict() if name in stored}  # a file keeps no order
        self.best = (int(best_epoch), best_loss, best) if best else None
        restore(self.optimizer, _below(state, "optimizer"))


class _NotFiniteError(ArithmeticError):
    """The loss is not finite where a search would start."""


@contextmanager
def surroundings_of(run: Run) -> Iterator[None]:
    """Let `nn.Dropout` draw from the run's own random state, and leave the caller's as it was."""
    with torch.random.fork_rng(devices=[]), torchs_defaults():
        torch.set_rng_state(run.random_state)
        try:
            yield
        finally:
            run.random_state = torch.get_rng_state()


@contextmanager
def torchs_defaults() -> Iterator[None]:
    """Make new tensors in float32 and on the CPU where nothing else is said, whatever the caller's defaults are.

    Optimizers make their state so: of what dtype some of it is (nadam's) changes the numbers.
    """
    dtype = torch.get_default_dtype()
    # a device that is entered slows down every operation
    with nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu"):
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


def mean_loss(module: nn.Module, rows: Rows, criterion: Criterion) -> float:
    """The mean loss over all ``rows``, in chunks that count by what their means divide by."""
    mean = total = 0.0
    with torch.no_grad():
        for start in range(0, len(rows), CHUNK):
            chunk = slice(start, start + CHUNK)
            weights = None if rows.weights is None else rows.weights[chunk]
            loss = criterion.mean(module(rows.inputs[chunk]), rows.targets[chunk], weights).item()
            divisor = criterion.divisor(rows.targets[chunk], weights)
            total += divisor
            mean += (loss - mean) * (divisor / total)  # of a single chunk: its loss to the last bit
    return mean


def _below(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries under ``prefix/``, with the prefix taken off."""
    start = f"{prefix}/"
    return {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}
