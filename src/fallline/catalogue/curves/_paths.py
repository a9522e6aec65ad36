"""Optimizers: sixty steps down a ravine."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from fallline.catalogue.registry import find, ladder
from fallline.catalogue.stepping import optimizer_for
from fallline.core.recipe import Recipe
from fallline.render.number import short
from fallline.render.picture import Line, Mark, Picture

__all__ = ["optimizer_picture"]

_STEPS = 60
_STEEP = 18.0
"""How much more the valley is curved across than along: at a learning rate of 0.1 descent swings from side to side."""
_ANGLE = math.radians(20)
"""How far it is turned against the axes: to optimizers that scale each coordinate it would be no ravine else."""
_START = (-0.25, 0.06)
"""Where the path starts, along and across: not so far away that rules whose steps have a fixed size never arrive."""
_RUNGS = 16
_WINDOW = (-0.32, 0.2, -0.16, 0.1)
_LARGEST = 1.5
_CONTOURS = (0.001, 0.006, 0.016, 0.032, 0.054)

Point = tuple[float, float]


def optimizer_picture(name: str) -> Picture:
    """An optimizer's path down a ravine, at the rate of its ladder that ends lowest."""
    paths = {rate: _path(name, rate) for rate in ladder(name, _RUNGS)}
    ends = {rate: _height(*path[-1]) for rate, path in paths.items()}
    best = min(ends, key=lambda rate: ends[rate] if math.isfinite(ends[rate]) else math.inf)
    path = paths[best]
    return Picture(
        title=f"{name}: {_STEPS} steps down a ravine",
        caption=_caption(name, best, path, ends[best]),
        across="first weight",
        window=_holding(path),
        lines=(Line("path", tuple(x for x, _ in path), tuple(y for _, y in path), steps=True),),
        marks=(Mark("start", *path[0], shape="ring"), Mark("minimum", 0.0, 0.0, shape="cross", hue=1)),
        contours=tuple(_contour(level) for level in _CONTOURS),
    )


def _path(name: str, rate: float) -> list[Point]:
    """Where the loss was looked at, step by step, and where that led."""
    card = find("optimizer", name).card
    recipe = Recipe(optimizer=name, learning_rate=rate, optimizer_options=card.complete({}))
    # A linear layer, as some rules treat matrices in a way of their own.
    module = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([_turned(*_START)]))
    stepper = optimizer_for(recipe, module)
    seen: list[Point] = []

    def closure() -> Tensor:
        stepper.zero_grad()
        seen.append(_place(module))
        loss = _loss(module.weight)
        loss.backward()
        return loss

    for _ in range(_STEPS):
        stepper.step(closure)
    return [*seen, _place(module)]


def _place(module: nn.Linear) -> Point:
    across, up = module.weight.tolist()[0]
    return across, up


def _loss(weight: Tensor) -> Tensor:
    """``(along² + 18 across²) / 2``: a quadratic valley whose bottom is at 0, on a weight ``(1, 2)``."""
    along = weight[0, 0] * math.cos(_ANGLE) + weight[0, 1] * math.sin(_ANGLE)
    across = weight[0, 1] * math.cos(_ANGLE) - weight[0, 0] * math.sin(_ANGLE)
    return (along**2 + _STEEP * across**2) / 2


def _height(x: float, y: float) -> float:
    return _loss(torch.tensor([[x, y]], dtype=torch.float64)).item()


def _turned(along: float, across: float) -> Point:
    """A point of the valley in the axes of the weights."""
    return (
        along * math.cos(_ANGLE) - across * math.sin(_ANGLE),
        along * math.sin(_ANGLE) + across * math.cos(_ANGLE),
    )


def _holding(path: list[Point]) -> tuple[float, float, float, float]:
    """The window, in its own proportions larger where the path leaves it, though never by more than a factor."""
    left, right, bottom, top = _WINDOW
    across, up = (left + right) / 2, (bottom + top) / 2
    reach = [max(abs(x - across) / (right - across), abs(y - up) / (top - up)) for x, y in path]
    grown = min(max(1.0, 1.05 * max(reach)), _LARGEST)
    return (
        across + grown * (left - across),
        across + grown * (right - across),
        up + grown * (bottom - up),
        up + grown * (top - up),
    )


def _contour(level: float) -> Line:
    long, wide = math.sqrt(2 * level), math.sqrt(2 * level / _STEEP)
    turns = [2 * math.pi * step / 120 for step in range(121)]
    points = [_turned(long * math.cos(turn), wide * math.sin(turn)) for turn in turns]
    return Line("", tuple(x for x, _ in points), tuple(y for _, y in points))


def _caption(name: str, rate: float, path: list[Point], end: float) -> str:
    low, high = find("optimizer", name).rates
    looks = len(path) - 1
    each = "Each dot is a step" if looks == _STEPS else f"Each dot is a look at the loss, {looks} of them in all"
    return (
        f"A valley {_STEEP:g} times as steep across as along, second weight against first; learning rate "
        f"{short(rate, 3)}, which ends lowest of its ladder of {_RUNGS} from {short(low)} to {short(high)}. {each}. "
        f"The loss falls from {short(_height(*path[0]), 2)} to {short(end, 2)}."
    )
