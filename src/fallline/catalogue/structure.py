"""What a feedforward network is made of besides its layers: initializations and normalizations, as cards."""

from __future__ import annotations

from dataclasses import dataclass

from fallline.catalogue.card import Card

__all__ = ["INITIALIZATIONS", "NORMALIZATIONS", "Initialization", "Normalization"]


@dataclass(frozen=True)
class Initialization:
    """An initialization of the catalogue: how the weights of every linear layer are drawn."""

    card: Card


@dataclass(frozen=True)
class Normalization:
    """A normalization of the catalogue: what stands between a hidden layer and its activation."""

    card: Card


_GAIN = (
    "The gain g is torch's for the activation between the layers: tanh 5/3, relu √2, leaky_relu and prelu (with its "
    "first slope) √(2 / (1 + a²)), selu 3/4, and 1 for sigmoid and all that torch names none for, as gelu and silu."
)
_EVERYWHERE = "All linear layers get the same gain, the last one too, though no activation follows it."


def _initialization(
    name: str, torch: str, *, summary: str, formula: str, ranges: str, when: str, pitfalls: tuple[str, ...], source: str
) -> Initialization:
    return Initialization(
        Card(
            kind="initialization",
            name=name,
            torch=f"torch.nn.{torch}",
            summary=summary,
            formula=formula,
            shapes="weights (output, input) with n inputs and m outputs, biases (output,)",
            dtypes="drawn in float32, then cast: float64 runs start from the same numbers",
            ranges=ranges,
            when=when,
            pitfalls=pitfalls,
            source=source,
        )
    )


INITIALIZATIONS: tuple[Initialization, ...] = (
    _initialization(
        "default",
        "Linear.reset_parameters",
        summary="What torch does when it is told nothing: small uniform weights, and biases alike.",
        formula=r"W, b \sim U\!\left(-\tfrac{1}{\sqrt n}, \tfrac{1}{\sqrt n}\right)",
        ranges="between -1/√n and 1/√n",
        when="Networks of a few layers, and whatever must be like a plain PyTorch script.",
        pitfalls=(
            "Each layer's output varies a third as much as its input, or less: deep networks without normalization "
            "fade out.",
            "Torch calls it Kaiming with a = √5, which has nothing to do with the activation.",
        ),
        source="LeCun et al. (1998), section 4.6, for the scale; torch for the factor",
    ),
    _initialization(
        "kaiming_uniform",
        "init.kaiming_uniform_",
        summary="Uniform weights that keep the size of the signal through relu layers; biases 0.",
        formula=r"W \sim U\!\left(-g \sqrt{\tfrac{3}{n}}, g \sqrt{\tfrac{3}{n}}\right), \quad b = 0",
        ranges="between -g √(3/n) and g √(3/n)",
        when="Deep networks with relu and its relatives.",
        pitfalls=(_GAIN, _EVERYWHERE, "It is √6 times as wide as the default under relu: lower the learning rate."),
        source="He et al. (2015), eq. 10",
    ),
    _initialization(
        "kaiming_normal",
        "init.kaiming_normal_",
        summary="Normal weights that keep the size of the signal through relu layers; biases 0.",
        formula=r"W \sim N\!\left(0, \tfrac{g^2}{n}\right), \quad b = 0",
        ranges="any; the standard deviation is g / √n",
        when="Deep networks with relu and its relatives; kaiming_uniform has the same variance.",
        pitfalls=(_GAIN, _EVERYWHERE, "In narrow layers a rare large weight can decide how a run goes: try seeds."),
        source="He et al. (2015), eq. 10",
    ),
    _initialization(
        "xavier_uniform",
        "init.xavier_uniform_",
        summary="Uniform weights that weigh the signal forward against the gradient backward; biases 0.",
        formula=r"W \sim U\!\left(-g \sqrt{\tfrac{6}{n + m}}, g \sqrt{\tfrac{6}{n + m}}\right), \quad b = 0",
        ranges="between -g √(6/(n + m)) and g √(6/(n + m))",
        when="Deep networks with tanh, sigmoid or softsign.",
        pitfalls=(_GAIN, _EVERYWHERE, "The paper has no gain: for its own form, take an activation whose gain is 1."),
        source="Glorot and Bengio (2010), eq. 16",
    ),
    _initialization(
        "xavier_normal",
        "init.xavier_normal_",
        summary="Normal weights that weigh the signal forward against the gradient backward; biases 0.",
        formula=r"W \sim N\!\left(0, \tfrac{2 g^2}{n + m}\right), \quad b = 0",
        ranges="any; the standard deviation is g √(2/(n + m))",
        when="Deep networks with tanh, sigmoid or softsign; xavier_uniform has the same variance.",
        pitfalls=(_GAIN, _EVERYWHERE, "Where a layer is much wider than the next, neither direction keeps its size."),
        source="Glorot and Bengio (2010), eq. 12",
    ),
    _initialization(
        "orthogonal",
        "init.orthogonal_",
        summary="Weights whose rows, or columns, are at right angles and equally long; biases 0.",
        formula=r"W = g\,Q, \quad Q^\top Q = I \text{ or } Q\,Q^\top = I, \quad b = 0",
        ranges="between -g and g",
        when="Very deep or linear networks: no direction grows or fades, all get through alike.",
        pitfalls=(
            _GAIN,
            _EVERYWHERE,
            "It takes a QR decomposition, whose last digits depend on the linear algebra library: the same seed may "
            "start slightly differently on another machine.",
        ),
        source="Saxe, McClelland and Ganguli (2014)",
    ),
)


def _normalization(
    name: str, torch: str, *, summary: str, formula: str, ranges: str, when: str, pitfalls: tuple[str, ...], source: str
) -> Normalization:
    return Normalization(
        Card(
            kind="normalization",
            name=name,
            torch=torch,
            summary=summary,
            formula=formula,
            shapes="(row, unit) to the same",
            dtypes="floating point",
            ranges=ranges,
            when=when,
            pitfalls=pitfalls,
            source=source,
        )
    )


NORMALIZATIONS: tuple[Normalization, ...] = (
    _normalization(
        "none",
        "",
        summary="The layer's output goes into the activation as it is.",
        formula=r"f(x) = x",
        ranges="any to any",
        when="Networks of a few layers on standardized inputs, which is most tables.",
        pitfalls=("In deep networks the signal grows or fades from layer to layer: see the initializations.",),
        source="Rumelhart, Hinton and Williams (1986), who had none",
    ),
    _normalization(
        "batch",
        "torch.nn.BatchNorm1d",
        summary="Each unit is standardized over the rows of the batch, then scaled and shifted by learned numbers.",
        formula=r"y = \gamma (x - \mu) / \sqrt{\sigma^2 + \varepsilon} + \beta, \quad \mu, \sigma \text{ over rows}",
        ranges="any to any; before scaling, mean 0 and variance 1 over the batch",
        when="Deep networks with batches of 32 rows or more; it allows higher learning rates.",
        pitfalls=(
            "It predicts with running averages of what it saw in training (torch's momentum of 0.1): after 10 steps "
            "a third of them is still the starting value, so short full-batch runs validate badly.",
            "A script that forgets module.eval() lets the rows of a batch change each other's predictions.",
            "A batch of one row has no variance: such a last batch is left out. Below about 8 rows it is mostly noise.",
            "The bias of the layer before it does nothing, and row weights do not enter its means.",
        ),
        source="Ioffe and Szegedy (2015), algorithm 1",
    ),
    _normalization(
        "layer",
        "torch.nn.LayerNorm",
        summary="Each row is standardized over the units of the layer, then scaled and shifted by learned numbers.",
        formula=r"y = \gamma (x - \mu) / \sqrt{\sigma^2 + \varepsilon} + \beta, \quad \mu, \sigma \text{ over units}",
        ranges="any to any; before scaling, mean 0 and variance 1 over the units",
        when="Deep networks with small batches: it takes each row by itself, in training as in prediction.",
        pitfalls=(
            "It removes a row's mean and size: layers of two to four units lose most of what they know, and a layer "
            "of one unit loses all of it (which is refused).",
            "Rows whose units are all but equal are blown up to variance 1, noise included.",
        ),
        source="Ba, Kiros and Hinton (2016), eq. 4",
    ),
)
