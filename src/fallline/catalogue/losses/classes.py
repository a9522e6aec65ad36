"""Losses for choosing one of several classes."""

from __future__ import annotations

from fallline.catalogue.card import Card, Option
from fallline.catalogue.contract import Contract, Loss
from fallline.catalogue.losses._shared import CLASS_WEIGHTS, REDUCTION, ROWS
from fallline.core.task import Task

__all__ = ["CLASS_LOSSES"]

_TASKS = (Task.multiclass, Task.binary)
_SHAPES = "outputs (row, class), targets (row,)"
_DTYPES = "outputs floating point, targets int64"
_WEIGHTED = ROWS + "; with class weights c, sum(w c l) / sum(w c)"

CLASS_LOSSES: tuple[Loss, ...] = (
    Loss(
        Card(
            kind="loss",
            name="cross_entropy",
            torch="torch.nn.CrossEntropyLoss",
            summary="Cross entropy: minus the log of the probability given to the true class, from raw scores.",
            formula=r"\ell(z, c) = -\log \frac{e^{z_c}}{\sum_k e^{z_k}}",
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="outputs any (logits), targets 0 … classes - 1; the loss is at least 0",
            reduction=_WEIGHTED,
            when="Choosing one of several classes.",
            pitfalls=(
                "It takes logits: a softmax before it is applied twice, and the network learns slowly and badly.",
                "Targets are class ids as int64 of shape (row,), not (row, 1) and not float.",
                "An untrained network gives about ln(classes); far above it, the last layer is badly scaled.",
            ),
            source="Good (1952); Bridle (1990); label smoothing: Szegedy et al. (2016)",
            options=(
                Option(
                    name="label_smoothing",
                    default=0.0,
                    low=0,
                    high=1,
                    open_high=True,
                    meaning="share of the truth spread evenly over all classes",
                ),
                CLASS_WEIGHTS,
                REDUCTION,
            ),
        ),
        Contract(tasks=_TASKS, outputs="per_class", targets="class_id", reading="logits"),
    ),
    Loss(
        Card(
            kind="loss",
            name="nll",
            torch="torch.nn.NLLLoss",
            summary="Negative log-likelihood of the true class; the network ends in log-softmax.",
            formula=r"\ell(o, c) = -o_c,\quad o = \log \operatorname{softmax}(z)",
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="outputs at most 0 (log-probabilities), targets 0 … classes - 1; the loss is at least 0",
            reduction=_WEIGHTED,
            when="Where the network has to return log-probabilities itself; with them it equals cross_entropy.",
            pitfalls=(
                "On raw scores or on softmax probabilities it runs, and has no lower bound or no meaning.",
                "Targets are class ids as int64 of shape (row,).",
            ),
            source="Good (1952)",
            options=(CLASS_WEIGHTS, REDUCTION),
        ),
        Contract(tasks=_TASKS, outputs="per_class", targets="class_id", head="log_softmax", reading="log_probability"),
    ),
    Loss(
        Card(
            kind="loss",
            name="focal",
            torch="",
            summary="Focal: cross entropy in which rows that are already right count less.",
            formula=r"\ell(z, c) = -(1 - p_c)^{\gamma} \log p_c,\quad p = \operatorname{softmax}(z)",
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="outputs any (logits), targets 0 … classes - 1; the loss is at least 0",
            reduction=_WEIGHTED,
            when="Rare classes among many easy rows.",
            pitfalls=(
                "Its probabilities are too timid: it is no proper score, so calibrate before using them.",
                "gamma 0 is cross_entropy; above 5 almost nothing is left of the gradient.",
            ),
            source="Lin et al. (2017), eq. 4",
            options=(
                Option(
                    name="gamma", default=2.0, low=0, flag="focal-gamma", meaning="how much less a right row counts"
                ),
                CLASS_WEIGHTS,
                REDUCTION,
            ),
        ),
        Contract(tasks=_TASKS, outputs="per_class", targets="class_id", reading="logits"),
    ),
    Loss(
        Card(
            kind="loss",
            name="kl_div",
            torch="torch.nn.KLDivLoss",
            summary="Kullback-Leibler divergence from the network's distribution to the target's.",
            formula=r"\ell(o, t) = \sum_k t_k (\log t_k - o_k),\quad o = \log \operatorname{softmax}(z)",
            shapes="outputs (row, class), targets (row, class)",
            dtypes="outputs and targets floating point, the same",
            ranges="outputs at most 0 (log-probabilities), targets in [0, 1]; the loss is at least 0",
            reduction="sum over classes, mean over rows (torch's batchmean), or the sum over both; row weights as ever",
            when="Targets that are distributions; on class ids it equals cross_entropy.",
            pitfalls=(
                "torch's default reduction 'mean' divides by rows times classes: the loss is too small by the "
                "number of classes. Here 'mean' is torch's 'batchmean'.",
                "Outputs are log-probabilities: probabilities, or raw scores, run and mean nothing.",
                "torch's argument order is (output, target), that of the divergence (target, output).",
            ),
            source="Kullback and Leibler (1951)",
            options=(REDUCTION,),
        ),
        Contract(tasks=_TASKS, outputs="per_class", targets="one_hot", head="log_softmax", reading="log_probability"),
    ),
    Loss(
        Card(
            kind="loss",
            name="multi_margin",
            torch="torch.nn.MultiMarginLoss",
            summary="Multi-class margin: the true class is to score higher than every other by the margin.",
            formula=r"\ell(z, c) = \frac{w_c}{K} \sum_{k \ne c} \max(0, m - z_c + z_k)^p",
            shapes=_SHAPES,
            dtypes=_DTYPES,
            ranges="outputs any, targets 0 … classes - 1; the loss is at least 0",
            reduction=ROWS,
            when="Where only the decision counts, as with a support vector machine.",
            pitfalls=(
                "It gives scores, no probabilities: log loss is not defined.",
                "Rows beyond the margin have no gradient: a small margin stops learning early.",
            ),
            source="Crammer and Singer (2001); Weston and Watkins (1999)",
            options=(
                Option(name="p", default=1, holds="whole", low=1, high=2, flag="margin-power", meaning="power: 1 or 2"),
                Option(name="margin", default=1.0, low=0, open_low=True, meaning="lead from which a row costs nothing"),
                CLASS_WEIGHTS,
                REDUCTION,
            ),
        ),
        Contract(tasks=_TASKS, outputs="per_class", targets="class_id", reading="scores"),
    ),
)
