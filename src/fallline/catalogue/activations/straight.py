"""Activations made of straight pieces: cheap, with a kink or a jump where the pieces meet."""

from __future__ import annotations

from fallline.catalogue.activations._card import Activation, activation
from fallline.catalogue.card import Option

__all__ = ["STRAIGHT"]

_LAMBD = Option(
    name="lambd",
    default=0.5,
    low=0,
    flag="shrink-lambd",
    meaning="half the width λ of the band around 0 that becomes 0",
)

STRAIGHT: tuple[Activation, ...] = (
    activation(
        "relu",
        "ReLU",
        summary="Rectified linear unit: negative values become 0.",
        formula=r"f(x) = \max(0, x)",
        ranges="any to [0, inf)",
        when="The default between layers.",
        pitfalls=(
            "A unit whose input is negative on every row has no gradient and never recovers (a dead unit); one step "
            "at too high a learning rate is enough to kill many.",
            "As the last layer of a regression it cannot say anything negative, and half of all networks start dead.",
        ),
        source="Fukushima (1969); Nair and Hinton (2010)",
    ),
    activation(
        "leaky_relu",
        "LeakyReLU",
        summary="Like relu, but negative values keep a small slope.",
        formula=r"f(x) = \max(0, x) + a \min(0, x)",
        ranges="any to (-inf, inf)",
        when="When relu units die, as at high learning rates.",
        pitfalls=(
            "A slope of 1 makes the network linear.",
            "Units do not die, but at the default slope of 0.01 they sleep: their gradient is a hundredth.",
        ),
        source="Maas, Hannun and Ng (2013)",
        options=(Option(name="negative_slope", default=0.01, low=0, meaning="slope a below 0"),),
    ),
    activation(
        "prelu",
        "PReLU",
        summary="Like leaky_relu, but each layer learns its slope below 0.",
        formula=r"f(x) = \max(0, x) + a \min(0, x), \quad a \text{ learned, one per layer}",
        ranges="any to (-inf, inf)",
        when="When relu units die and there are enough rows to learn what slope is best.",
        pitfalls=(
            "The slope is a parameter like any other: weight decay pulls it towards 0, which is relu.",
            "A slope may grow past 1 or become negative; nothing keeps it in between.",
        ),
        source="He et al. (2015), eq. 1",
        options=(Option(name="init", default=0.25, flag="prelu-init", meaning="slope a at the start"),),
    ),
    activation(
        "relu6",
        "ReLU6",
        summary="Like relu, but values above 6 become 6.",
        formula=r"f(x) = \min(\max(0, x), 6)",
        ranges="any to [0, 6]",
        when="Networks that will be run in 8 or 16 bits, where an unbounded activation loses its digits.",
        pitfalls=("A unit can die on both sides: below 0 and above 6 there is no gradient. Standardize the inputs.",),
        source="Krizhevsky (2010); Howard et al. (2017)",
    ),
    activation(
        "hardtanh",
        "Hardtanh",
        summary="A straight line that is cut off at two values: tanh made of three straight pieces.",
        formula=r"f(x) = \min(\max(x, a), b), \quad a \text{ min\_val},\ b \text{ max\_val}",
        ranges="any to [-1, 1]",
        when="A bounded activation that costs next to nothing.",
        pitfalls=(
            "Past its ends the gradient is exactly 0, not small as tanh's: units out there are stuck.",
            "The two ends must enclose 0 here (torch also takes others): without 0, no small input gets through.",
        ),
        source="Collobert (2004)",
        options=(
            Option(name="min_val", default=-1.0, high=0, meaning="lower end a"),
            Option(name="max_val", default=1.0, low=0, open_low=True, meaning="upper end b"),
        ),
    ),
    activation(
        "hardsigmoid",
        "Hardsigmoid",
        summary="Sigmoid made of three straight pieces.",
        formula=r"f(x) = \min(\max(0, \tfrac{x}{6} + \tfrac12), 1)",
        ranges="any to [0, 1]",
        when="Gates in networks that have to be fast on small hardware.",
        pitfalls=(
            "Its slope is at most 1/6, less than sigmoid's: gradients shrink at least sixfold per layer.",
            "Other libraries cut elsewhere (Keras once at ±2.5): weights do not carry over.",
        ),
        source="Courbariaux, Bengio and David (2015); with these ends Howard et al. (2019)",
    ),
    activation(
        "hardshrink",
        "Hardshrink",
        summary="Values close to 0 become 0, all others pass unchanged.",
        formula=r"f(x) = x \text{ if } |x| > \lambda \text{ else } 0",
        ranges="any to (-inf, inf)",
        when="Sparse codes: only what stands out is passed on.",
        pitfalls=(
            "It jumps at ±λ, where the gradient knows nothing of the jump.",
            "Small initial weights put most units into the band, where there is no gradient at all.",
        ),
        source="Donoho and Johnstone (1994), hard thresholding",
        options=(_LAMBD,),
    ),
    activation(
        "softshrink",
        "Softshrink",
        summary="All values move towards 0 by λ, and those closer to it become 0.",
        formula=r"f(x) = \operatorname{sign}(x) \max(|x| - \lambda, 0)",
        ranges="any to (-inf, inf)",
        when="Sparse codes and unrolled iterations of the lasso, whose proximal step it is.",
        pitfalls=(
            "Small initial weights put most units into the band around 0, where there is no gradient at all.",
            "Everything that passes is smaller by λ, so a deep network of them fades: lower λ, or normalize.",
        ),
        source="Donoho and Johnstone (1994), soft thresholding; Gregor and LeCun (2010)",
        options=(_LAMBD,),
    ),
    activation(
        "threshold",
        "Threshold",
        summary="Values at or below the threshold become one fixed value. At its defaults it is relu.",
        formula=r"f(x) = x \text{ if } x > \theta \text{ else } v, \quad \theta \text{ threshold},\ v \text{ value}",
        ranges="any to [0, inf)",
        when="Units that stay silent until their input is strong.",
        pitfalls=(
            "Unless value equals threshold it jumps, and the gradient knows nothing of the jump.",
            "Below the threshold there is no gradient: the higher it is, the more units are dead from the start.",
        ),
        source="Konda, Memisevic and Krueger (2015)",
        options=(
            Option(
                name="threshold", default=0.0, flag="activation-threshold", meaning="up to this θ a value is replaced"
            ),
            Option(name="value", default=0.0, flag="activation-value", meaning="what it is replaced by, v"),
        ),
    ),
    activation(
        "identity",
        "Identity",
        summary="No activation: the layers together stay a linear model.",
        formula=r"f(x) = x",
        ranges="any to (-inf, inf)",
        when="To see what the nonlinearity is worth: a deep linear network.",
        pitfalls=("However deep, the network can only learn a linear function, though not at the same speed.",),
        source="Saxe, McClelland and Ganguli (2014)",
    ),
)
