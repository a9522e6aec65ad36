"""A formula as a tree, and what can be wrong with its LaTeX."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Accent",
    "Cases",
    "Fence",
    "Fraction",
    "Group",
    "LatexError",
    "Node",
    "Root",
    "Scripts",
    "Symbol",
    "UnknownCommandError",
]


class LatexError(ValueError):
    """The LaTeX is not well formed: a brace or an argument is missing."""


class UnknownCommandError(LatexError):
    """A command that is not among those read here."""


@dataclass(frozen=True)
class Symbol:
    """What stands for itself.

    Args:
        text: As Unicode.
        role: ``name`` (a variable), ``number``, ``operator`` (as +), ``relation`` (as =), ``comma``, ``function`` (as
            log), ``sum`` (takes limits), ``word`` (text), ``space`` (as wide as ``text``), ``gap`` (a space in the
            source, which says nothing), ``break`` (a new line).
    """

    text: str
    role: str


@dataclass(frozen=True)
class Group:
    """Nodes in a row."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Fraction:
    """A numerator over a denominator; a small one is set in the line."""

    top: Group
    bottom: Group
    small: bool


@dataclass(frozen=True)
class Root:
    """A square root."""

    inside: Group


@dataclass(frozen=True)
class Scripts:
    """A base with what is set lower and higher after it."""

    base: Node
    sub: Group | None
    sup: Group | None


@dataclass(frozen=True)
class Accent:
    """Something with a mark over it; ``mark`` combines with the character before it."""

    inside: Group
    mark: str


@dataclass(frozen=True)
class Fence:
    """What stands between two brackets, either of which may be ""."""

    left: str
    right: str
    inside: Group


@dataclass(frozen=True)
class Cases:
    """Rows of cells, after a brace where they are cases."""

    rows: tuple[tuple[Group, ...], ...]
    brace: bool


Node = Symbol | Group | Fraction | Root | Scripts | Accent | Fence | Cases
