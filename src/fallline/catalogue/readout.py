"""The contract's two ends: targets as a loss wants them, outputs as predictions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from fallline.catalogue.contract import Contract
from fallline.catalogue.registry import contract_of
from fallline.core.recipe import Recipe
from fallline.core.task import Target

__all__ = ["Prediction", "encoded_targets", "read_outputs"]


def encoded_targets(contract: Contract, target: Target, values: Tensor, *, dtype: torch.dtype) -> Tensor:
    """Targets as the loss wants them.

    Args:
        contract: The loss's contract.
        target: The target.
        values: Class ids int64 ``(row,)``; numbers in their own unit float64, ``(row,)`` or ``(row, target)``; whether
            each label holds, 0 or 1, ``(row, label)``.
        dtype: Dtype of the network.

    Returns:
        Class ids ``(row,)`` or label ids ``(row, label)`` int64, or numbers ``(row, target)`` or ``(row, class)``.
    """
    columns = values if values.ndim == 2 else values.unsqueeze(1)
    match contract.targets:
        case "class_id":
            return values
        case "one_hot":
            return functional.one_hot(values, len(target.classes)).to(dtype)
        case "label_ids":
            return _label_ids(values)
        case "plus_minus_one":
            return (2 * columns - 1).to(dtype)
        case "standardized":
            mean, scale = _moments(target)
            return ((columns - mean) / scale).to(dtype)
        case "as_is" | "zero_one":
            return columns.to(dtype)


@dataclass(frozen=True)
class Prediction:
    """What a network's outputs mean.

    Args:
        value: Class ids int64 ``(row,)``; numbers in the target's own unit float64, ``(row,)`` or ``(row, target)``;
            whether each label holds int64 ``(row, label)``.
        score: What ranks rows by how likely a class or label is, float64 ``(row, class)`` or ``(row, label)``; None
            for numbers. Where the loss gives probabilities they are these.
        probability: Whether ``score`` holds probabilities.
        deviation: Predicted standard deviation in the target's own unit, shaped as ``value``, where the loss gives
            one.
    """

    value: Tensor
    score: Tensor | None = None
    probability: bool = False
    deviation: Tensor | None = None


def read_outputs(recipe: Recipe, target: Target, outputs: Tensor) -> Prediction:
    """Read the outputs ``(row, unit)`` of a recipe's network as predictions.

    Outputs of many runs alike, ``(run, row, unit)``, are read at once, into predictions with the runs in front.
    """
    contract, outputs = contract_of(recipe), outputs.double()
    match contract.reading:
        case "logits":
            return Prediction(outputs.argmax(-1), outputs.softmax(-1), probability=True)
        case "log_probability":
            return Prediction(outputs.argmax(-1), outputs.softmax(-1), probability=True)
        case "scores":
            return Prediction(outputs.argmax(-1), _leads(outputs))
        case "logit":
            return _yes_or_no(target, outputs.sigmoid(), threshold=0.5, probability=True)
        case "probability":
            return _yes_or_no(target, outputs, threshold=0.5, probability=True)
        case "sign":
            return _yes_or_no(target, outputs, threshold=0.0)
        case "distance":
            margin = float(recipe.loss_options["margin"])  # pyright: ignore[reportArgumentType]  # its card says so
            return _yes_or_no(target, -outputs, threshold=-margin / 2)
        case _:
            return _numbers(contract, target, outputs)


def _yes_or_no(target: Target, yes: Tensor, *, threshold: float, probability: bool = False) -> Prediction:
    """One column per question: of a binary target the two classes, of several labels each label."""
    value = (yes > threshold).long()
    if not target.task.classifies:
        return Prediction(value, yes, probability=probability)
    no = 1 - yes if probability else -yes
    return Prediction(value[..., 0], torch.cat((no, yes), dim=-1), probability=probability)


def _numbers(contract: Contract, target: Target, outputs: Tensor) -> Prediction:
    deviation = None
    if contract.reading == "mean_and_variance":
        outputs, spread = outputs.chunk(2, dim=-1)
        deviation = functional.softplus(spread).sqrt()
    value = outputs.exp() if contract.reading == "exp" else outputs
    if contract.targets == "standardized":
        mean, scale = _moments(target)
        value = value * scale + mean
        deviation = None if deviation is None else deviation * scale
    if target.width == 1:
        value = value[..., 0]
        deviation = None if deviation is None else deviation[..., 0]
    return Prediction(value, deviation=deviation)


def _moments(target: Target) -> tuple[Tensor, Tensor]:
    mean, scale = (torch.tensor(each, dtype=torch.float64, device="cpu") for each in (target.mean, target.scale))
    return mean, scale


def _leads(scores: Tensor) -> Tensor:
    """By how much each class leads the best other one ``(..., class)``.

    The losses that give scores see nothing but their differences within a row: what all scores of a row have in
    common is arbitrary, and would rank rows by chance.
    """
    best = scores.topk(2, dim=-1)
    rivals = best.values[..., :1].expand_as(scores).scatter(-1, best.indices[..., :1], best.values[..., 1:])
    return scores - rivals


def _label_ids(holds: Tensor) -> Tensor:
    """The ids of the labels that hold, in order, then -1: ``(row, label)``."""
    labels = torch.arange(holds.shape[1], device="cpu").expand(holds.shape)
    ids = torch.where(holds.bool(), labels, holds.shape[1]).sort(dim=1).values
    return torch.where(ids == holds.shape[1], -1, ids)
