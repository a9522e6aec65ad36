"""Activations: value and slope."""

from __future__ import annotations

from fallline.catalogue.curves._sampling import curve_and_slope, even, window, without_jumps
from fallline.catalogue.networks import Feedforward
from fallline.catalogue.registry import find
from fallline.render.number import short
from fallline.render.picture import Line, Picture

__all__ = ["activation_picture"]

_SPANS = {"relu6": (-2.0, 8.0), "hardtanh": (-3.0, 3.0), "hardshrink": (-2.0, 2.0), "softshrink": (-2.0, 2.0)}
_SPAN = (-5.0, 5.0)


def activation_picture(name: str) -> Picture:
    """An activation's value and slope over its input."""
    options = find("activation", name).card.complete({})
    network = Feedforward(inputs=1, widths=(1,), outputs=1, activation=name, activation_options=options).build()
    module = network[1].double()
    x = even(*_SPANS.get(name, _SPAN))
    lines = curve_and_slope(lambda at: module(at.reshape(1, 1)).reshape(()), x, names=("value", "slope"))
    shown = window(lines)
    return Picture(
        title=f"Value and slope of {name}",
        caption=f"Backpropagation multiplies the gradient by the slope. {_said(*lines)}",
        across="input x",
        window=shown,
        lines=tuple(without_jumps(line, shown) for line in lines),
    )


def _said(value: Line, slope: Line) -> str:
    """What the eye may miss: where the value turns, how steep it gets."""
    steepest = max(slope.y)
    said = f"Here that is at most {short(steepest, 3)}"
    lowest = min(range(len(value.y)), key=value.y.__getitem__)
    inside = 5 < lowest < len(value.y) - 6
    if inside and value.y[lowest - 5] - value.y[lowest] > 1e-5 and value.y[lowest + 5] - value.y[lowest] > 1e-5:
        return f"{said}; the value is lowest, {short(value.y[lowest], 2)}, at {short(value.x[lowest], 2)}."
    return f"{said}."
