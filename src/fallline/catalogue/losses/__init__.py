"""The losses, and the ones of torch that are left out."""

from fallline.catalogue.contract import Loss
from fallline.catalogue.losses.classes import CLASS_LOSSES
from fallline.catalogue.losses.numbers import NUMBER_LOSSES
from fallline.catalogue.losses.yes_or_no import YES_OR_NO_LOSSES

__all__ = ["LEFT_OUT", "LOSSES"]

LOSSES: tuple[Loss, ...] = (*NUMBER_LOSSES, *YES_OR_NO_LOSSES, *CLASS_LOSSES)

_PAIRS = "it compares two or three outputs with each other, not an output with a target column"
LEFT_OUT = {
    "CosineEmbeddingLoss": _PAIRS,
    "MarginRankingLoss": _PAIRS,
    "TripletMarginLoss": _PAIRS,
    "TripletMarginWithDistanceLoss": _PAIRS,
    "CTCLoss": "it aligns sequences, and a table has none",
    "LinearCrossEntropyLoss": "it is cross_entropy with the last layer inside, for large vocabularies",
    "NLLLoss2d": "it is an old name of nll for images",
    "AdaptiveLogSoftmaxWithLoss": "it holds layers of its own, for large vocabularies",
}
"""Losses of torch.nn that the catalogue leaves out, each with its reason."""
