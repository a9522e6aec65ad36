"""Dataset: what engines train on."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from fallline.core.task import Target

__all__ = ["Dataset", "Split"]


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of one part.

    Args:
        inputs: ``(row, feature)``, float32.
        targets: ``(row,)``: int64 class ids for a classification, else float64 numbers in their own unit. Of
            several target columns ``(row, target)``: int64 0 and 1 for labels, else float64 numbers.
        weights: ``(row,)``, float32, positive; None where all rows count the same.
        rows: ``(row,)``, int64: the rows of the source, counted from 0; where test rows were given apart, theirs.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None
    rows: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def only(self, rows: Tensor) -> Split:
        """Some of the rows: ``rows`` says of each whether it stays ``(row,)``."""
        weights = None if self.weights is None else self.weights[rows]
        return Split(self.inputs[rows], self.targets[rows], weights, self.rows[rows])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table, encoded and split.

    Args:
        train: The rows that networks are fitted to; all statistics are theirs.
        validation: The rows that decide when to stop and which run is best.
        test: The rows that are looked at once, in the end.
        target: What is predicted.
        features: Names of the inputs' columns.
    """

    train: Split
    validation: Split
    test: Split
    target: Target
    features: tuple[str, ...]
