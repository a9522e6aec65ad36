"""Losses: the loss of a row and its gradient against one output of the network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fallline.catalogue.contract import Contract
from fallline.catalogue.criteria import Criterion
from fallline.catalogue.curves._sampling import curve_and_slope, even, window, without_jumps
from fallline.catalogue.networks import Feedforward
from fallline.catalogue.registry import find
from fallline.core.recipe import OptionValue, Recipe
from fallline.render.number import short
from fallline.render.picture import Picture

__all__ = ["loss_picture"]

_VARIANTS: dict[str, tuple[str, tuple[OptionValue, ...]]] = {
    "huber": ("delta", (1.0, 0.3)),
    "smooth_l1": ("beta", (1.0, 0.3)),
    "quantile": ("quantile", (0.5, 0.9)),
    "focal": ("gamma", (2.0, 0.0)),
}
"""Losses that an option shapes: the option, its default, and another value to draw beside it."""
_HIGHEST = 8.0


@dataclass(frozen=True)
class _Case:
    """A row whose output is moved.

    Args:
        name: What tells it from the other ("y = 1").
        outputs: From the number that is moved ``()`` to the outputs ``(1, unit)``, before the head.
        targets: As the loss wants them ``(1, …)``.
        options: Options of the loss.
    """

    name: str
    outputs: Callable[[Tensor], Tensor]
    targets: Tensor
    options: dict[str, OptionValue]


def loss_picture(name: str) -> Picture:
    """A loss and its gradient, for a row or two, against the output that the row is about."""
    loss = find("loss", name)
    contract = loss.contract
    across, span = _axis(contract)
    cases = list(_cases(name, contract))
    x = even(*span)
    lines = [
        line
        for hue, case in enumerate(cases)
        for line in curve_and_slope(_loss(name, contract, case), x, names=_names(case), hue=hue)
    ]
    shown = window(lines, highest=_HIGHEST)
    return Picture(
        title=f"{name}: the loss of a row, and its gradient",
        caption=_caption(contract, cases),
        across=across,
        window=shown,
        lines=tuple(without_jumps(line, shown) for line in lines),
    )


def _names(case: _Case) -> tuple[str, str]:
    return (f"loss, {case.name}", f"gradient, {case.name}") if case.name else ("loss", "gradient")


def _loss(name: str, contract: Contract, case: _Case) -> Callable[[Tensor], Tensor]:
    """From the number that is moved to the loss of the row."""
    recipe = Recipe(loss=name, loss_options=find("loss", name).card.complete(case.options))
    criterion = Criterion(recipe, dtype=torch.float64)
    head = Feedforward(inputs=1, widths=(), outputs=1, head=contract.head).build()[1:]
    return lambda at: criterion(head(case.outputs(at)), case.targets)


def _cases(name: str, contract: Contract) -> Iterator[_Case]:
    if name in _VARIANTS:
        option, values = _VARIANTS[name]
        (case, *_) = _rows(contract)
        for value in values:
            yield _Case(f"{option} {short(float(value))}", case.outputs, case.targets, {option: value})  # pyright: ignore[reportArgumentType]  # they are numbers
    else:
        yield from _rows(contract)


def _rows(contract: Contract) -> Iterator[_Case]:
    """One or two rows that show what the loss does."""
    if contract.outputs == "two_per_target":
        for variance in (1.0, 0.25):
            raw = torch.tensor(math.log(math.expm1(variance)), dtype=torch.float64)
            yield _Case(f"variance {variance:g}", lambda at, raw=raw: torch.stack((at, raw))[None], _floats(0.0), {})
    elif contract.targets == "label_ids":
        ids = torch.tensor([[0, -1, -1]])
        yield _Case("a label that holds", lambda at: _among_others(at, 0), ids, {})
        yield _Case("one that does not", lambda at: _among_others(at, 1), ids, {})
    elif contract.outputs == "per_class":
        truth = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
        ids = truth if contract.targets == "one_hot" else torch.tensor([0])
        yield _Case("the true class", lambda at: _among_others(at, 0), ids, {})
        yield _Case("another class", lambda at: _among_others(at, 1), ids, {})
    else:
        for name, target in _TARGETS[contract.targets]:
            yield _Case(name, lambda at: at.reshape(1, 1), _floats(target), {})


_TARGETS = {
    "standardized": (("", 0.0),),
    "as_is": (("y = 1", 1.0), ("y = 5", 5.0)),
    "zero_one": (("y = 1", 1.0), ("y = 0", 0.0)),
    "plus_minus_one": (("y = 1", 1.0), ("y = −1", -1.0)),
}


def _among_others(at: Tensor, place: int) -> Tensor:
    """Three scores, of which one is moved and the others are 0: ``(1, 3)``."""
    return torch.stack([at if number == place else torch.zeros_like(at) for number in range(3)])[None]


def _floats(target: float) -> Tensor:
    return torch.tensor([[target]], dtype=torch.float64)


def _axis(contract: Contract) -> tuple[str, tuple[float, float]]:
    """What is moved, and how far."""
    if contract.outputs == "two_per_target":
        return "error of the mean, in standard deviations of the target", (-3.0, 3.0)
    if contract.targets == "standardized":
        return "error z − y, in standard deviations of the target", (-3.0, 3.0)
    if contract.targets == "as_is":
        return "output z, the logarithm of the expected count", (-2.0, 3.0)
    what = "score of the class" if contract.outputs == "per_class" else "output z"
    what = "score of the label" if contract.targets == "label_ids" else what
    heads = {"sigmoid": "sigmoid", "log_softmax": "log-softmax", "softplus": "softplus"}
    return what + (f", before the {heads[contract.head]}" if contract.head in heads else ""), (-5.0, 5.0)


def _caption(contract: Contract, cases: list[_Case]) -> str:
    of = "with respect to the output"
    if contract.outputs == "two_per_target":
        return "The gradient is that of the mean: the smaller the predicted variance, the harder an error pulls."
    if contract.outputs == "per_class":
        few = "Three classes, the scores of the other two at 0"
        return f"{few}; gradients are {of} that is moved. A negative one pushes the score up."
    if contract.targets == "label_ids":
        return f"Three labels, of which the first holds; the other scores are at 0. Gradients are {of} that is moved."
    if contract.targets == "as_is":
        return "Each is lowest at the logarithm of its count; above that it grows exponentially, below it like a line."
    if len(cases) == 2 and contract.targets != "standardized":
        return f"Gradients are {of}: a negative one pushes it up, and where it is 0 the row teaches nothing."
    return f"Gradients are {of}: their size is how hard a row pulls at the network."
