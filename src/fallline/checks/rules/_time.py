"""Which axis of a batch is time, told from its numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["second_is_time"]

_KINDS = 32
"""Features, ids or classes at most that are looked at one by one."""
_NUMBERS = 4000
"""Rows at most of a fit."""
_REACH = 3
"""Neighbours at most on each side."""
_CLEAR, _NONE = 0.15, 0.01
"""Shares of the targets' variance: a dependence that is clear, and one that is none."""


def second_is_time(inputs: Tensor, targets: Tensor) -> str | None:
    """Why axis 1 of inputs and targets is time and axis 0 is not; None where the numbers do not tell.

    Samples do not depend on one another, and have no order; the places of a sequence do. Three things show it: targets
    that are the inputs one place on; rows that end in padding after different lengths; and targets of which a
    neighbouring input explains a part that their own input does not, along one axis and in one direction of it. What is
    common to all samples of a moment helps from either side alike, and is no sign.

    Args:
        inputs: (a, b) ids or (a, b, feature).
        targets: (a, b) or (a, b, value).
    """
    if min(inputs.shape[:2]) < 4 or inputs.shape[:2] != targets.shape[:2]:
        return None
    if _shifted(inputs, targets, 1) and not _shifted(inputs, targets, 0):
        return "along axis 1 the targets are the inputs one place on"
    if _padded(inputs, 1) and not _padded(inputs, 0):
        return "along axis 1 the inputs end in padding"
    given, wanted = _features(inputs), _features(targets)
    if given is None or wanted is None:
        return None
    across, along = (_Gain.of(given.movedim(axis, 0), wanted.movedim(axis, 0)) for axis in (0, 1))
    if along is None or across is None or not along.is_ordered or not across.is_nothing:
        return None
    return "along axis 1 the targets depend on the neighbouring inputs, along axis 0 they do not"


def _shifted(inputs: Tensor, targets: Tensor, axis: int) -> bool:
    """Whether the targets are the inputs one place on along an axis, and that says something."""
    size = inputs.shape[axis] - 1
    if inputs.shape != targets.shape or inputs.dtype != targets.dtype:
        return False
    later, earlier = inputs.narrow(axis, 1, size), inputs.narrow(axis, 0, size)
    return torch.equal(later, targets.narrow(axis, 0, size)) and not torch.equal(later, earlier)


def _padded(ids: Tensor, axis: int) -> bool:
    """Whether ids along an axis end in zeros, after different lengths, and hold none before."""
    if ids.is_floating_point() or ids.dim() != 2:
        return False
    full = (ids != 0).movedim(axis, 1)
    lengths = full.sum(1)
    places = torch.arange(full.shape[1], device=ids.device)
    return bool((full == (places < lengths[:, None])).all()) and len(lengths.unique()) > 2


def _features(values: Tensor) -> Tensor | None:
    """Numbers as (a, b, feature) in float64; ids and classes as indicators; None where there are too many."""
    if values.is_floating_point():
        made = values.reshape(*values.shape[:2], -1)
        return made.double() if made.shape[2] <= _KINDS and bool(made.isfinite().all()) else None
    if values.dim() != 2 or values.is_complex() or int(values.min()) < 0 or int(values.max()) >= _KINDS:
        return None
    return functional.one_hot(values.long())[..., 1:].double()


@dataclass(frozen=True)
class _Gain:
    """What the inputs of the places before and after add to the explained share of the targets' variance.

    Args:
        before: With the places before.
        after: With the places after.
        sure: With those of the better side, fitted to one half of the sequences and seen in the other.
        chance: What numbers drawn at random would add.
    """

    before: float
    after: float
    sure: float
    chance: float

    @classmethod
    def of(cls, given: Tensor, wanted: Tensor) -> _Gain | None:
        """Along axis 0 of both, whose axis 1 is what sequences there are; None where there is too little to tell."""
        length = given.shape[0]
        given, wanted = (each[:, : max(4, _NUMBERS // length)] for each in (given, wanted))
        reach = max(1, min(_REACH, (length - 2) // 3))
        here, targets = given[reach : length - reach], wanted[reach : length - reach]
        rows, width = here.shape[0] * here.shape[1], here.shape[2]
        if rows < 10 * width * (reach + 1) + 10:
            return None
        sides = [
            torch.cat([given[reach + side * by : length - reach + side * by] for by in range(1, reach + 1)] + [here], 2)
            for side in (-1, 1)
        ]
        before, after = (_share(here, side, targets, slice(None), slice(None)) for side in sides)
        better, half = sides[after > before], here.shape[1] // 2
        first, second = slice(half), slice(half, None)
        sure = [_share(here, better, targets, fit, seen) for fit, seen in ((first, second), (second, first))]
        return cls(before, after, min(sure), width * reach / rows)

    @property
    def is_ordered(self) -> bool:
        """Whether one side says clearly more than the other."""
        most, least = max(self.before, self.after), min(self.before, self.after) - self.chance
        return min(self.sure, most - 3 * self.chance) > _CLEAR and most > 4 * least

    @property
    def is_nothing(self) -> bool:
        """Whether neither side says more than chance would."""
        return max(self.before, self.after) < _NONE + 3 * self.chance


def _share(few: Tensor, many: Tensor, targets: Tensor, fit: slice, seen: slice) -> float:
    """How much more of the targets' variance the many explain than the few, in sequences other than those fitted."""
    wanted = targets[:, seen].flatten(0, 1)
    spread = float((wanted - wanted.mean(0)).square().sum())
    left = [_left(each[:, fit], targets[:, fit], each[:, seen], wanted) for each in (few, many)]
    return (left[0] - left[1]) / spread if spread > 0 else 0.0


def _left(given: Tensor, targets: Tensor, seen: Tensor, wanted: Tensor) -> float:
    """The sum of squares that a linear fit leaves."""
    designs = [functional.pad(each.flatten(0, 1), (0, 1), value=1.0) for each in (given, seen)]
    fit = torch.linalg.lstsq(designs[0], targets.flatten(0, 1), driver="gelsd").solution
    return float((wanted - designs[1] @ fit).square().sum())
