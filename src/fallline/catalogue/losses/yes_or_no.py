"""Losses for questions answered by yes or no: one of them, or one for each label."""

from __future__ import annotations

from fallline.catalogue.card import Card, Option
from fallline.catalogue.contract import Contract, Loss
from fallline.catalogue.losses._shared import ELEMENTS, FLOATS, PAIR, REDUCTION, ROWS
from fallline.core.task import Task

__all__ = ["YES_OR_NO_LOSSES"]

_ONE_OR_MANY = (Task.binary, Task.multilabel)

YES_OR_NO_LOSSES: tuple[Loss, ...] = (
    Loss(
        Card(
            kind="loss",
            name="bce_with_logits",
            torch="torch.nn.BCEWithLogitsLoss",
            summary="Binary cross entropy from raw scores, with the sigmoid inside.",
            formula=r"\ell(z, y) = -p\,y \log \sigma(z) - (1 - y) \log(1 - \sigma(z))",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any (logits), targets in [0, 1]; the loss is at least 0",
            reduction=ELEMENTS,
            when="A yes-or-no question, or several of them about the same row.",
            pitfalls=(
                "It takes logits: a sigmoid before it is applied twice.",
                "Targets are floating point of the outputs' shape (row, 1), not int64 and not (row,).",
            ),
            source="Cox (1958)",
            options=(
                Option(
                    name="pos_weight",
                    default=None,
                    holds="numbers",
                    low=0,
                    open_low=True,
                    meaning="weight p of the rows whose answer is yes: one number, or one for each label",
                ),
                REDUCTION,
            ),
        ),
        Contract(tasks=_ONE_OR_MANY, outputs="per_target", targets="zero_one", reading="logit"),
    ),
    Loss(
        Card(
            kind="loss",
            name="bce",
            torch="torch.nn.BCELoss",
            summary="Binary cross entropy from probabilities: the network ends in a sigmoid.",
            formula=r"\ell(p, y) = -y \log p - (1 - y) \log(1 - p)",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs in [0, 1], targets in [0, 1]; the loss is at least 0, and at most 100",
            reduction=ELEMENTS,
            when="Only where the network has to return probabilities itself; else bce_with_logits is more exact.",
            pitfalls=(
                "In float32 a sigmoid reaches 1 at a logit of 17, where the gradient is gone; torch cuts the "
                "logarithm off at -100.",
                "Raw scores instead of probabilities raise an error, or are taken for certainty.",
            ),
            source="Cox (1958)",
            options=(REDUCTION,),
        ),
        Contract(tasks=_ONE_OR_MANY, outputs="per_target", targets="zero_one", head="sigmoid", reading="probability"),
    ),
    Loss(
        Card(
            kind="loss",
            name="soft_margin",
            torch="torch.nn.SoftMarginLoss",
            summary="Soft margin: the logistic loss for answers written as -1 and 1.",
            formula=r"\ell(z, y) = \log(1 + e^{-y z}),\quad y \in \{-1, 1\}",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs any, targets -1 or 1; the loss is at least 0",
            reduction=ELEMENTS,
            when="Where answers come as -1 and 1; it is bce_with_logits in another notation.",
            pitfalls=(
                "Targets 0 and 1 raise nothing: every row whose target is 0 then costs log 2 and teaches nothing.",
                "torch's own is infinite from a logit of -89 for a yes on in float32, and its gradient not a number; "
                "here it is softplus(-y z), which is not.",
            ),
            source="Cox (1958)",
            options=(REDUCTION,),
        ),
        Contract(tasks=(Task.binary,), outputs="per_target", targets="plus_minus_one", reading="logit"),
    ),
    Loss(
        Card(
            kind="loss",
            name="hinge_embedding",
            torch="torch.nn.HingeEmbeddingLoss",
            summary="Hinge embedding: the output is a distance, small for yes, at least the margin for no.",
            formula=r"\ell(d, y) = \begin{cases} d & y = 1 \\ \max(0, m - d) & y = -1 \end{cases}",
            shapes=PAIR,
            dtypes=FLOATS,
            ranges="outputs at least 0 (by a softplus), targets -1 or 1; the loss is at least 0",
            reduction=ELEMENTS,
            when="Where the output is to be read as a distance: alike or not.",
            pitfalls=(
                "On outputs that may be negative it has no lower bound: the network runs away to minus infinity.",
                "It gives no probability: a row counts as yes where its distance is below half the margin.",
            ),
            source="Hadsell, Chopra and LeCun (2006), with the distance not squared",
            options=(
                Option(
                    name="margin", default=1.0, low=0, open_low=True, meaning="distance from which a no costs nothing"
                ),
                REDUCTION,
            ),
        ),
        Contract(
            tasks=(Task.binary,), outputs="per_target", targets="plus_minus_one", head="softplus", reading="distance"
        ),
    ),
    Loss(
        Card(
            kind="loss",
            name="multilabel_soft_margin",
            torch="torch.nn.MultiLabelSoftMarginLoss",
            summary="Multi-label soft margin: binary cross entropy from logits, averaged over the labels of a row.",
            formula=r"\ell(z, y) = -\frac{1}{L} \sum_{l} w_l \big( y_l \log \sigma(z_l) + (1 - y_l) "
            r"\log(1 - \sigma(z_l)) \big)",
            shapes="outputs (row, label), targets (row, label)",
            dtypes=FLOATS,
            ranges="outputs any (logits), targets 0 or 1; the loss is at least 0",
            reduction=ROWS,
            when="Several labels that may hold together, with a weight for each label.",
            pitfalls=("Its weights multiply yes and no alike; to favour yes use bce_with_logits and pos_weight.",),
            source="Cox (1958)",
            options=(
                Option(
                    name="weight",
                    default=None,
                    holds="numbers",
                    low=0,
                    flag="class-weights",
                    meaning="weight of each label, in the order of the target columns",
                ),
                REDUCTION,
            ),
        ),
        Contract(tasks=(Task.multilabel,), outputs="per_target", targets="zero_one", reading="logit"),
    ),
    Loss(
        Card(
            kind="loss",
            name="multilabel_margin",
            torch="torch.nn.MultiLabelMarginLoss",
            summary="Multi-label margin: every label that holds is to score 1 higher than every one that does not.",
            formula=r"\ell(z, y) = \frac{1}{L} \sum_{j \in y} \sum_{i \notin y} \max(0, 1 - (z_j - z_i))",
            shapes="outputs (row, label), targets (row, label): ids of the labels that hold, then -1",
            dtypes="outputs floating point, targets int64",
            ranges="outputs any, targets -1 … labels - 1; the loss is at least 0",
            reduction=ROWS,
            when="Where labels have to be ranked within a row rather than switched on and off.",
            pitfalls=(
                "Targets are ids padded with -1, not zeros and ones: those are read as ids 0 and 1.",
                "It gives no probability, and no natural threshold: a label counts as holding above 0.",
                "A row in which no label holds, or all do, teaches nothing.",
            ),
            source="Crammer and Singer (2003)",
            options=(REDUCTION,),
        ),
        Contract(tasks=(Task.multilabel,), outputs="per_target", targets="label_ids", reading="sign"),
    ),
)
