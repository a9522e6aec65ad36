"""What a card shows, in words: the card's texts, and what is known of the entry besides."""

from __future__ import annotations

from fallline.catalogue.card import Option
from fallline.catalogue.contract import Contract, Loss
from fallline.catalogue.optimizers import Optimizer
from fallline.catalogue.registry import Entry
from fallline.core.recipe import OptionValue
from fallline.render.number import short
from fallline.render.sheet import OptionLine, Sheet

__all__ = ["sheet_of"]

_OUTPUTS = {
    "per_target": "one unit for each target column or label",
    "per_class": "one unit for each class",
    "two_per_target": "two units for each target column: first all means, then all spreads",
}
_HEADS = {
    "none": "",
    "sigmoid": ", then a sigmoid",
    "log_softmax": ", then a log-softmax",
    "softplus": ", then a softplus",
}
_TARGETS = {
    "standardized": "standardized: mean 0, standard deviation 1 over the training rows",
    "as_is": "as they are, not standardized",
    "class_id": "class ids, int64",
    "one_hot": "a number for each class: 1 for the true one, else 0",
    "zero_one": "the numbers 0 and 1",
    "plus_minus_one": "the numbers -1 and 1",
    "label_ids": "the ids of the labels that hold, then -1, int64",
}
_READINGS = {
    "number": "the output, turned back into the target's unit",
    "exp": "exp(output)",
    "logit": "yes where the output is above 0; its sigmoid is the probability",
    "probability": "yes where the output is above 0.5; it is the probability",
    "logits": "the class with the highest output; their softmax are the probabilities",
    "log_probability": "the class with the highest output; their exp are the probabilities",
    "scores": "the class with the highest output; it gives no probabilities",
    "sign": "yes where the output is above 0; it gives no probabilities",
    "distance": "yes where the output is below half the margin; it gives no probabilities",
    "mean_and_variance": "the mean, turned back into the target's unit, with a standard deviation",
}


def sheet_of(entry: Entry) -> Sheet:
    """What the card of ``entry`` shows."""
    card = entry.card
    return Sheet(
        kind=card.kind,
        name=card.name,
        torch=card.torch,
        summary=card.summary,
        formula=card.formula,
        when=card.when,
        pitfalls=card.pitfalls,
        facts=tuple(_facts(entry)),
        options=tuple(map(_option, card.options)),
        write=(f"--{card.kind} {card.name}", f'{card.kind}="{card.name}"'),
        source=card.source,
        tasks=tuple(task.value for task in entry.contract.tasks) if isinstance(entry, Loss) else (),
    )


def _facts(entry: Entry) -> list[tuple[str, str]]:
    card = entry.card
    facts = [("shapes", card.shapes), ("dtypes", card.dtypes), ("ranges", card.ranges)]
    if isinstance(entry, Loss):
        return [*_contract(entry.contract), *facts, ("reduction", card.reduction)]
    return [*_ladder(entry), *facts] if isinstance(entry, Optimizer) else facts


def _contract(contract: Contract) -> list[tuple[str, str]]:
    """What a loss demands, and how it is met."""
    facts = [
        ("for", ", ".join(task.value for task in contract.tasks)),
        ("network", f"ends in {_OUTPUTS[contract.outputs]}{_HEADS[contract.head]}"),
        ("targets", _TARGETS[contract.targets]),
        ("prediction", _READINGS[contract.reading]),
    ]
    return [*facts, ("ranked by", contract.ranking)] if contract.ranking else facts


def _ladder(optimizer: Optimizer) -> list[tuple[str, str]]:
    low, high = optimizer.rates
    facts = [("ladder", f"16 learning rates from {short(low)} to {short(high)}")]
    return [*facts, ("batches", "all rows at each step")] if optimizer.full_batch else facts


def _option(option: Option) -> OptionLine:
    return OptionLine(
        flag=option.command_line,
        name=option.name,
        default=_said(option.default),
        allowed=_allowed(option.range),
        meaning=option.meaning,
    )


def _allowed(words: str) -> str:
    """A range in fewer words, as a column of a table has room for."""
    return (
        words.replace("a list of numbers, each", "numbers")
        .replace("a whole number", "whole")
        .removeprefix("a number in ")
    )


def _said(value: OptionValue | None) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(f"{number:g}" for number in value)
    return "none" if value is None else value if isinstance(value, str) else f"{value:g}"
