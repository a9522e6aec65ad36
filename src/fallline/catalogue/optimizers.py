"""The optimizers: cards, and the learning rates worth trying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fallline.catalogue.card import Card, Option
from fallline.core.recipe import Options

__all__ = ["OPTIMIZERS", "Optimizer"]


@dataclass(frozen=True)
class Optimizer:
    """An optimizer of the catalogue.

    Args:
        card: Its card.
        rates: Lowest and highest learning rate of a ladder.
        contradiction: Says what is wrong with a set of complete options, or None.
    """

    card: Card
    rates: tuple[float, float]
    contradiction: Callable[[Options], str | None] = lambda options: None


_SHAPES = "each parameter with its gradient, elementwise"
_DTYPES = "floating point"
_DECAY = Option(
    name="weight_decay", default=0.0, low=0, meaning="L2 penalty: this times the weight is added to its gradient"
)
_BETA1 = Option(name="beta1", default=0.9, low=0, high=1, open_high=True, meaning="memory of the mean gradient")
_BETA2 = Option(
    name="beta2", default=0.999, low=0, high=1, open_high=True, meaning="memory of the mean squared gradient"
)
_EPS = Option(name="eps", default=1e-8, low=0, meaning="added to the divisor, against division by zero")
_AMSGRAD = Option(
    name="amsgrad", default=False, meaning="divide by the largest mean squared gradient so far (Reddi et al. 2018)"
)
_ADAM_FORMULA = (
    r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; v \leftarrow \beta_2 v + (1-\beta_2) g^2,\;"
    r"\theta \leftarrow \theta - \eta\,\frac{m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)} + \varepsilon}"
)


def _sgd_contradiction(options: Options) -> str | None:
    if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
        return "nesterov needs a momentum above 0 and no dampening"
    return None


OPTIMIZERS: tuple[Optimizer, ...] = (
    Optimizer(
        Card(
            kind="optimizer",
            name="sgd",
            torch="torch.optim.SGD",
            summary="Gradient descent on batches, with momentum if asked: a step against the gradient.",
            formula=r"b \leftarrow \mu b + (1-\tau)(g + \lambda\theta),\; \theta \leftarrow \theta - \eta b",
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="stable for gradient descent while the rate is below 2 / largest curvature",
            when="The plain baseline; with momentum 0.9 and a schedule, often the best in the end.",
            pitfalls=(
                "Its best learning rate depends on the scale of loss and inputs, and is 10 to 100 times Adam's.",
                "Momentum 0.9 makes steps 10 times as long: divide the learning rate by 10 when adding it.",
            ),
            source="Robbins and Monro (1951); Polyak (1964); Nesterov (1983) as in Sutskever et al. (2013)",
            options=(
                Option(
                    name="momentum", default=0.0, low=0, high=1, open_high=True, meaning="share of the last step kept"
                ),
                Option(
                    name="dampening",
                    default=0.0,
                    low=0,
                    high=1,
                    meaning="share of the gradient kept out of the momentum",
                ),
                Option(name="nesterov", default=False, meaning="look ahead along the momentum"),
                _DECAY,
            ),
        ),
        rates=(1e-3, 1.0),
        contradiction=_sgd_contradiction,
    ),
    Optimizer(
        Card(
            kind="optimizer",
            name="adam",
            torch="torch.optim.Adam",
            summary="Adam: a step of about the learning rate in every coordinate, whatever the gradient's scale.",
            formula=_ADAM_FORMULA,
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="a step's size in a coordinate is about the learning rate, at most a few times it",
            when="The default: works over a wide range of learning rates without tuning.",
            pitfalls=(
                "weight_decay here is an L2 penalty, rescaled like the gradient: for decay proper use adamw.",
                "Rates that suit sgd (0.1, 1) diverge: start at 0.001.",
            ),
            source="Kingma and Ba (2015), algorithm 1",
            options=(_BETA1, _BETA2, _EPS, _DECAY, _AMSGRAD),
        ),
        rates=(1e-4, 3e-2),
    ),
    Optimizer(
        Card(
            kind="optimizer",
            name="adamw",
            torch="torch.optim.AdamW",
            summary="Adam with decoupled weight decay: weights shrink by rate times decay, apart from the gradient.",
            formula=r"\theta \leftarrow \theta (1 - \eta\lambda),\;\text{then Adam:}\; " + _ADAM_FORMULA,
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="a step's size in a coordinate is about the learning rate, at most a few times it",
            when="Wherever Adam with weight decay is wanted.",
            pitfalls=("Its default decay is 0.01, not 0.", "Decay grows with the learning rate: change both together."),
            source="Loshchilov and Hutter (2019), algorithm 2",
            options=(
                _BETA1,
                _BETA2,
                _EPS,
                Option(
                    name="weight_decay",
                    default=0.01,
                    low=0,
                    meaning="weights shrink by learning rate times this per step",
                ),
                _AMSGRAD,
            ),
        ),
        rates=(1e-4, 3e-2),
    ),
    Optimizer(
        Card(
            kind="optimizer",
            name="rmsprop",
            torch="torch.optim.RMSprop",
            summary="RMSprop: the gradient divided by its recent root mean square.",
            formula=r"v \leftarrow \alpha v + (1-\alpha) g^2,\;"
            r"\theta \leftarrow \theta - \eta\,\frac{g}{\sqrt{v} + \varepsilon}",
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="the first step is 1 / sqrt(1 - alpha) = 10 times the learning rate in every coordinate",
            when="Recurrent networks and targets that move; elsewhere Adam.",
            pitfalls=(
                "No bias correction: the first steps are up to 10 times too long, so use a warm-up or a lower rate.",
            ),
            source="Hinton (2012), lecture 6e; centered: Graves (2013)",
            options=(
                Option(name="alpha", default=0.99, low=0, high=1, meaning="memory of the mean squared gradient"),
                _EPS,
                _DECAY,
                Option(
                    name="momentum", default=0.0, low=0, high=1, open_high=True, meaning="share of the last step kept"
                ),
                Option(name="centered", default=False, meaning="divide by the standard deviation instead"),
            ),
        ),
        rates=(3e-5, 1e-2),
    ),
)
