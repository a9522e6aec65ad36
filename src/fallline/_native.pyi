"""The compiled engine: runs in the lanes of vector registers. See docs/engines.md."""

from enum import Enum
from typing import Any, TypedDict

from numpy import float32, float64, int32, uint32
from numpy.typing import NDArray

class Shape(TypedDict):
    """A plan's network."""

    sizes: list[int]
    activation: str
    activation_options: list[list[float]]

class Loss(TypedDict):
    """A plan's loss."""

    loss: str
    loss_options: list[list[float]]
    full: bool
    sums: bool

class Plan(Shape, Loss):
    """What the runs of a block have in common, and, as lists with one number per run, what they have not."""

    dropout: list[float]
    optimizer: str
    optimizer_options: dict[str, list[float]]
    optimizer_flags: dict[str, bool]
    clip_norm: list[float]
    clip_value: list[float]
    batch_size: int
    epochs: int
    patience: list[int]
    seeds: list[int]

class End(Enum):
    running = 0
    finished = 1
    stopped = 2
    diverged = 3
    halved = 4

class Record:
    end: End
    steps: int
    best_epoch: int
    best_loss: float
    loss_sum: float
    weight_sum: float
    training: list[float]
    validation: list[float]
    rates: list[float]

class Block:
    @property
    def lanes(self) -> int: ...
    @property
    def alive(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def needs_rates(self) -> bool: ...
    @property
    def arrays(self) -> int: ...
    def pending(self, epoch: int, step: int) -> bool: ...
    def set_rates(self, rates: NDArray[float64], first: int, every: int) -> None: ...
    def drop(self, lane: int) -> None: ...
    def end(self, lane: int) -> End: ...
    def record(self, lane: int) -> Record: ...
    def losses_since(self, lane: int, epoch: int) -> list[tuple[float, float]]: ...
    def take(self, array: int, lane: int) -> NDArray[Any]: ...
    def put(self, array: int, lane: int, numbers: NDArray[Any]) -> None: ...
    def carried(self, lane: int) -> list[float]: ...
    def order(self, lane: int) -> NDArray[uint32]: ...
    def resume(
        self, lane: int, record: Record, carried: list[float], order: NDArray[uint32], steps: int, position: int
    ) -> None: ...

class Block32(Block):
    def __init__(
        self, plan: Plan, tables: list[NDArray[float32]], weights: list[NDArray[float32]], instruction_set: str
    ) -> None: ...

class Block64(Block):
    def __init__(
        self, plan: Plan, tables: list[NDArray[float64]], weights: list[NDArray[float64]], instruction_set: str
    ) -> None: ...

def instruction_sets() -> list[str]: ...
def peak(instruction_set: str, threads: int, seconds: float) -> float: ...
def order(seed: int, rows: int, epochs: int) -> NDArray[int32]: ...
def advance(blocks: list[Block], epochs: list[int], step: int, threads: int, seconds: float) -> None: ...
def outputs(
    plan: Plan, points: NDArray[Any], inputs: NDArray[Any], threads: int, instruction_set: str
) -> NDArray[Any]: ...
def losses(
    plan: Plan,
    points: NDArray[Any],
    inputs: NDArray[Any],
    targets: NDArray[Any],
    weights: list[NDArray[Any]],
    threads: int,
    instruction_set: str,
) -> NDArray[float64]: ...
