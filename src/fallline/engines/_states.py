"""A population's state, ``RUN/NAME`` → tensor, and the states of its runs, each by its number in the population."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

__all__ = ["by_run", "joined"]


def by_run(state: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """The states of the runs, taken out of that of their population.

    Example:
        >>> import torch
        >>> sorted(by_run({"0/numbers": torch.zeros(2), "10/order/a": torch.ones(1)})[10])
        ['order/a']
    """
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in state.items():
        number, _, rest = name.partition("/")
        states.setdefault(int(number), {})[rest] = value
    return states


def joined(states: Mapping[int, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The state of a population of which these are the runs'."""
    return {f"{number}/{name}": value for number, state in states.items() for name, value in state.items()}
