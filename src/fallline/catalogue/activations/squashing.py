"""Activations in the shape of an S: bounded, flat on both sides. And tanhshrink, what tanh takes away."""

from __future__ import annotations

from fallline.catalogue.activations._card import Activation, activation

__all__ = ["SQUASHING"]

SQUASHING: tuple[Activation, ...] = (
    activation(
        "tanh",
        "Tanh",
        summary="Hyperbolic tangent: an S from -1 to 1 through the origin.",
        formula=r"f(x) = \tanh x",
        ranges="any to [-1, 1]",
        when="Small, smooth problems; where outputs must be bounded and centred.",
        pitfalls=(
            "Far from 0 it is flat and the gradient vanishes: standardize the inputs, and start with small weights.",
            "In float32 it is exactly 1 from about 9 on: there the gradient is not small but 0.",
        ),
        source="LeCun et al. (1998), section 4.4",
    ),
    activation(
        "sigmoid",
        "Sigmoid",
        summary="Logistic function: an S from 0 to 1.",
        formula=r"f(x) = \frac{1}{1 + e^{-x}}",
        ranges="any to [0, 1]",
        when="Gates and probabilities; between layers tanh is better.",
        pitfalls=(
            "Its slope is at most 1/4, so gradients shrink at least fourfold per layer.",
            "It is never negative, so all weights into a unit of the next layer are pushed the same way at a step.",
            "Not before bce_with_logits, which has it inside.",
        ),
        source="Rumelhart, Hinton and Williams (1986); LeCun et al. (1998), section 4.4, on what goes wrong",
    ),
    activation(
        "softsign",
        "Softsign",
        summary="An S from -1 to 1 that nears its ends slowly, without an exponential.",
        formula=r"f(x) = \frac{x}{1 + |x|}",
        ranges="any to [-1, 1]",
        when="Instead of tanh where units saturate: its gradient fades as 1/x², tanh's exponentially.",
        pitfalls=(
            "Its ends are far away: an output of 0.99 takes an input of 99. Do not use it to make hard decisions.",
        ),
        source="Bergstra et al. (2009); Glorot and Bengio (2010)",
    ),
    activation(
        "tanhshrink",
        "Tanhshrink",
        summary="What tanh takes away: nothing close to 0, all but 1 far from it.",
        formula=r"f(x) = x - \tanh x",
        ranges="any to (-inf, inf)",
        when="Sparse codes, as a smooth softshrink; rarely between layers.",
        pitfalls=(
            "Its slope is 0 at 0 and only x² close by: a network with small initial weights hardly learns at first.",
        ),
        source="Torch7: Collobert, Kavukcuoglu and Farabet (2011)",
    ),
)
