"""Networks: a description that any engine can read, and the module that torch runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from torch import nn

from fallline.core.recipe import OptionValue, Recipe

__all__ = ["Feedforward"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}


@dataclass(frozen=True, kw_only=True)
class Feedforward:
    """A feedforward network: linear layers with an activation between them.

    Args:
        inputs: Features of a row.
        widths: Units of each hidden layer; empty for a linear model.
        outputs: Units of the last layer; no activation follows it.
        activation: Name of the activation in the catalogue.
        activation_options: Its options.
        dropout: Share of a hidden layer's units left out at each training step.

    Example:
        >>> Feedforward(inputs=5, widths=(5,), outputs=1).build()
        Sequential(
          (0): Linear(in_features=5, out_features=5, bias=True)
          (1): ReLU()
          (2): Linear(in_features=5, out_features=1, bias=True)
        )
    """

    inputs: int
    widths: tuple[int, ...]
    outputs: int
    activation: str = "relu"
    activation_options: Mapping[str, OptionValue] = field(default_factory=dict)
    dropout: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe, *, inputs: int, outputs: int) -> Feedforward:
        """The network that ``recipe`` describes, between ``inputs`` features and ``outputs`` units."""
        return cls(
            inputs=inputs,
            widths=recipe.widths,
            outputs=outputs,
            activation=recipe.activation,
            activation_options=recipe.activation_options,
            dropout=recipe.dropout,
        )

    @property
    def parameters(self) -> int:
        """Number of trainable numbers."""
        sizes = (self.inputs, *self.widths, self.outputs)
        return sum(rows * columns + columns for rows, columns in pairwise(sizes))

    def build(self) -> nn.Sequential:
        """A plain module, its parameters drawn from torch's random state in module order."""
        layers: list[nn.Module] = []
        size = self.inputs
        for width in self.widths:
            layers += [nn.Linear(size, width), _ACTIVATIONS[self.activation](**self.activation_options)]
            if self.dropout:
                layers.append(nn.Dropout(self.dropout))
            size = width
        return nn.Sequential(*layers, nn.Linear(size, self.outputs))
