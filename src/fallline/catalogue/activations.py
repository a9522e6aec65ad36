"""The activations: cards."""

from __future__ import annotations

from dataclasses import dataclass

from fallline.catalogue.card import Card, Option

__all__ = ["ACTIVATIONS", "Activation"]


@dataclass(frozen=True)
class Activation:
    """An activation of the catalogue."""

    card: Card


def _activation(
    name: str,
    torch: str,
    *,
    summary: str,
    formula: str,
    ranges: str,
    when: str,
    pitfalls: tuple[str, ...],
    source: str,
    options: tuple[Option, ...] = (),
) -> Activation:
    return Activation(
        Card(
            kind="activation",
            name=name,
            torch=f"torch.nn.{torch}",
            summary=summary,
            formula=formula,
            shapes="any, elementwise",
            dtypes="floating point",
            ranges=ranges,
            when=when,
            pitfalls=pitfalls,
            source=source,
            options=options,
        )
    )


ACTIVATIONS: tuple[Activation, ...] = (
    _activation(
        "relu",
        "ReLU",
        summary="Rectified linear unit: negative values become 0.",
        formula=r"f(x) = \max(0, x)",
        ranges="any to [0, inf)",
        when="The default between layers.",
        pitfalls=(
            "A unit whose input is negative on every row has no gradient and never recovers (a dead unit).",
            "Never on the output layer of a regression or before a loss that takes logits.",
        ),
        source="Fukushima (1969); Nair and Hinton (2010)",
    ),
    _activation(
        "leaky_relu",
        "LeakyReLU",
        summary="Like relu, but negative values keep a small slope.",
        formula=r"f(x) = \max(0, x) + a \min(0, x)",
        ranges="any to any",
        when="When relu units die, as at high learning rates.",
        pitfalls=("A slope of 1 makes the network linear.",),
        source="Maas, Hannun and Ng (2013)",
        options=(Option(name="negative_slope", default=0.01, low=0, meaning="slope a below 0"),),
    ),
    _activation(
        "gelu",
        "GELU",
        summary="The input times the probability that a standard normal lies below it: a smooth relu.",
        formula=r"f(x) = x\,\Phi(x)",
        ranges="any to (-0.17, inf)",
        when="Transformers; a smooth alternative to relu.",
        pitfalls=("Not monotonic: it dips below 0 near -0.75.", "Several times as slow as relu."),
        source="Hendrycks and Gimpel (2016), eq. 1",
    ),
    _activation(
        "silu",
        "SiLU",
        summary="The input times its sigmoid, also known as swish.",
        formula=r"f(x) = x\,\sigma(x)",
        ranges="any to (-0.28, inf)",
        when="A smooth alternative to relu, cheaper than gelu.",
        pitfalls=("Not monotonic: it dips below 0 near -1.28.",),
        source="Elfwing, Uchibe and Doya (2018), eq. 5",
    ),
    _activation(
        "tanh",
        "Tanh",
        summary="Hyperbolic tangent: an S from -1 to 1 through the origin.",
        formula=r"f(x) = \tanh x",
        ranges="any to (-1, 1)",
        when="Small, smooth problems; where outputs must be bounded and centred.",
        pitfalls=("Far from 0 it is flat and the gradient vanishes: standardize the inputs.",),
        source="LeCun et al. (1998), section 4.4",
    ),
    _activation(
        "sigmoid",
        "Sigmoid",
        summary="Logistic function: an S from 0 to 1.",
        formula=r"f(x) = \frac{1}{1 + e^{-x}}",
        ranges="any to (0, 1)",
        when="Gates and probabilities; between layers tanh is better.",
        pitfalls=(
            "Its slope is at most 1/4, so gradients shrink at least fourfold per layer.",
            "Not before bce_with_logits, which has it inside.",
        ),
        source="Rumelhart, Hinton and Williams (1986)",
    ),
    _activation(
        "identity",
        "Identity",
        summary="No activation: the layers together stay a linear model.",
        formula=r"f(x) = x",
        ranges="any to any",
        when="To see what the nonlinearity is worth: a deep linear network.",
        pitfalls=("However deep, the network can only learn a linear function.",),
        source="Saxe, McClelland and Ganguli (2014)",
    ),
)
