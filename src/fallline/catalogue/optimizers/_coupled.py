"""Optimizers whose step couples coordinates, so that it cannot be taken one by one: adafactor, muon, lbfgs."""

from __future__ import annotations

from fallline.catalogue.card import Option
from fallline.catalogue.optimizers._shared import (
    BETA1,
    BETA2,
    DECOUPLED_DECAY,
    EPS,
    MOMENTUM,
    NESTEROV,
    card,
    with_default,
)
from fallline.catalogue.optimizers.entry import Optimizer

__all__ = ["COUPLED"]

COUPLED: tuple[Optimizer, ...] = (
    Optimizer(
        card(
            "adafactor",
            "torch.optim.Adafactor",
            summary="Adam without momentum whose divisor is kept as one row and one column per matrix.",
            formula=r"\hat\beta_t = 1 - t^{\tau},\;"
            r"R \leftarrow \hat\beta_t R + (1-\hat\beta_t)\operatorname{rowmeans}(G^2),\;"
            r"C \leftarrow \hat\beta_t C + (1-\hat\beta_t)\operatorname{columnmeans}(G^2),\;"
            r"U = G \sqrt{\overline{R} / (R\, C)},\;"
            r"\theta \leftarrow \theta - \max(\varepsilon_2,\, \operatorname{rms} \theta)\,"
            r"\min\left(\eta,\, \tfrac{1}{\sqrt{t}}\right) \frac{U}{\max(1,\, \operatorname{rms}(U) / d)}",
            shapes="each parameter with its gradient, as a whole; matrices by rows and columns",
            ranges="a step is at most the learning rate times the parameter's own root mean square",
            when="Networks so large that Adam's memory does not fit; small ones gain nothing by it.",
            pitfalls=(
                "Its rate is relative to the weights: 0.01 moves them by 1 % a step, whatever their scale.",
                "From step t on, rates above 1 / sqrt(t) are cut to that: a high rate is high at the start only.",
                "A parameter that starts at 0 moves by eps2 times the rate, a thousandth: such biases lag behind.",
                "Torch applies eps1 after the mean, other frameworks before it: runs differ where gradients are tiny.",
                "weight_decay shrinks by the learning rate itself, not by the rate relative to the weights.",
            ),
            source="Shazeer and Stern (2018), algorithms 4 and 5",
            options=(
                Option(
                    name="beta2_decay",
                    default=-0.8,
                    high=0,
                    meaning="power τ with which the memory of squared gradients lengthens",
                ),
                Option(
                    name="eps1",
                    default=None,
                    low=0,
                    meaning="least root mean square divided by; left out: the precision of the dtype",
                ),
                Option(name="eps2", default=1e-3, low=0, meaning="the scale taken for weights whose own is smaller"),
                Option(
                    name="d",
                    default=1.0,
                    low=1,
                    meaning="steps whose root mean square is above this are scaled down to it",
                    flag="clip-threshold",
                ),
                with_default(DECOUPLED_DECAY, 0.0),
            ),
        ),
        rates=(1e-3, 1.0),
        elementwise=False,
    ),
    Optimizer(
        card(
            "muon",
            "torch.optim.Muon",
            summary="Momentum made orthogonal on every matrix of weights, and AdamW on all other parameters.",
            formula=r"B \leftarrow \mu B + (1-\mu) G,\;"
            r"O = \operatorname{NewtonSchulz}_k((1-\mu)\, G + \mu B) \approx U V^{\top},\;"
            r"\theta \leftarrow (1 - \eta\lambda)\,\theta - 0.2\,\eta \sqrt{\max(n, m)}\; O",
            shapes="matrices (n, m) as a whole; biases and all else coordinate by coordinate",
            ranges="a step on a matrix has a root mean square of about 0.2 times the learning rate, as AdamW's",
            when="Wide hidden layers, where it often needs fewer steps than adamw at the same rates.",
            pitfalls=(
                "Its weight decay is 0.1 by default, ten times AdamW's.",
                "The first and the last layer are matrices too, and get Muon here; its authors give those to AdamW.",
                "The step is computed in bfloat16 whatever the dtype, to 2 or 3 digits: float64 gains nothing.",
                "Every step multiplies matrices: on narrow networks it costs many times Adam's step.",
                "It needs torch 2.9 or later.",
                "torch.optim.Muon by itself scales its steps otherwise; this is adjust_lr_fn='match_rms_adamw'.",
            ),
            source="Jordan et al. (2024); the scale that suits AdamW's rates: Liu et al. (2025)",
            options=(
                with_default(MOMENTUM, 0.95, "memory of the mean gradient of matrices"),
                with_default(NESTEROV, True),
                Option(
                    name="ns_steps",
                    default=5,
                    holds="whole",
                    low=1,
                    high=99,
                    meaning="Newton-Schulz iterations that make the step orthogonal",
                ),
                with_default(BETA1, 0.9, "memory of the mean gradient of all but matrices"),
                with_default(BETA2, 0.999, "memory of the mean squared gradient of all but matrices"),
                with_default(EPS, 1e-8, "added to AdamW's divisor, against division by zero"),
                with_default(DECOUPLED_DECAY, 0.1),
            ),
        ),
        rates=(3e-4, 1e-1),
        elementwise=False,
    ),
    Optimizer(
        card(
            "lbfgs",
            "torch.optim.LBFGS",
            summary="Quasi-Newton steps: curvature learned from past gradients, and a line search along each.",
            formula=r"d = -H g,\; \theta \leftarrow \theta + t d \;\text{with}\;"
            r"f(\theta + t d) \le f(\theta) + 10^{-4}\, t\, g^{\top} d,\;"
            r"|\nabla f(\theta + t d)^{\top} d| \le 0.9\, |g^{\top} d|",
            shapes="all parameters as one vector",
            ranges="the learning rate is the first length the line search tries, and hardly matters; 1 is Newton's own",
            when="Small networks on small tables at full batch, to a loss lower than other optimizers reach.",
            pitfalls=(
                "It needs the full batch and no dropout: the loss must not change between two looks at one point.",
                "One step is up to max_iter iterations, each with at least one pass over all rows: epochs cost more.",
                "It goes far down the training loss and so overfits: watch the validation loss, use patience.",
                "Clipping bends the gradient that its curvature is learned from: leave it off.",
                "It keeps 2 history_size copies of all parameters.",
                "In float32 the line search stops at the noise of the loss: float64 goes further down.",
            ),
            source="Liu and Nocedal (1989), algorithm 2.1; its search: Nocedal and Wright (2006), algorithms 3.5, 3.6",
            options=(
                Option(name="max_iter", default=20, holds="whole", low=1, meaning="iterations in a step, at most"),
                Option(
                    name="history_size", default=100, holds="whole", low=1, meaning="pairs of past steps remembered"
                ),
                Option(
                    name="tolerance_grad",
                    default=1e-7,
                    low=0,
                    meaning="a step ends where no gradient is larger than this",
                ),
                Option(
                    name="tolerance_change",
                    default=1e-9,
                    low=0,
                    meaning="a step ends where weights or loss change by less than this",
                ),
            ),
        ),
        rates=(1e-2, 1.0),
        full_batch=True,
        elementwise=False,
    ),
)
