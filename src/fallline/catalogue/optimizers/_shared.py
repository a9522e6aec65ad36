"""Options and phrases that several optimizers share, so that one flag means one thing."""

# Left out of every card are the arguments of torch's classes that choose an implementation or serve another purpose:
# `foreach`, `fused` and `capturable` (how the step is computed), `differentiable` (a step that gradients flow
# through) and `maximize` (losses are made small here).

from __future__ import annotations

from dataclasses import replace

from fallline.catalogue.card import Card, Option

__all__ = [
    "BETA1",
    "BETA2",
    "DECAY",
    "DECOUPLED",
    "DECOUPLED_DECAY",
    "EPS",
    "MOMENTUM",
    "NESTEROV",
    "card",
    "with_default",
]

DECAY = Option(
    name="weight_decay", default=0.0, low=0, meaning="L2 penalty: this times the weight is added to its gradient"
)
DECOUPLED_DECAY = Option(
    name="weight_decay", default=0.01, low=0, meaning="weights shrink by learning rate times this at each step"
)
DECOUPLED = Option(
    name="decoupled_weight_decay",
    default=False,
    holds="switch",
    meaning="let weight_decay shrink the weights, as in adamw, instead of joining the gradient",
)
BETA1 = Option(name="beta1", default=0.9, low=0, high=1, open_high=True, meaning="memory of the mean gradient")
BETA2 = Option(
    name="beta2", default=0.999, low=0, high=1, open_high=True, meaning="memory of the mean squared gradient"
)
EPS = Option(name="eps", default=1e-8, low=0, meaning="added to the divisor, against division by zero")
MOMENTUM = Option(name="momentum", default=0.0, low=0, high=1, open_high=True, meaning="share of the last step kept")
NESTEROV = Option(name="nesterov", default=False, holds="switch", meaning="look ahead along the momentum")


def with_default(option: Option, default: float | bool, meaning: str = "") -> Option:
    """The same option at another default, and where it means something else, saying so."""
    return replace(option, default=default, meaning=meaning or option.meaning)


def card(
    name: str,
    torch: str,
    *,
    summary: str,
    formula: str,
    ranges: str,
    when: str,
    pitfalls: tuple[str, ...],
    source: str,
    options: tuple[Option, ...],
    shapes: str = "each parameter with its gradient, coordinate by coordinate",
) -> Card:
    """The card of an optimizer."""
    return Card(
        kind="optimizer",
        name=name,
        torch=torch,
        summary=summary,
        formula=formula,
        shapes=shapes,
        dtypes="floating point, parameter and gradient alike",
        ranges=ranges,
        when=when,
        pitfalls=pitfalls,
        source=source,
        options=options,
    )
