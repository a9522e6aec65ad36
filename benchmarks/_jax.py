"""The side of JAX: stacked parameters, vmap over the runs, scan over the steps, one jitted program."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
import torch
from jax import Array
from jax import numpy as jnp

from benchmarks._sides import BETA1, BETA2, EPS, initial, rows
from benchmarks._workloads import Workload

__all__ = ["JaxVmap"]

Layers = list[tuple[Array, Array]]  # weight (unit before, unit), bias (unit,) of each; stacked: runs first


class JaxVmap:
    """vmap + scan + jit; compiled, and everything handed to JAX, before the clock runs.

    Args:
        workload: What is trained.
        groups: The seeds are dealt out evenly to this many calls of the program; with one seed a call the parameters of
            a call stay in the caches. One: all runs in one call.
        threads: Calls under way at the same time. JAX shares its own threads among them: one call, too, uses all cores.
        nested: Whether the rates are a vmap inside that of the seeds, which gathers each seed's batch once and shares
            it; else one vmap over all runs, each with rows of its own.
    """

    def __init__(self, workload: Workload, *, groups: int, threads: int, nested: bool) -> None:
        over = "seeds × rates" if nested else "runs"
        self.setup = f"vmap over {over}, {groups} call{'s' * (groups > 1)}, {threads} at a time"
        self.runs = tuple(range(workload.runs))
        self.losses = torch.empty(0)
        self._workload, self._groups, self._threads, self._nested = workload, groups, threads, nested
        self._compiled: dict[int, Callable[..., tuple[Layers, Array]]] = {}
        x, y = (tensor.numpy() for tensor in rows(workload))
        # a target of one class as a row of 0 and 1: picking the class by its number is slow on the CPU
        targets = y if workload.regression else np.eye(workload.sizes[-1], dtype=np.float32)[y]
        self._rows = jax.device_put(x), jax.device_put(targets)
        self._initial = self._stacked([initial(workload, seed) for seed in range(workload.seeds)])

    def train(self, epochs: int) -> float:
        orders = self._workload.orders(epochs).numpy().astype(np.int32)
        steps = np.arange(1, len(orders) + 1)
        corrections = np.stack([1 - BETA1**steps, 1 - BETA2**steps], axis=1).astype(np.float32)
        calls = [
            (jax.tree.map(jnp.array, layers), jax.device_put(np.ascontiguousarray(order)), corrections)
            for layers, order in zip(self._initial, np.split(orders, self._groups, axis=1), strict=True)
        ]
        jax.block_until_ready(calls)
        program = self._program(epochs, calls[0])
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(time.sleep, [0.0] * self._threads))  # its threads are there before the clock runs
            began = time.perf_counter()
            results = list(pool.map(lambda call: jax.block_until_ready(program(*call)), calls))
            seconds = time.perf_counter() - began
        losses = np.concatenate([np.asarray(loss).reshape(len(steps), -1) for _, loss in results], axis=1)
        self.losses = torch.from_numpy(losses).unflatten(0, (epochs, -1)).mean(1).T
        return seconds

    def _stacked(self, models: list[torch.nn.Module]) -> list[Layers]:
        """The runs' initial parameters, group by group."""
        seeds = self._workload.seeds // self._groups
        lead = (seeds, self._workload.rates) if self._nested else (seeds * self._workload.rates,)
        groups = []
        for start in range(0, len(models), seeds):
            each = [list(model.parameters()) for model in models[start : start + seeds]]
            stacks = [torch.stack(same).detach().numpy() for same in zip(*each, strict=True)]
            stacks = [np.repeat(stack, self._workload.rates, axis=0) for stack in stacks]
            weights = [stack.swapaxes(1, 2).reshape(*lead, stack.shape[2], stack.shape[1]) for stack in stacks[::2]]
            biases = [stack.reshape(*lead, stack.shape[1]) for stack in stacks[1::2]]
            groups.append([(jnp.array(w), jnp.array(b)) for w, b in zip(weights, biases, strict=True)])
        return groups

    def _program(self, epochs: int, call: tuple[Any, ...]) -> Callable[..., tuple[Layers, Array]]:
        if epochs not in self._compiled:
            seeds, rates = self._workload.seeds // self._groups, self._workload.rates
            step = _stacked_step(
                jnp.array(self._workload.learning_rates),
                seeds=seeds,
                nested=self._nested,
                regression=self._workload.regression,
            )
            x, y = self._rows

            def train(layers: Layers, order: Array, corrections: Array) -> tuple[Layers, Array]:
                def body(state: tuple[Layers, Layers, Layers], now: tuple[Array, Array]) -> tuple[Any, Array]:
                    batch, correction = now
                    inputs, targets = x[batch], y[batch]  # (seed, row, …)
                    if not self._nested:
                        inputs, targets = jnp.repeat(inputs, rates, axis=0), jnp.repeat(targets, rates, axis=0)
                    return step(state, inputs, targets, correction)

                zeros = jax.tree.map(jnp.zeros_like, layers)
                (layers, _, _), losses = jax.lax.scan(body, (layers, zeros, zeros), (order, corrections))
                return layers, losses

            self._compiled[epochs] = jax.jit(train, donate_argnums=0).lower(*call).compile()
        return self._compiled[epochs]


def _stacked_step(rates: Array, *, seeds: int, nested: bool, regression: bool) -> Callable[..., tuple[Any, Array]]:
    """A step of all runs: state, inputs, targets, bias corrections → state, losses."""

    def loss(layers: Layers, inputs: Array, targets: Array) -> Array:
        *hidden, (weight, bias) = layers
        for before, shift in hidden:
            inputs = jax.nn.relu(inputs @ before + shift)
        outputs = inputs @ weight + bias
        if regression:
            return jnp.mean((outputs - targets) ** 2)
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(outputs) * targets, axis=-1))

    def one(state: tuple[Layers, ...], inputs: Array, targets: Array, correction: Array, rate: Array) -> Any:
        layers, means, squares = state
        value, gradients = jax.value_and_grad(loss)(layers, inputs, targets)
        means = jax.tree.map(lambda mean, g: BETA1 * mean + (1 - BETA1) * g, means, gradients)
        squares = jax.tree.map(lambda square, g: BETA2 * square + (1 - BETA2) * g * g, squares, gradients)

        def moved(parameter: Array, mean: Array, square: Array) -> Array:
            return parameter - rate * (mean / correction[0]) / (jnp.sqrt(square / correction[1]) + EPS)

        return (jax.tree.map(moved, layers, means, squares), means, squares), value

    if nested:
        of_a_seed = jax.vmap(one, in_axes=(0, None, None, None, 0))
        of_all, of_each = jax.vmap(of_a_seed, in_axes=(0, 0, 0, None, None)), rates
    else:
        of_all, of_each = jax.vmap(one, in_axes=(0, 0, 0, None, 0)), jnp.tile(rates, seeds)
    return lambda state, inputs, targets, correction: of_all(state, inputs, targets, correction, of_each)
