"""Gradient descent: sgd, asgd."""

from __future__ import annotations

from fallline.catalogue.card import Option
from fallline.catalogue.optimizers._shared import DECAY, MOMENTUM, NESTEROV, card
from fallline.catalogue.optimizers.entry import Optimizer
from fallline.core.recipe import Options

__all__ = ["DESCENT"]


def _sgd_contradiction(options: Options) -> str | None:
    if options["nesterov"] and options["momentum"] == 0:
        return "nesterov looks ahead along the momentum, and momentum is 0: add --momentum 0.9 or leave --nesterov out"
    if options["nesterov"] and options["dampening"] != 0:
        return "nesterov goes with no dampening: leave --dampening or --nesterov out"
    return None


DESCENT: tuple[Optimizer, ...] = (
    Optimizer(
        card(
            "sgd",
            "torch.optim.SGD",
            summary="Gradient descent on batches, with momentum if asked: a step against the gradient.",
            formula=r"b \leftarrow \mu b + (1-\tau)(g + \lambda\theta),\; \theta \leftarrow \theta - \eta b",
            ranges="gradient descent is stable while the rate is below 2 / largest curvature; "
            "momentum µ widens that to 2 (1 + µ) / largest curvature",
            when="The plain baseline; with momentum 0.9 and a schedule, often the best in the end.",
            pitfalls=(
                "Its best learning rate grows and shrinks with the scale of loss and inputs, and is 10 to 100 times "
                "Adam's: the 0.001 that torch takes by default barely moves a small network.",
                "Momentum 0.9 makes steps 10 times as long: divide the learning rate by 10 when adding it.",
                "A loss summed over the batch instead of averaged multiplies every step by the batch size.",
                "Features on different scales leave a ravine that it zig-zags down: standardize them.",
                "Dampening does nothing without momentum, nor on the first step.",
            ),
            source="Robbins and Monro (1951); Polyak (1964); Nesterov (1983) as in Sutskever et al. (2013), eq. 3, 4",
            options=(
                MOMENTUM,
                Option(
                    name="dampening",
                    default=0.0,
                    low=0,
                    high=1,
                    meaning="share of the gradient kept out of the momentum",
                ),
                NESTEROV,
                DECAY,
            ),
        ),
        rates=(1e-3, 1.0),
        contradiction=_sgd_contradiction,
    ),
    Optimizer(
        card(
            "asgd",
            "torch.optim.ASGD",
            summary="Gradient descent at a rate that falls slowly, with a running average of the weights beside it.",
            formula=r"\theta \leftarrow (1 - \lambda\eta_t)\,\theta - \eta_t g,\;"
            r"\eta_{t+1} = \frac{\eta}{(1 + \lambda\eta t)^{\alpha}},\;"
            r"\bar\theta \leftarrow \bar\theta + \frac{\theta - \bar\theta}{\max(1,\, t - t_0)}",
            ranges="stable while the rate is below 2 / largest curvature, as gradient descent",
            when="To see what averaging and a falling rate are worth beside sgd; rarely the best.",
            pitfalls=(
                "Torch keeps the average in the optimizer's state and never puts it into the network: what is "
                "validated and saved is the last step, so at its defaults this is sgd with a slightly falling rate.",
                "Averaging starts after t0 steps, by default a million.",
                "A schedule's rate arrives one step late, as each step fixes the rate of the next.",
                "It has no momentum; sgd with momentum and a schedule is nearly always better.",
            ),
            source="Polyak and Juditsky (1992); the falling rate: Xu (2011)",
            options=(
                Option(
                    name="lambd", default=1e-4, low=0, meaning="how fast weights and rate shrink", flag="asgd-lambd"
                ),
                Option(name="alpha", default=0.75, low=0, meaning="power with which the rate falls"),
                Option(name="t0", default=1e6, low=0, meaning="step after which the weights are averaged"),
                DECAY,
            ),
        ),
        rates=(1e-3, 1.0),
    ),
)
