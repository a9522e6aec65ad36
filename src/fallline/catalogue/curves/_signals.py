"""Initializations and normalizations: how large the signal is, layer by layer, before the first step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fallline.catalogue.networks import Feedforward
from fallline.catalogue.registry import find
from fallline.render.picture import Line, Picture, Stroke

__all__ = ["initialization_picture", "normalization_picture"]

_LAYERS, _UNITS, _ROWS = 20, 64, 256
_ACTIVATIONS = ("relu", "tanh")
_LOWEST, _HIGHEST = 1e-6, 30.0


def initialization_picture(name: str) -> Picture:
    """How signal and gradient fare in a deep network whose weights are drawn so."""
    return _picture(name, initialization=name)


def normalization_picture(name: str) -> Picture:
    """How signal and gradient fare in a deep network that is normalized so, with torch's own initialization."""
    return _picture(name, normalization=name)


def _picture(name: str, *, initialization: str = "default", normalization: str = "none") -> Picture:
    lines: list[Line] = []
    for hue, activation in enumerate(_ACTIVATIONS):
        signal, gradient = _measured(activation, initialization=initialization, normalization=normalization)
        lines += [_line(f"signal, {activation}", signal, hue, "solid")]
        lines += [_line(f"gradient, {activation}", gradient, hue, "dashed")]
    return Picture(
        title=f"{name}: the signal through {_LAYERS} layers, before the first step",
        caption=(
            f"Signal: how much the outputs of a layer of {_UNITS} units differ from row to row. Gradient: its size at "
            "that layer, coming from the last. Flat lines train; lines that fall or rise fade out or blow up."
        ),
        across="hidden layer",
        window=(0.5, _LAYERS + 0.5, _LOWEST, _HIGHEST),
        lines=tuple(lines),
        log=True,
    )


def _line(name: str, sizes: list[float], hue: int, stroke: Stroke) -> Line:
    return Line(name, tuple(float(layer + 1) for layer in range(len(sizes))), tuple(sizes), hue, stroke)


def _measured(activation: str, *, initialization: str, normalization: str) -> tuple[list[float], list[float]]:
    """The spread of each linear layer's outputs over the rows, and the size of the gradient there, last layer 1."""
    options = find("activation", activation).card.complete({})
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(_ROWS, _UNITS, generator=generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Feedforward(
            inputs=_UNITS,
            widths=(_UNITS,) * _LAYERS,
            outputs=1,
            activation=activation,
            activation_options=options,
            initialization=initialization,
            normalization=normalization,
        ).build()
    signals: list[Tensor] = []
    for layer in list(network)[:-1]:
        rows = layer(rows)
        if not isinstance(layer, nn.Linear):
            signals[-1] = rows
        else:
            signals.append(rows)
    gradients = torch.autograd.grad(_asked(rows, generator), signals)
    sizes = [gradient.square().mean().sqrt().item() for gradient in gradients]
    return [signal.std(dim=0).mean().item() for signal in signals], [size / sizes[-1] for size in sizes]


def _asked(rows: Tensor, generator: torch.Generator) -> Tensor:
    """A loss whose gradient at the last layer has the same size in every row and unit."""
    return (rows * torch.randn(rows.shape, generator=generator)).sum()
