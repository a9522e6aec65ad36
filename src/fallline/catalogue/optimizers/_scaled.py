"""The gradient divided by what it was before: adagrad, adadelta, rmsprop."""

from __future__ import annotations

from fallline.catalogue.card import Option
from fallline.catalogue.optimizers._shared import DECAY, EPS, MOMENTUM, card, with_default
from fallline.catalogue.optimizers.entry import Optimizer

__all__ = ["SCALED"]

SCALED: tuple[Optimizer, ...] = (
    Optimizer(
        card(
            "adagrad",
            "torch.optim.Adagrad",
            summary="The gradient divided by the root of the sum of all squared gradients so far.",
            formula=r"s \leftarrow s + g^2,\; \theta \leftarrow \theta - "
            r"\frac{\eta}{1 + (t-1)\gamma}\,\frac{g}{\sqrt{s} + \varepsilon}",
            ranges="the first step is the learning rate in every coordinate; steps then fall as 1 / sqrt(step)",
            when="Sparse features, whose rare coordinates keep long steps; convex losses.",
            pitfalls=(
                "Its steps only ever get shorter: long runs stall, and its best rate is about 10 times Adam's.",
                "A few huge gradients at the start, as from inputs that are not standardized, slow it for good.",
                "lr_decay comes on top of that: leave it at 0.",
            ),
            source="Duchi, Hazan and Singer (2011), figure 1",
            options=(
                Option(name="lr_decay", default=0.0, low=0, meaning="the rate is divided by 1 + this times the steps"),
                DECAY,
                Option(
                    name="initial_accumulator_value",
                    default=0.0,
                    low=0,
                    meaning="the sum of squared gradients at the start",
                ),
                with_default(EPS, 1e-10),
            ),
        ),
        rates=(1e-3, 3e-1),
    ),
    Optimizer(
        card(
            "adadelta",
            "torch.optim.Adadelta",
            summary="Adaptive steps in the weights' own unit: the recent step's size over the recent gradient's.",
            formula=r"v \leftarrow \rho v + (1-\rho) g^2,\;"
            r"\Delta = \frac{\sqrt{u + \varepsilon}}{\sqrt{v + \varepsilon}}\, g,\;"
            r"u \leftarrow \rho u + (1-\rho) \Delta^2,\; \theta \leftarrow \theta - \eta\Delta",
            ranges="its natural learning rate is 1; the first step is about sqrt(eps / (1 - rho)) = 0.003 times it",
            when="Where no learning rate can be tuned at all; elsewhere adam is faster.",
            pitfalls=(
                "Rates that suit adam (0.001) leave it standing still: it wants about 1.",
                "It starts slowly, as its steps must first grow from eps: a larger eps speeds it up.",
                "eps sets the length of its steps, and is no mere guard: at 0 it never moves.",
            ),
            source="Zeiler (2012), algorithm 1",
            options=(
                Option(
                    name="rho",
                    default=0.9,
                    low=0,
                    high=1,
                    open_high=True,
                    meaning="memory of the mean squared gradient and of the mean squared step",
                ),
                with_default(EPS, 1e-6, "added to both mean squares: the length of the first steps grows with it"),
                DECAY,
            ),
        ),
        rates=(3e-2, 10.0),
    ),
    Optimizer(
        card(
            "rmsprop",
            "torch.optim.RMSprop",
            summary="RMSprop: the gradient divided by its recent root mean square.",
            formula=r"v \leftarrow \alpha v + (1-\alpha) g^2,\;"
            r"b \leftarrow \mu b + \frac{g}{\sqrt{v} + \varepsilon},\; \theta \leftarrow \theta - \eta b",
            ranges="the first step is 1 / sqrt(1 - alpha) = 10 times the learning rate in every coordinate",
            when="Recurrent networks and targets that move; elsewhere adam.",
            pitfalls=(
                "No bias correction: the first steps are up to 10 times too long, so use a warm-up or a lower rate.",
                "Torch's default rate, 0.01, is too high for most networks, unlike adam's.",
                "TensorFlow adds eps inside the root, torch outside: runs differ where gradients are tiny.",
                "centered divides by almost 0 where the gradient hardly varies, and steps hundreds of times the rate: "
                "raise eps with it.",
            ),
            source="Hinton (2012), lecture 6e; centered: Graves (2013), eq. 38 to 45",
            options=(
                Option(
                    name="alpha",
                    default=0.99,
                    low=0,
                    high=1,
                    open_high=True,
                    meaning="memory of the mean squared gradient",
                ),
                EPS,
                DECAY,
                MOMENTUM,
                Option(
                    name="centered",
                    default=False,
                    holds="switch",
                    meaning="divide by the gradient's standard deviation instead",
                ),
            ),
        ),
        rates=(3e-5, 1e-2),
    ),
)
