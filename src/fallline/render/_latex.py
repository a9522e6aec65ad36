"""The LaTeX of formulas, read into a tree: as much of it as the catalogue writes."""

from __future__ import annotations

import re

from fallline.render._symbols import ACCENTS, BLACKBOARD, CLOSERS, FUNCTIONS, OPENERS, SPACES, SYMBOLS
from fallline.render._tree import (
    Accent,
    Cases,
    Fence,
    Fraction,
    Group,
    LatexError,
    Node,
    Root,
    Scripts,
    Symbol,
    UnknownCommandError,
)

__all__ = ["parsed", "statements"]

_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\s+|.", re.DOTALL)
_SIZES = {rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")}
_IGNORED = {*_SIZES, r"\displaystyle", r"\textstyle", r"\limits", r"\nolimits"}
_WORDS = (r"\text", r"\mathrm", r"\textrm", r"\textbf", r"\mbox")
_STYLES = (r"\mathbf", r"\boldsymbol", r"\bm", r"\mathit", r"\mathcal")
_TABLES = {"cases": True, "aligned": False, "gathered": False, "split": False}


def parsed(latex: str) -> Group:
    """The tree of a formula.

    Raises:
        UnknownCommandError: It has a command that is not read here.
        LatexError: It is not well formed.

    Example:
        >>> parsed("x^2").items
        (Scripts(base=Symbol(text='x', role='name'), sub=None, sup=Group(items=(Symbol(text='2', role='number'),))),)
    """
    return _Reader(latex).whole()


def statements(formula: Group) -> list[Group]:
    r"""The formula in parts that may stand on lines of their own: at line breaks, wide spaces, commas before a space.

    Example:
        >>> len(statements(parsed(r"a = b,\; c = d \quad e")))
        3
    """
    parts: list[list[Node]] = [[]]
    for item in formula.items:
        last = parts[-1][-1] if parts[-1] else None
        comma = isinstance(last, Symbol) and last.role == "comma"
        if isinstance(item, Symbol) and _parts(item, comma):
            parts.append([])
        else:
            parts[-1].append(item)
    kept = [Group(tuple(part)) for part in parts]
    return [part for part in kept if not all(isinstance(item, Symbol) and item.role == "gap" for item in part.items)]


def _parts(item: Symbol, comma: bool) -> bool:
    wide = item.role == "space" and (len(item.text) > 1 or comma)
    return wide or item.role == "break"


class _Reader:
    """A descent through the tokens."""

    def __init__(self, latex: str) -> None:
        self._tokens = _TOKEN.findall(latex.strip())
        self._at = 0

    def whole(self) -> Group:
        row = self._row(frozenset())
        if self._at < len(self._tokens):
            raise LatexError(f"{self._tokens[self._at]!r} without what opens it")
        return row

    def _row(self, ends: frozenset[str]) -> Group:
        """Nodes up to one of ``ends``, which is left to be read."""
        items: list[Node] = []
        while (token := self._peek()) and token not in ends:
            if token in ("}", r"\right", r"\end", "&"):
                break
            if token in "^_":
                items.append(self._scripts(items.pop() if items else Symbol("", "name")))
            elif (node := self._node()) is not None:
                items.append(node)
        return Group(tuple(_with_whole_numbers(items)))

    def _node(self) -> Node | None:
        token = self._next()
        if token in _IGNORED:
            return None
        if token == "{":
            return self._closed(self._row(frozenset()), "}")
        if token == r"\begin":
            return self._table()
        if token == r"\left":
            left = self._delimiter()
            inside = self._closed(self._row(frozenset()), r"\right")
            return Fence(left, self._delimiter(), inside)
        if token in OPENERS:
            return self._fence(OPENERS[token])
        return self._command(token) or _symbol(token)

    def _command(self, token: str) -> Node | None:
        """The node of a command that takes arguments, else None."""
        if token in (r"\frac", r"\tfrac", r"\dfrac"):
            return Fraction(self._argument(), self._argument(), small=token == r"\tfrac")
        if token == r"\sqrt":
            return Root(self._argument())
        if token in ACCENTS:
            return Accent(self._argument(), ACCENTS[token])
        if token in (r"\operatorname", r"\operatorname*"):
            return Symbol(self._verbatim(), "function")
        if token in _WORDS:
            return Symbol(self._verbatim(), "word")
        if token == r"\mathbb":
            return self._blackboard()
        return self._argument() if token in _STYLES else None

    def _fence(self, left: str) -> Fence:
        inside = self._row(frozenset(CLOSERS))
        token = self._next()
        if token not in CLOSERS:
            raise LatexError(f"{left!r} without what closes it")
        return Fence(left, CLOSERS[token], inside)

    def _table(self) -> Cases:
        kind = self._verbatim()
        if kind not in _TABLES:
            raise UnknownCommandError(f"the environment {kind}")
        rows: list[list[Group]] = [[]]
        while True:
            rows[-1].append(self._row(frozenset((r"\\",))))
            token = self._next()
            if token == r"\end":
                break
            if token == r"\\":
                rows.append([])
            elif token != "&":
                raise LatexError(f"{kind} without its end")
        if self._verbatim() != kind:
            raise LatexError(f"{kind} without its end")
        return Cases(tuple(tuple(row) for row in rows if any(cell.items for cell in row)), _TABLES[kind])

    def _scripts(self, base: Node) -> Scripts:
        found: dict[str, Group] = {}
        while (token := self._peek()) and token in "^_":
            self._next()
            found[token] = self._argument()
        return Scripts(base, found.get("_"), found.get("^"))

    def _argument(self) -> Group:
        """A group in braces, or the single node that stands there."""
        while self._peek().isspace():
            self._next()
        if self._peek() == "":
            raise LatexError("an argument is missing")
        node = self._node()
        return node if isinstance(node, Group) else Group((node,) if node else ())

    def _verbatim(self) -> str:
        """An argument in braces, as text."""
        while self._peek().isspace():
            self._next()
        parts, depth = [], 0
        while token := self._next():
            depth += {"{": 1, "}": -1}.get(token, 0)
            if token not in "{}":
                parts.append(token[1:] if token[0] == "\\" and not token[1:].isalpha() else token)
            if depth == 0:
                return "".join(parts)
        raise LatexError("'{' without '}'")

    def _blackboard(self) -> Symbol:
        letter = self._verbatim()
        if letter not in BLACKBOARD:
            raise UnknownCommandError(f"\\mathbb{{{letter}}}")
        return Symbol(BLACKBOARD[letter], "name")

    def _delimiter(self) -> str:
        token = self._next()
        if token == ".":
            return ""
        return OPENERS.get(token) or CLOSERS.get(token) or _symbol(token).text

    def _closed(self, row: Group, end: str) -> Group:
        if self._next() != end:
            raise LatexError(f"{end!r} is missing")
        return row

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token


def _symbol(token: str) -> Symbol:
    if token in SYMBOLS:
        return Symbol(*SYMBOLS[token])
    if token in SPACES:
        return Symbol(SPACES[token], "space")
    if token in FUNCTIONS:
        return Symbol(FUNCTIONS[token], "function")
    if token.isspace():
        return Symbol(" ", "gap")
    if token == r"\\":
        return Symbol("", "break")
    if token.startswith("\\") or token in CLOSERS:
        raise UnknownCommandError(token)
    return Symbol(token, "number" if token.isdigit() else "name")


def _with_whole_numbers(items: list[Node]) -> list[Node]:
    """Digits that stand side by side, and the points between them, as one number."""
    joined: list[Node] = []
    for item in items:
        last = joined[-1] if joined else None
        if isinstance(item, Symbol) and isinstance(last, Symbol) and last.role == "number" and _goes_on(item):
            joined[-1] = Symbol(last.text + item.text, "number")
        else:
            joined.append(item)
    return joined


def _goes_on(symbol: Symbol) -> bool:
    return symbol.role == "number" or symbol.text == "."
