"""Losses between numbers: regression and counts."""

from __future__ import annotations

from dataclasses import replace

from fallline.catalogue.card import Card, Option
from fallline.catalogue.contract import Contract, Loss
from fallline.catalogue.losses._shared import ELEMENTS, FLOATS, PAIR, REDUCTION
from fallline.core.recipe import Options
from fallline.core.task import Task

__all__ = ["NUMBER_LOSSES"]

_NUMBERS = Contract(tasks=(Task.regression,), outputs="per_target", targets="standardized", reading="number")
_POISSON = Contract(tasks=(Task.counts,), outputs="per_target", targets="as_is", reading="exp")


def _poisson(options: Options) -> Contract:
    """With ``log_input`` off the module returns the rate itself, which has to be positive."""
    return _POISSON if options["log_input"] else replace(_POISSON, head="softplus", reading="number")


def _quantile(options: Options) -> Contract:
    """Away from the median it estimates something else than the mean or median: rank it by its own loss."""
    return _NUMBERS if options["quantile"] == 0.5 else replace(_NUMBERS, ranking="pinball")


NUMBER_LOSSES: tuple[Loss, ...] = (
    Loss(
        Card(
            kind="loss",
            name="mse",
            torch="torch.nn.MSELoss",
            summary="Mean squared error: the square of the distance between prediction and truth.",
            formula=r"\ell(z, y) = (z - y)^2",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=ELEMENTS,
            when="Regression, when the mean is wanted and large errors should count much more than small ones.",
            pitfalls=(
                "One outlier can outweigh all other rows: its pull grows with its distance. Try huber.",
                "Outputs (row, 1) against targets (row,) broadcast to (row, row), and the network learns the mean.",
            ),
            source="Legendre (1805); Gauss (1809)",
            options=(REDUCTION,),
        ),
        _NUMBERS,
    ),
    Loss(
        Card(
            kind="loss",
            name="l1",
            torch="torch.nn.L1Loss",
            summary="Mean absolute error: the distance between prediction and truth.",
            formula=r"\ell(z, y) = |z - y|",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=ELEMENTS,
            when="Regression, when the median is wanted or the targets hold outliers.",
            pitfalls=(
                "Its gradient has the same size however small the error, so a constant learning rate ends in "
                "jitter around the minimum: let the rate decay.",
            ),
            source="Boscovich (1757); Laplace (1774)",
            options=(REDUCTION,),
        ),
        _NUMBERS,
    ),
    Loss(
        Card(
            kind="loss",
            name="smooth_l1",
            torch="torch.nn.SmoothL1Loss",
            summary="Smooth L1: squared near zero, absolute from beta on, with slope 1.",
            formula=r"\ell(z, y) = \begin{cases} \frac{(z-y)^2}{2\beta} & |z-y| < \beta \\ "
            r"|z-y| - \frac{\beta}{2} & \text{otherwise} \end{cases}",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=ELEMENTS,
            when="Where L1 is wanted without its jitter around the minimum.",
            pitfalls=(
                "It is huber divided by beta: the same minimum, but a gradient that does not shrink with beta.",
                "beta is in the unit of the target that the network sees: here standard deviations.",
            ),
            source="Girshick (2015), eq. 3",
            options=(
                Option(
                    name="beta",
                    default=1.0,
                    low=0,
                    meaning="error, in standard deviations of the target, from which the loss is linear; 0 is l1",
                ),
                REDUCTION,
            ),
        ),
        _NUMBERS,
    ),
    Loss(
        Card(
            kind="loss",
            name="huber",
            torch="torch.nn.HuberLoss",
            summary="Huber: squared for errors below delta, linear above.",
            formula=r"\ell(z, y) = \begin{cases} \tfrac12 (z-y)^2 & |z-y| \le \delta \\ "
            r"\delta\,(|z-y| - \tfrac12\delta) & \text{otherwise} \end{cases}",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=ELEMENTS,
            when="Regression with some outliers: near the minimum it is squared error, far out absolute error.",
            pitfalls=(
                "delta is in the unit of the target that the network sees: here standard deviations, as targets "
                "are standardized.",
                "It is delta times torch's SmoothL1Loss(beta=delta), not the same.",
            ),
            source="Huber (1964), eq. 5",
            options=(
                Option(
                    name="delta",
                    default=1.0,
                    low=0,
                    open_low=True,
                    meaning="error, in standard deviations of the target, above which the loss is linear",
                ),
                REDUCTION,
            ),
        ),
        _NUMBERS,
    ),
    Loss(
        Card(
            kind="loss",
            name="log_cosh",
            torch="",
            summary="Log-cosh: the logarithm of the hyperbolic cosine of the error, a Huber without a corner.",
            formula=r"\ell(z, y) = \log \cosh(z - y)",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=ELEMENTS,
            when="Regression with some outliers, where second derivatives should exist everywhere.",
            pitfalls=(
                "Written as log(cosh(x)) it overflows from an error of 89 on in float32; here it is "
                "|x| + softplus(-2|x|) - log 2.",
                "It has no scale of its own: it is linear from about 2 standard deviations on.",
            ),
            source="Green (1990)",
            options=(REDUCTION,),
        ),
        _NUMBERS,
    ),
    Loss(
        Card(
            kind="loss",
            name="quantile",
            torch="",
            summary="Quantile (pinball): errors on either side cost differently, so that a quantile is learnt.",
            formula=r"\ell(z, y) = \max\big(q (y - z),\; (q - 1)(y - z)\big)",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=ELEMENTS,
            when="When the answer is to be exceeded in a given share of cases: stock, waiting times, bounds.",
            pitfalls=(
                "Away from 0.5 its predictions are no estimate of the mean: RMSE and R² say nothing, rank by pinball.",
                "Two quantiles trained apart can cross.",
            ),
            source="Koenker and Bassett (1978)",
            options=(
                Option(
                    name="quantile",
                    default=0.5,
                    low=0,
                    high=1,
                    open_low=True,
                    open_high=True,
                    meaning="share q of targets that are to lie below the prediction; 0.5 is half of l1",
                ),
                REDUCTION,
            ),
        ),
        _NUMBERS,
        _quantile,
    ),
    Loss(
        Card(
            kind="loss",
            name="poisson_nll",
            torch="torch.nn.PoissonNLLLoss",
            summary="Poisson negative log-likelihood of a count, from the logarithm of its expected value.",
            formula=r"\ell(z, y) = e^{z} - y z",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any (log of the rate), targets 0, 1, 2, …; the loss can be negative",
            reduction=ELEMENTS,
            when="Counts: how many, in a fixed exposure.",
            pitfalls=(
                "Targets must not be standardized: a negative count has no likelihood.",
                "The prediction is exp(output): large outputs overflow, so rates that are too high diverge early.",
            ),
            source="Nelder and Wedderburn (1972)",
            options=(
                Option(
                    name="log_input",
                    default=True,
                    holds="switch",
                    meaning="the output is the logarithm of the expected count; off: the count itself, by a softplus",
                ),
                Option(
                    name="full",
                    default=False,
                    holds="switch",
                    flag="full-likelihood",
                    meaning="add the constant part of the likelihood (Stirling's approximation of log y!)",
                ),
                Option(
                    name="eps",
                    default=1e-8,
                    low=0,
                    open_low=True,
                    flag="loss-eps",
                    meaning="added to the rate under the logarithm where log_input is off",
                ),
                REDUCTION,
            ),
        ),
        _POISSON,
        _poisson,
    ),
    Loss(
        Card(
            kind="loss",
            name="gaussian_nll",
            torch="torch.nn.GaussianNLLLoss",
            summary="Gaussian negative log-likelihood: the network predicts a mean and a variance for each row.",
            formula=r"\ell(\mu, v, y) = \tfrac12 \Big(\log \max(v, \varepsilon) + "
            r"\frac{(y - \mu)^2}{\max(v, \varepsilon)}\Big),\quad v = \operatorname{softplus}(z_2)",
            shapes="outputs (row, 2 targets): means, then pre-variances; targets (row, target)",
            dtypes=FLOATS,
            ranges="outputs any, targets any; the loss can be negative",
            reduction=ELEMENTS,
            when="Regression that is to say how sure it is, row by row.",
            pitfalls=(
                "Rows that fit well get a small variance and then a huge gradient: use a lower learning rate "
                "than for mse.",
                "Two outputs per target; the variance must be positive, so the second passes through softplus.",
            ),
            source="Nix and Weigend (1994), eq. 3",
            options=(
                Option(
                    name="full",
                    default=False,
                    holds="switch",
                    flag="full-likelihood",
                    meaning="add the constant part of the likelihood, half of log 2 pi",
                ),
                Option(
                    name="eps",
                    default=1e-6,
                    low=0,
                    open_low=True,
                    flag="loss-eps",
                    meaning="smallest variance, in the standardized target's unit",
                ),
                REDUCTION,
            ),
        ),
        Contract(
            tasks=(Task.regression,), outputs="two_per_target", targets="standardized", reading="mean_and_variance"
        ),
    ),
)
