"""The losses: cards, and the contract each has with the output layer and the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fallline.catalogue.card import Card, Option
from fallline.core.task import Target, Task

__all__ = ["LOSSES", "Contract", "Loss"]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a loss demands of the network's outputs and of the targets, and how outputs are read back.

    Args:
        tasks: The tasks it makes sense for.
        outputs: Units of the last layer: one per target column, one per class, or two per target column
            (mean and spread).
        targets: How targets are encoded: ``standardized`` numbers, numbers ``as_is``, ``class_id`` integers,
            or ``zero_one`` numbers.
        head: The transform that reads an output as a prediction: ``identity``, ``exp``, ``sigmoid``,
            ``softmax``, or ``mean_and_variance`` (softplus on the second half). It is never part of the module:
            the module returns what the loss takes.
        probability: Whether the read-out gives class probabilities.
    """

    tasks: tuple[Task, ...]
    outputs: Literal["per_target", "per_class", "two_per_target"]
    targets: Literal["standardized", "as_is", "class_id", "zero_one"]
    head: Literal["identity", "exp", "sigmoid", "softmax", "mean_and_variance"]
    probability: bool = False

    def width(self, target: Target) -> int:
        """Units of the last layer for ``target``."""
        return {"per_target": 1, "per_class": len(target.classes), "two_per_target": 2}[self.outputs]


@dataclass(frozen=True)
class Loss:
    """A loss of the catalogue."""

    card: Card
    contract: Contract


_PAIR = "outputs (row, target), targets (row, target)"
_MEAN = "mean over all elements; with row weights w, sum(w * l) / sum(w), l the mean over a row's elements"
_NUMBERS = Contract(tasks=(Task.regression,), outputs="per_target", targets="standardized", head="identity")

LOSSES: tuple[Loss, ...] = (
    Loss(
        Card(
            kind="loss",
            name="mse",
            torch="torch.nn.MSELoss",
            summary="Mean squared error: the square of the distance between prediction and truth.",
            formula=r"\ell(z, y) = (z - y)^2",
            shapes=_PAIR,
            dtypes="outputs and targets floating point, the same",
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=_MEAN,
            when="Regression, when the mean is wanted and large errors should count much more than small ones.",
            pitfalls=(
                "One outlier can outweigh all other rows: its pull grows with its distance. Try huber.",
                "Outputs (row, 1) against targets (row,) broadcast to (row, row), and the network learns the mean.",
            ),
            source="Legendre (1805); Gauss (1809)",
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
            shapes=_PAIR,
            dtypes="outputs and targets floating point, the same",
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=_MEAN,
            when="Regression, when the median is wanted or the targets hold outliers.",
            pitfalls=(
                "Its gradient has the same size however small the error, so a constant learning rate ends in "
                "jitter around the minimum: let the rate decay.",
            ),
            source="Boscovich (1757); Laplace (1774)",
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
            shapes=_PAIR,
            dtypes="outputs and targets floating point, the same",
            ranges="outputs any, targets any; the loss is at least 0",
            reduction=_MEAN,
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
            ),
        ),
        _NUMBERS,
    ),
    Loss(
        Card(
            kind="loss",
            name="cross_entropy",
            torch="torch.nn.CrossEntropyLoss",
            summary="Cross entropy: minus the log of the probability given to the true class, from raw scores.",
            formula=r"\ell(z, c) = -\log \frac{e^{z_c}}{\sum_k e^{z_k}}",
            shapes="outputs (row, class), targets (row,)",
            dtypes="outputs floating point, targets int64",
            ranges="outputs any (logits), targets 0 … classes - 1; the loss is at least 0",
            reduction="mean over rows; with row weights w, sum(w * l) / sum(w)",
            when="Choosing one of several classes.",
            pitfalls=(
                "It takes logits: a softmax before it is applied twice, and the network learns slowly and badly.",
                "Targets are class ids as int64 of shape (row,), not (row, 1) and not float.",
                "An untrained network gives about ln(classes); far above it, the last layer is badly scaled.",
            ),
            source="Good (1952); Bridle (1990)",
            options=(
                Option(
                    name="label_smoothing",
                    default=0.0,
                    low=0,
                    high=1,
                    open_high=True,
                    meaning="share of the truth spread evenly over all classes",
                ),
            ),
        ),
        Contract(
            tasks=(Task.multiclass, Task.binary),
            outputs="per_class",
            targets="class_id",
            head="softmax",
            probability=True,
        ),
    ),
    Loss(
        Card(
            kind="loss",
            name="bce_with_logits",
            torch="torch.nn.BCEWithLogitsLoss",
            summary="Binary cross entropy from raw scores, with the sigmoid inside.",
            formula=r"\ell(z, y) = -p\,y \log \sigma(z) - (1 - y) \log(1 - \sigma(z))",
            shapes=_PAIR,
            dtypes="outputs and targets floating point, the same",
            ranges="outputs any (logits), targets in [0, 1]; the loss is at least 0",
            reduction=_MEAN,
            when="A yes-or-no question.",
            pitfalls=(
                "It takes logits: a sigmoid before it is applied twice.",
                "Targets are floating point of the outputs' shape (row, 1), not int64 and not (row,).",
            ),
            source="Cox (1958)",
            options=(
                Option(
                    name="pos_weight",
                    default=1.0,
                    low=0,
                    open_low=True,
                    meaning="weight p of the rows whose answer is yes",
                ),
            ),
        ),
        Contract(tasks=(Task.binary,), outputs="per_target", targets="zero_one", head="sigmoid", probability=True),
    ),
    Loss(
        Card(
            kind="loss",
            name="poisson_nll",
            torch="torch.nn.PoissonNLLLoss",
            summary="Poisson negative log-likelihood of a count, from the logarithm of its expected value.",
            formula=r"\ell(z, y) = e^{z} - y z",
            shapes=_PAIR,
            dtypes="outputs and targets floating point, the same",
            ranges="outputs any (log of the rate), targets 0, 1, 2, …; the loss can be negative",
            reduction=_MEAN,
            when="Counts: how many, in a fixed exposure.",
            pitfalls=(
                "Targets must not be standardized: a negative count has no likelihood.",
                "The prediction is exp(output): large outputs overflow, so rates that are too high diverge early.",
            ),
            source="Nelder and Wedderburn (1972)",
        ),
        Contract(tasks=(Task.counts,), outputs="per_target", targets="as_is", head="exp"),
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
            dtypes="outputs and targets floating point, the same",
            ranges="outputs any, targets any; the loss can be negative",
            reduction=_MEAN,
            when="Regression that is to say how sure it is, row by row.",
            pitfalls=(
                "Rows that fit well get a small variance and then a huge gradient: use a lower learning rate "
                "than for mse.",
                "Two outputs per target; the variance must be positive, so the second passes through softplus.",
            ),
            source="Nix and Weigend (1994), eq. 3",
            options=(
                Option(
                    name="eps",
                    default=1e-6,
                    low=0,
                    open_low=True,
                    flag="loss-eps",
                    meaning="smallest variance, in the standardized target's unit",
                ),
            ),
        ),
        Contract(
            tasks=(Task.regression,),
            outputs="two_per_target",
            targets="standardized",
            head="mean_and_variance",
        ),
    ),
)
