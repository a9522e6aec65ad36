"""The family of Adam: adam, adamw, adamax, nadam, radam."""

from __future__ import annotations

from fallline.catalogue.card import Option
from fallline.catalogue.optimizers._shared import (
    BETA1,
    BETA2,
    DECAY,
    DECOUPLED,
    DECOUPLED_DECAY,
    EPS,
    card,
    with_default,
)
from fallline.catalogue.optimizers.entry import Optimizer

__all__ = ["ADAM_FAMILY"]

_AMSGRAD = Option(
    name="amsgrad",
    default=False,
    holds="switch",
    meaning="divide by the largest mean squared gradient so far (Reddi et al. 2018)",
)
_MOMENTS = r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; v \leftarrow \beta_2 v + (1-\beta_2) g^2,\;"
_ADAM = _MOMENTS + r"\theta \leftarrow \theta - \eta\,\frac{m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)} + \varepsilon}"
_RANGES = "a step's size in a coordinate is about the learning rate, at most a few times it"
_RATES = (1e-4, 1e-2)
# A step at 0.01 is already a twelfth of the largest weight that torch draws for 64 inputs, 1/8. Higher rates are seldom
# good, and as each epoch's loss is then far from the next one's, the lowest of them is lowest by luck.
_HIGHER_RATES = (3e-4, 1e-1)  # of those whose steps are shorter at the same rate

ADAM_FAMILY: tuple[Optimizer, ...] = (
    Optimizer(
        card(
            "adam",
            "torch.optim.Adam",
            summary="Adam: a step of about the learning rate in every coordinate, whatever the gradient's scale.",
            formula=_ADAM,
            ranges=_RANGES,
            when="To start with: works over a wide range of learning rates without tuning.",
            pitfalls=(
                "weight_decay here is an L2 penalty, divided like the gradient and so nearly lost where gradients are "
                "large: for decay proper use adamw.",
                "Rates that suit sgd (0.1, 1) diverge: start at 0.001.",
                "beta1 and beta2 swapped (0.999, 0.9) still run, and learn badly.",
                "At a constant rate it keeps jittering by about that rate: let a schedule end near 0.",
                "With eps 0 a coordinate without gradient, as of a dead unit, is 0 / 0.",
            ),
            source="Kingma and Ba (2015), algorithm 1",
            options=(BETA1, BETA2, EPS, DECAY, _AMSGRAD),
        ),
        rates=_RATES,
    ),
    Optimizer(
        card(
            "adamw",
            "torch.optim.AdamW",
            summary="Adam with decoupled weight decay: weights shrink by rate times decay, apart from the gradient.",
            formula=r"\theta \leftarrow \theta (1 - \eta\lambda),\;" + _ADAM,
            ranges=_RANGES,
            when="The default of train: Adam for all who want weight decay, as small tables do.",
            pitfalls=(
                "Its default decay is 0.01, not 0; train, where no optimizer is named, chooses it by the rows.",
                "Decay grows with the learning rate: change both together.",
                "It shrinks biases and the scales of normalization layers too.",
                "A decay good for adam, such as 1e-5, does nothing here; 0.01 to 0.1 is usual, 1 for few rows.",
            ),
            source="Loshchilov and Hutter (2019), algorithm 2",
            options=(BETA1, BETA2, EPS, DECOUPLED_DECAY, _AMSGRAD),
        ),
        rates=_RATES,
    ),
    Optimizer(
        card(
            "adamax",
            "torch.optim.Adamax",
            summary="Adam with the largest recent gradient in place of the root mean square.",
            formula=r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; u \leftarrow \max(\beta_2 u,\, |g| + \varepsilon),\;"
            r"\theta \leftarrow \theta - \frac{\eta}{1-\beta_1^t}\,\frac{m}{u}",
            ranges="a step's size in a coordinate is at most about the learning rate",
            when="Where single batches give gradients far larger than the rest, as with rare features.",
            pitfalls=(
                "One huge gradient makes its coordinate slow for about 1 / (1 - beta2) = 1000 steps.",
                "Steps are shorter than Adam's: its usual rate is twice as high, 0.002.",
            ),
            source="Kingma and Ba (2015), algorithm 2",
            options=(
                BETA1,
                with_default(BETA2, 0.999, "how much of the largest gradient is left a step later"),
                with_default(EPS, 1e-8, "added to each gradient's size, against division by zero"),
                DECAY,
            ),
        ),
        rates=_HIGHER_RATES,
    ),
    Optimizer(
        card(
            "nadam",
            "torch.optim.NAdam",
            summary="Adam whose momentum looks ahead, after Nesterov, and warms up.",
            formula=r"\mu_t = \beta_1 \left(1 - \tfrac{1}{2}\, 0.96^{t\psi}\right),\;"
            + _MOMENTS
            + r"\theta \leftarrow \theta - \frac{\eta}{\sqrt{v/(1-\beta_2^t)} + \varepsilon}"
            r"\left(\frac{(1-\mu_t)\, g}{1-\prod_{i=1}^{t}\mu_i}"
            r" + \frac{\mu_{t+1}\, m}{1-\prod_{i=1}^{t+1}\mu_i}\right)",
            ranges=_RANGES,
            when="A little faster than adam at the start of training; tune it as adam.",
            pitfalls=(
                "Its momentum starts at half of beta1 and rises over thousands of steps: short runs see little of it.",
                "weight_decay is an L2 penalty unless decoupled_weight_decay is on.",
            ),
            source="Dozat (2016), algorithm 2",
            options=(
                BETA1,
                BETA2,
                EPS,
                DECAY,
                Option(name="momentum_decay", default=4e-3, low=0, meaning="how fast the momentum rises to beta1"),
                DECOUPLED,
            ),
        ),
        rates=_RATES,
    ),
    Optimizer(
        card(
            "radam",
            "torch.optim.RAdam",
            summary="Adam that starts as momentum and lets its divisor in as that becomes trustworthy.",
            formula=_MOMENTS + r"\rho_\infty = \tfrac{2}{1-\beta_2} - 1,\;"
            r"\rho_t = \rho_\infty - \tfrac{2 t \beta_2^t}{1-\beta_2^t},\;"
            r"r_t = \sqrt{\tfrac{(\rho_t-4)(\rho_t-2)\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\rho_t}},\;"
            r"\theta \leftarrow \theta - \eta\,\frac{m}{1-\beta_1^t}"
            r"\begin{cases} r_t \sqrt{1-\beta_2^t} \,/\, (\sqrt{v} + \varepsilon) & \rho_t > 5 \\"
            r" 1 & \text{else} \end{cases}",
            ranges="the first 5 steps are the rate times the mean gradient, as sgd's; later ones as Adam's",
            when="In place of adam with a warm-up, where early steps go astray.",
            pitfalls=(
                "The first 5 steps are as long as the gradient: a loss on a large scale can throw them far.",
                "After them its steps start tiny and grow for hundreds of steps: short runs lag behind adam.",
                "A warm-up on top of it warms up twice.",
                "At beta2 of 2/3 or less the divisor never comes in, and it stays momentum descent.",
                "weight_decay is an L2 penalty unless decoupled_weight_decay is on.",
            ),
            source="Liu et al. (2020), algorithm 2",
            options=(BETA1, BETA2, EPS, DECAY, DECOUPLED),
        ),
        rates=_HIGHER_RATES,
    ),
)
