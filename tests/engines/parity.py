"""How the compiled engine is held against the plain loop: one step from the same state, and whole walks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from fallline.core.population import Population
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder
from fallline.data.dataset import Dataset
from fallline.engines._compiled import compiled
from fallline.engines.loop import Loop
from fallline.engines.native import Native
from fallline.engines.protocol import Step, Trained

NATIVE, LOOP = Native(), Loop()
needs_native = pytest.mark.skipif(compiled() is None, reason="the compiled engine is not installed")
BY_SIGN = ("lion", "rprop")
"""Optimizers that step by the sign of a number, whatever its size."""
NEARLY_ZERO = 1e-12
"""Numbers below this may have another sign in another order of the same sum: design, section 5."""

State = dict[str, Tensor]
_MEMORIES = (
    *("square_avg", "grad_avg", "momentum_buffer", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "exp_inf", "sum"),
    *("acc_delta", "prev", "step_size", "momentum"),
)
"""What torch's optimizers and ours remember of each parameter, in the compiled engine's order."""


def distance(found: Tensor, expected: Tensor) -> float:
    """The largest difference, relative to the largest number; infinite where one alone is not finite."""
    found, expected = found.double(), expected.double()
    if not torch.equal(found.isfinite(), expected.isfinite()):
        return torch.inf
    if not expected.numel():
        return 0.0
    off = (found - expected).nan_to_num(0.0, 0.0, 0.0).abs().max().item()
    return off / expected.nan_to_num(0.0, 0.0, 0.0).abs().max().clamp_min(1e-300).item()


# --- one step ------------------------------------------------------------------------------------


def one_step_distances(recipes: Sequence[Recipe], data: Dataset, *, steps: int) -> list[float]:
    """How far each run is off after one step on the compiled engine from where the loop was, at the worst step.

    Both take each of ``steps`` steps from the parameters and the optimizer's memory that the loop has.
    """
    population = Population(tuple(recipes))
    worst = [0.0] * len(population)
    loop, own = LOOP.start(population, data), NATIVE.start(population, data)
    before = loop.state()
    for step in range(1, steps + 1):
        stepped = NATIVE.start(population, data, _taken_over(own.state(), before, population))
        for training in (loop, own, stepped):
            training.advance(Step(step))
        after, found = loop.state(), stepped.state()
        for run, recipe in enumerate(population):
            off = _step_distance(recipe, of_run(before, run), of_run(after, run), of_run(found, run))
            worst[run] = max(worst[run], off)
        before = after
    return worst


def _taken_over(native: State, loop: State, population: Population) -> State:
    """The compiled engine's state with the loop's numbers in it."""
    state = dict(native)
    for run in range(len(population)):
        name = f"{run}/arrays"
        if name not in state:  # it has ended
            continue
        parameters, memories = arrays_of(of_run(loop, run))
        arrays = state[name].clone()
        arrays[0] = parameters
        for place, memory in enumerate(memories):
            arrays[2 + place] = memory
        state[name] = arrays
        numbers = state[f"{run}/numbers"].clone()
        numbers[2:4] = loop[f"{run}/numbers"][1:3]  # the sums of this epoch
        state[f"{run}/numbers"] = numbers
    return state


def arrays_of(state: State) -> tuple[Tensor, list[Tensor]]:
    """A run's parameters and its optimizer's memory in the loop's state, each as one vector."""
    parameters = [value for name, value in state.items() if name.startswith("module/")]
    memories = []
    for name in _MEMORIES:
        parts = [state.get(f"optimizer/state/{number}/{name}") for number in range(len(parameters))]
        if parts[0] is not None:
            memories.append(torch.cat([part.flatten() for part in parts if part is not None]))
    return torch.cat([value.flatten() for value in parameters]), memories


def _step_distance(recipe: Recipe, before: State, after: State, found: State) -> float:
    if "arrays" not in found:  # ended, in its last step or before
        same = int(found["outcome"]) == int(after["outcome"]) and found["numbers"][0] == after["numbers"][0]
        return distance(found["curves"], after["curves"]) if same else torch.inf
    parameters, memories = arrays_of(after)
    compared = [found["curves"], after["curves"]], [found["numbers"][2:4], after["numbers"][1:3]]
    offs = [distance(one, other) for one, other in compared]
    unsure = torch.zeros_like(parameters, dtype=torch.bool)
    if recipe.optimizer in BY_SIGN:
        unsure = _unsure(recipe, arrays_of(before)[1], memories, found["arrays"])
    for one, other in zip(found["arrays"][[0, *range(2, 2 + len(memories))]], [parameters, *memories], strict=True):
        offs += [distance(*pair) for pair in _by_layer(after, one.where(~unsure, other), other)]
    return max(offs)


def _by_layer(state: State, one: Tensor, other: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Vectors of all parameters, layer by layer: each may be on a scale of its own."""
    sizes = [value.numel() for name, value in state.items() if name.startswith("module/")]
    return zip(one.split(sizes), other.split(sizes), strict=True)


def _unsure(recipe: Recipe, before: list[Tensor], after: list[Tensor], found: Tensor) -> Tensor:
    """Where the number whose sign is the step is too close to 0, but not 0 on both sides."""
    if recipe.optimizer == "rprop":  # the gradient, which its first memory is, or 0 where its sign flipped
        size = torch.maximum(after[0].abs(), found[2].abs())
        return (size > 0) & (size < NEARLY_ZERO)
    beta1, beta2 = (recipe.optimizer_options[name] for name in ("beta1", "beta2"))
    mean = before[0] if before else torch.zeros_like(after[0])
    gradient = (after[0] - beta2 * mean) / (1 - beta2)
    return (beta1 * mean + (1 - beta1) * gradient).abs() < NEARLY_ZERO


def of_run(state: State, run: int) -> State:
    start = f"{run}/"
    return {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}


# --- walks ---------------------------------------------------------------------------------------


@contextmanager
def reversed_batches() -> Iterator[None]:
    """Batches of the same rows in the opposite order, which is another order of the same sums."""
    in_order = BatchOrder.epoch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchOrder, "epoch", lambda order: tuple(batch.flip(0) for batch in in_order(order)))
        yield


def walk_distance(found: Trained, expected: Trained) -> float:
    """How far two runs are apart, in the losses of all epochs and in the parameters of the best."""
    if (found.outcome, found.steps) != (expected.outcome, expected.steps):
        return torch.inf
    curves = ("training_losses", "validation_losses", "learning_rates")
    pairs = [[torch.tensor(getattr(run, curve)).double() for run in (found, expected)] for curve in curves]
    if found.best_epoch == expected.best_epoch:  # else two losses are equal but for rounding
        pairs += [[found.parameters[name], value] for name, value in expected.parameters.items()]
    return max(distance(one, other) for one, other in pairs)
