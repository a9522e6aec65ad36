"""Networks: descriptions that any engine can read, and the modules that torch runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn.init import calculate_gain

from fallline.catalogue.given import network_name
from fallline.catalogue.imported_network import imported_network
from fallline.core.errors import RecipeError
from fallline.core.recipe import OptionValue, Recipe

__all__ = ["HEADS", "LAYERS", "Feedforward", "Head", "Imported", "has_batch_norm", "network_for"]

Head = Literal["none", "sigmoid", "log_softmax", "softplus"]
"""What follows the last layer, so that the module returns what the loss takes."""

_Gain = Literal["linear", "relu", "leaky_relu", "selu", "tanh", "sigmoid"]
HEADS: dict[Head, Callable[[], tuple[nn.Module, ...]]] = {
    "none": lambda: (),
    "sigmoid": lambda: (nn.Sigmoid(),),
    "log_softmax": lambda: (nn.LogSoftmax(dim=1),),
    "softplus": lambda: (nn.Softplus(),),
}
"""The modules of each head."""
LAYERS = ("widths", "activation", "activation_options", "dropout", "normalization", "initialization")
"""The fields of a recipe that speak of the layers of the built-in network, and have no effect on another."""
_ACTIVATIONS: dict[str, Callable[..., nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
    "relu6": nn.ReLU6,
    "hardtanh": nn.Hardtanh,
    "hardsigmoid": nn.Hardsigmoid,
    "hardshrink": nn.Hardshrink,
    "softshrink": nn.Softshrink,
    "threshold": nn.Threshold,
    "identity": nn.Identity,
    "elu": nn.ELU,
    "celu": nn.CELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "softplus": nn.Softplus,
    "log_sigmoid": nn.LogSigmoid,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softsign": nn.Softsign,
    "tanhshrink": nn.Tanhshrink,
}
_NORMALIZATIONS: dict[str, Callable[[int], tuple[nn.Module, ...]]] = {
    "none": lambda width: (),
    "batch": lambda width: (nn.BatchNorm1d(width),),
    "layer": lambda width: (nn.LayerNorm(width),),
}
_INITIALIZATIONS: dict[str, Callable[[Tensor, _Gain, float], object]] = {
    "kaiming_uniform": lambda weight, kind, slope: nn.init.kaiming_uniform_(weight, a=slope, nonlinearity=kind),
    "kaiming_normal": lambda weight, kind, slope: nn.init.kaiming_normal_(weight, a=slope, nonlinearity=kind),
    "xavier_uniform": lambda weight, kind, slope: nn.init.xavier_uniform_(weight, calculate_gain(kind, slope)),
    "xavier_normal": lambda weight, kind, slope: nn.init.xavier_normal_(weight, calculate_gain(kind, slope)),
    "orthogonal": lambda weight, kind, slope: nn.init.orthogonal_(weight, calculate_gain(kind, slope)),
}
_GAINS: dict[str, _Gain] = {
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "prelu": "leaky_relu",  # which it is, at the start
    "selu": "selu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}
"""The activations that torch has a gain for; all others get that of a linear layer, 1."""


@dataclass(frozen=True, kw_only=True)
class Feedforward:
    """A feedforward network: linear layers with an activation between them.

    A hidden layer is `nn.Linear`, the normalization if any, the activation, and `nn.Dropout` if any.

    Args:
        inputs: Features of a row.
        widths: Units of each hidden layer; empty for a linear model.
        outputs: Units of the last layer; no activation follows it.
        activation: Name of the activation in the catalogue.
        activation_options: Its options, all that have no default in torch.
        dropout: Share of a hidden layer's units left out at each training step.
        normalization: Name of the normalization in the catalogue.
        initialization: Name of the initialization in the catalogue.
        head: What follows the last layer.

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
    normalization: str = "none"
    initialization: str = "default"
    head: Head = "none"

    @property
    def parameters(self) -> int:
        """Number of trainable numbers: weights, biases, a normalization's two per unit, a prelu's one per layer."""
        sizes = (self.inputs, *self.widths, self.outputs)
        linear = sum(rows * columns + columns for rows, columns in pairwise(sizes))
        scales = 0 if self.normalization == "none" else 2 * sum(self.widths)
        slopes = len(self.widths) if self.activation == "prelu" else 0
        return linear + scales + slopes

    def build(self) -> nn.Sequential:
        """A plain module, its parameters drawn from torch's random state in module order.

        Another initialization than torch's own then draws the weights of all linear layers anew, first to last, and
        sets their biases to 0.
        """
        layers: list[nn.Module] = []
        size = self.inputs
        for width in self.widths:
            layers += [nn.Linear(size, width), *_NORMALIZATIONS[self.normalization](width)]
            layers.append(_ACTIVATIONS[self.activation](**self.activation_options))
            if self.dropout:
                layers.append(nn.Dropout(self.dropout))
            size = width
        module = nn.Sequential(*layers, nn.Linear(size, self.outputs), *HEADS[self.head]())
        if self.initialization != "default":
            self._initialize(module)
        return module

    def _initialize(self, module: nn.Sequential) -> None:
        draw = _INITIALIZATIONS[self.initialization]
        gain = _GAINS.get(self.activation, "linear")
        slope = self.activation_options.get("negative_slope", self.activation_options.get("init", 0.0))
        assert isinstance(slope, int | float)  # its card has seen to it
        for layer in module:
            if isinstance(layer, nn.Linear):
                draw(layer.weight, gain, slope)
                nn.init.zeros_(layer.bias)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A network of the user's own.

    Args:
        reference: ``package.module:function``; ``function(inputs, outputs)`` returns the module.
        inputs: Features of a row.
        outputs: Units that the module returns.
        head: What follows the module.
        function: The function, where it is known; None: what ``reference`` means.
    """

    reference: str
    inputs: int
    outputs: int
    head: Head = "none"
    function: Callable[..., Any] | None = None

    def build(self) -> nn.Module:
        """The user's module, followed by the head if there is one.

        The working directory is where its module is looked for first. It is tried in eval mode on two rows, which
        changes neither its buffers nor the random state: all that is drawn is drawn by the function.

        Raises:
            RecipeError: It cannot be imported or built, or does not map ``(row, inputs)`` to ``(row, outputs)``.
        """
        module = imported_network(self.reference, inputs=self.inputs, outputs=self.outputs, function=self.function)
        head = HEADS[self.head]()
        return nn.Sequential(module, *head) if head else module


def network_for(recipe: Recipe, *, inputs: int, outputs: int, head: Head) -> Feedforward | Imported:
    """The network that a resolved recipe describes.

    Args:
        recipe: The recipe.
        inputs: Features of a row.
        outputs: Units that its loss wants to see.
        head: What its loss wants after the last layer.

    Raises:
        RecipeError: Fields of the recipe contradict each other.
    """
    if recipe.network is not None:
        _require_no_layers(recipe)
        return Imported(reference=recipe.network, inputs=inputs, outputs=outputs, head=head)
    if recipe.normalization == "layer" and 1 in recipe.widths:
        raise RecipeError(
            "setting up normalization layer",
            "over a layer of one unit it gives the same number for every row",
            expected="at least 2 units in each hidden layer",
            got="widths = " + ", ".join(map(str, recipe.widths)),
            do="--normalization batch, or wider layers",
        )
    return Feedforward(
        inputs=inputs,
        widths=recipe.widths,
        outputs=outputs,
        activation=recipe.activation,
        activation_options=recipe.activation_options,
        dropout=recipe.dropout,
        normalization=recipe.normalization,
        initialization=recipe.initialization,
        head=head,
    )


def has_batch_norm(module: nn.Module) -> bool:
    """Whether ``module`` takes means over the rows of a batch, so that it cannot be trained on one row."""
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
    return any(isinstance(layer, kinds) for layer in module.modules())


def _require_no_layers(recipe: Recipe) -> None:
    """A user's network has its own layers: a field that speaks of them would be ignored, so it is refused."""
    for name in LAYERS:
        given, default = getattr(recipe, name), Recipe.model_fields[name].get_default(call_default_factory=True)
        if given != default:
            raise RecipeError(
                f"setting up the network {network_name(recipe.network or '')}",
                f"its function decides on its layers, so {name} would have no effect",
                got=f"{name} = {given}",
                do=f"leave --{name} out",
            )
