"""Contract: what a loss demands of the output layer and of the target, and how outputs are read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fallline.catalogue.card import Card
from fallline.core.recipe import Options
from fallline.core.task import Target, Task

__all__ = ["Contract", "Loss"]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a loss demands of the network's outputs and of the targets, and how outputs are read back.

    Args:
        tasks: The tasks it makes sense for.
        outputs: Units of the last layer: one ``per_target`` column, one ``per_class``, or ``two_per_target``
            column (first all means, then all spreads).
        targets: How targets are encoded: ``standardized`` numbers, numbers ``as_is``, ``class_id`` (int64),
            ``one_hot`` numbers, ``zero_one`` numbers, ``plus_minus_one`` numbers, or ``label_ids`` (int64, the ids
            of the labels that hold, then -1).
        head: The transform appended to the network, so that the module returns what the loss takes: ``none``,
            ``sigmoid``, ``log_softmax``, or ``softplus``.
        reading: How the module's output is read as a prediction: ``number`` (as it is, or standardized back),
            ``exp``, ``logit`` and ``probability`` (yes or no, label by label), ``logits``, ``log_probability`` and
            ``scores`` (one class of several; ``scores`` give no probability), ``sign`` (yes above 0),
            ``distance`` (yes below half the margin), or ``mean_and_variance``.
        ranking: The metric that ranks runs, where it is not the task's own.
    """

    tasks: tuple[Task, ...]
    outputs: Literal["per_target", "per_class", "two_per_target"]
    targets: Literal["standardized", "as_is", "class_id", "one_hot", "zero_one", "plus_minus_one", "label_ids"]
    head: Literal["none", "sigmoid", "log_softmax", "softplus"] = "none"
    reading: Literal[
        "number",
        "exp",
        "logit",
        "probability",
        "logits",
        "log_probability",
        "scores",
        "sign",
        "distance",
        "mean_and_variance",
    ]
    ranking: str = ""

    @property
    def probability(self) -> bool:
        """Whether the outputs can be read as class probabilities."""
        return self.reading in ("logit", "probability", "logits", "log_probability")

    def width(self, target: Target) -> int:
        """Units of the last layer for ``target``."""
        if self.outputs == "per_class":
            return len(target.classes)
        return target.width * (2 if self.outputs == "two_per_target" else 1)


@dataclass(frozen=True)
class Loss:
    """A loss of the catalogue.

    Args:
        card: Its card.
        contract: Its contract at the default options.
        variant: The contract at other options, where they change it.
    """

    card: Card
    contract: Contract
    variant: Callable[[Options], Contract] | None = None

    def contract_with(self, options: Options) -> Contract:
        """The contract at a recipe's complete options."""
        return self.variant(options) if self.variant else self.contract
