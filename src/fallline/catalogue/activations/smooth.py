"""Smooth relatives of relu: linear far to the right, flat or nearly so far to the left."""

from __future__ import annotations

from fallline.catalogue.activations._card import Activation, activation
from fallline.catalogue.card import Option

__all__ = ["SMOOTH"]

_HUMP = "It is not monotonic: two inputs may give the same output, which makes single units harder to read."

SMOOTH: tuple[Activation, ...] = (
    activation(
        "elu",
        "ELU",
        summary="Like relu above 0; below, an exponential that levels off at -alpha.",
        formula=r"f(x) = \max(0, x) + \min(0, \alpha (e^x - 1))",
        ranges="any to [-1, inf)",
        when="Instead of relu, where the mean of a layer should stay near 0 without normalization.",
        pitfalls=(
            "Unless alpha is 1 its slope jumps at 0; celu's does not.",
            "Far below 0 it is flat, so units can still get stuck, though not as dead as relu's.",
        ),
        source="Clevert, Unterthiner and Hochreiter (2016)",
        options=(
            Option(name="alpha", default=1.0, low=0, flag="activation-alpha", meaning="how far below 0 it levels off"),
        ),
    ),
    activation(
        "celu",
        "CELU",
        summary="Elu with its curve stretched so that the slope is continuous for every alpha.",
        formula=r"f(x) = \max(0, x) + \min(0, \alpha (e^{x / \alpha} - 1))",
        ranges="any to [-1, inf)",
        when="Where elu is wanted with an alpha other than 1, at which the two are the same.",
        pitfalls=("A small alpha makes it relu with all its dead units, a large one makes it linear.",),
        source="Barron (2017)",
        options=(
            Option(
                name="alpha",
                default=1.0,
                low=0,
                open_low=True,
                flag="activation-alpha",
                meaning="how far below 0 it levels off",
            ),
        ),
    ),
    activation(
        "selu",
        "SELU",
        summary="Elu with two constants that pull each layer towards mean 0 and variance 1.",
        formula=r"f(x) = 1.0507 \left(\max(0, x) + \min(0, 1.6733 (e^x - 1))\right)",
        ranges="any to [-1.7581, inf)",
        when="Deep plain feedforward networks without normalization.",
        pitfalls=(
            "It normalizes only with weights of variance 1 / inputs, which no initialization here gives it: under "
            "torch's gain of 3/4, kaiming_normal gives 9/16 of that.",
            "Ordinary dropout breaks the balance; its paper has a dropout of its own. A skip or a batch "
            "normalization takes its reason away.",
            "Inputs must be standardized, or the first layer starts off balance.",
        ),
        source="Klambauer et al. (2017), eq. 2",
    ),
    activation(
        "gelu",
        "GELU",
        summary="The input times the probability that a standard normal lies below it: a smooth relu.",
        formula=r"f(x) = x\,\Phi(x)",
        ranges="any to [-0.1700, inf)",
        when="Transformers; a smooth alternative to relu.",
        pitfalls=(
            "It dips below 0 near -0.75. " + _HUMP,
            "The tanh form differs by up to 0.0005: weights trained with one are slightly off in the other.",
        ),
        source="Hendrycks and Gimpel (2016), eq. 1",
        options=(
            Option(
                name="approximate",
                default="none",
                holds="choice",
                choices=("none", "tanh"),
                meaning="the exact form, or one through tanh as in GPT-2",
            ),
        ),
    ),
    activation(
        "silu",
        "SiLU",
        summary="The input times its sigmoid, also known as swish.",
        formula=r"f(x) = x\,\sigma(x)",
        ranges="any to [-0.2785, inf)",
        when="A smooth alternative to relu, about as cheap as gelu; usual in convolutional and language models.",
        pitfalls=("It dips below 0 near -1.28. " + _HUMP,),
        source="Elfwing, Uchibe and Doya (2018), eq. 5; Ramachandran, Zoph and Le (2018)",
    ),
    activation(
        "mish",
        "Mish",
        summary="The input times the tanh of its softplus: a smooth relu much like silu.",
        formula=r"f(x) = x \tanh(\ln(1 + e^x))",
        ranges="any to [-0.3089, inf)",
        when="Where silu does well; the difference is usually within the noise of the seeds.",
        pitfalls=(
            "It dips below 0 near -1.19. " + _HUMP,
            "The dearest of its family: an exponential, a logarithm and a tanh per unit.",
        ),
        source="Misra (2020), eq. 1",
    ),
    activation(
        "hardswish",
        "Hardswish",
        summary="Silu with the hard sigmoid in it: the input times a straight line that is cut off at 0 and 1.",
        formula=r"f(x) = x \min(\max(0, \tfrac{x}{6} + \tfrac12), 1)",
        ranges="any to [-0.375, inf)",
        when="Silu on small hardware: no exponential.",
        pitfalls=(
            "Below -3 it is exactly 0, so units die as relu's do; silu's do not.",
            "Its slope jumps by a half at -3 and at 3.",
        ),
        source="Howard et al. (2019), section 5.2",
    ),
    activation(
        "softplus",
        "Softplus",
        summary="The smooth form of relu: the logarithm of one plus the exponential.",
        formula=r"f(x) = \ln(1 + e^{\beta x}) / \beta",
        ranges="any to [0, inf)",
        when="To make outputs positive (rates, variances); between layers relu or silu is better.",
        pitfalls=(
            "It is 0.69 at 0, so every layer of it adds a positive offset, and deep ones drift.",
            "Where beta times the input exceeds the threshold torch takes the straight line, whose curvature is 0: at "
            "the default of 20 nobody sees it, at a low one there is a jump.",
        ),
        source="Dugas et al. (2001)",
        options=(
            Option(
                name="beta", default=1.0, low=0, open_low=True, flag="activation-beta", meaning="how sharp its bend is"
            ),
            Option(
                name="threshold",
                default=20.0,
                low=0,
                flag="activation-threshold",
                meaning="where beta times the input exceeds it, the straight line is taken",
            ),
        ),
    ),
    activation(
        "log_sigmoid",
        "LogSigmoid",
        summary="The logarithm of sigmoid: softplus mirrored, never above 0.",
        formula=r"f(x) = \ln \frac{1}{1 + e^{-x}} = -\ln(1 + e^{-x})",
        ranges="any to (-inf, 0]",
        when="To get log-probabilities out; between layers softplus or relu is better.",
        pitfalls=(
            "Not before bce_with_logits or soft_margin, which have it inside.",
            "It flattens to the right, so large inputs lose their gradient.",
        ),
        source="the mirror image of softplus, Dugas et al. (2001)",
    ),
)
