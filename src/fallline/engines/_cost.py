"""When lanes that stay empty cost more than they save: what a step of few runs takes on `native` and on `loop`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from fallline.catalogue.networks import Feedforward
from fallline.engines._plans import LANES

__all__ = ["operations", "worth_lanes"]

_OVERHEAD = 5e6
"""Operations, times the lanes of a block, that a processor does while the loop keeps its books in a step.

Both scale with the machine: a step of Adam on 5-5-5-1 took the loop 0.7 ms where the compiled engine did 60 to 90
GFLOP/s in float32, which is 40 to 60 million operations; the rest is that torch's products of narrow layers are slow.
The compiled engine, on one thread, was faster from so many runs on (`benchmarks/chooser`), and is taken from:

    13-64-64-1, batch 512        2 (3)        784-512-10, batch 256        13 (14)
    30-128-128-2, batch 256      4 (5)        100-512-512-10, batch 64      9 (10)
    784-128-10, batch 64         4 (4)        100-1024-1024-10, batch 512   more than 16 (16)

Of narrower networks, and of these at batch 32, it is from the first run on. What was taken was never more than 1.25
times as slow as the other one; without the rule a single run of the widest was 19 times as slow.
"""


def operations(sizes: Sequence[int], rows: int) -> int:
    """What a training step of a network on ``rows`` rows executes, of additions and multiplications.

    Of a weight and row: a product and a sum each for the forward pass, the weight's gradient and the input's gradient,
    which the first layer leaves out. Of a bias and row: one sum forward, one backward.

    Args:
        sizes: Units of the inputs, of each hidden layer, and of the outputs.
        rows: Rows in a batch.

    Example:
        >>> operations((3, 2, 1), 10)
        420
    """
    first, *rest = (one * other for one, other in pairwise(sizes))
    return rows * (4 * first + 6 * sum(rest) + 2 * sum(sizes[1:]))


def worth_lanes(network: Feedforward, *, rows: int, dtype: str, runs: int) -> bool:
    """Whether ``runs`` runs of one kind are trained faster side by side than one after the other.

    Side by side, empty lanes are computed with. One after the other, each step waits for the loop's bookkeeping. So
    ``(lanes - runs) × operations`` is compared with ``runs × overhead``. As many runs as fill a block are always worth
    it: the lanes that a second one leaves empty are fewer than those that are in use.

    Args:
        network: Of each run.
        rows: Rows in a batch.
        dtype: Of the numbers: says how many lanes a block has.
        runs: How many there are that may share a block.
    """
    work = operations((network.inputs, *network.widths, network.outputs), rows)
    return (LANES[dtype] - runs) * work <= runs * LANES[dtype] * _OVERHEAD
