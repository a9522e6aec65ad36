"""What several losses' cards say."""

from __future__ import annotations

from fallline.catalogue.card import Option

__all__ = ["CLASS_WEIGHTS", "ELEMENTS", "FLOATS", "PAIR", "REDUCTION", "ROWS"]

PAIR = "outputs (row, target), targets (row, target)"
FLOATS = "outputs and targets floating point, the same"
ELEMENTS = (
    "mean over all elements, or their sum; with row weights w, sum(w l) / sum(w), l the mean over a row's elements"
)
ROWS = "mean over rows, or their sum; with row weights w, sum(w l) / sum(w)"
REDUCTION = Option(
    name="reduction",
    default="mean",
    holds="choice",
    choices=("mean", "sum"),
    meaning="what the gradient is taken of; a sum's gradient grows with the batch size (losses are reported as means)",
)
CLASS_WEIGHTS = Option(
    name="weight",
    default=None,
    holds="numbers",
    low=0,
    open_low=True,  # a batch of rows that all count nothing would have no mean
    flag="class-weights",
    meaning="weight of each class, in the order of the classes",
)
