"""Activation: an entry of the catalogue, and what all their cards have in common."""

from __future__ import annotations

from dataclasses import dataclass

from fallline.catalogue.card import Card, Option

__all__ = ["Activation", "activation"]


@dataclass(frozen=True)
class Activation:
    """An activation of the catalogue."""

    card: Card


def activation(
    name: str,
    torch: str,
    *,
    summary: str,
    formula: str,
    ranges: str,
    when: str,
    pitfalls: tuple[str, ...],
    source: str,
    options: tuple[Option, ...] = (),
) -> Activation:
    """An elementwise activation of torch; ``ranges`` holds those at the default options."""
    return Activation(
        Card(
            kind="activation",
            name=name,
            torch=f"torch.nn.{torch}",
            summary=summary,
            formula=formula,
            shapes="any, elementwise",
            dtypes="floating point",
            ranges=ranges,
            when=when,
            pitfalls=pitfalls,
            source=source,
            options=options,
        )
    )
