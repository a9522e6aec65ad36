"""Formulas for a terminal: LaTeX made readable as Unicode text, fractions over one another."""

from __future__ import annotations

from fallline.render._boxes import Box, beside, fenced, stacked
from fallline.render._latex import parsed, statements
from fallline.render._symbols import SUBSCRIPTS, SUPERSCRIPTS, VULGAR
from fallline.render._tree import Accent, Cases, Fence, Fraction, Group, LatexError, Node, Root, Scripts, Symbol

__all__ = ["readable"]

_ROOMY = 64
"""Statements that together are wider than this stand on lines of their own."""


def readable(latex: str, *, width: int = 76) -> list[str] | None:
    r"""A formula as lines of text.

    Args:
        latex: The formula.
        width: Characters that a line may have. Where the whole is wider, its statements stand on lines of their own.

    Returns:
        The lines; None where the LaTeX goes beyond what is read here, or does not fit: then show it as it is.

    Example:
        >>> print(*readable(r"f(x) = \frac{1}{1 + e^{-x}}"), sep="\n")
                  1
        f(x) = ───────
               1 + e⁻ˣ
        >>> readable(r"\theta \leftarrow \theta - \eta\,m / \sqrt{v_t}")
        ['θ ← θ − η m / √vₜ']
    """
    try:
        formula = parsed(latex)
        boxes = _laid_out(formula)
    except LatexError:
        return None
    if any(box.width > width for box in boxes):
        return None
    lines: list[str] = []
    for box, before in zip(boxes, [None, *boxes], strict=False):
        tall = before is not None and max(len(box.lines), len(before.lines)) > 1
        lines += [""] * tall + [line.rstrip() for line in box.lines]
    return lines


def _laid_out(formula: Group) -> list[Box]:
    """The whole where it is short and low, else its statements."""
    parts = [_laid(part) for part in statements(formula)]
    broken = any(isinstance(item, Symbol) and item.role == "break" for item in formula.items)
    if broken or (len(parts) > 1 and any(len(part.lines) > 1 for part in parts)):
        return parts
    whole = _laid(formula)
    return parts if whole.width > _ROOMY else [whole]


def _laid(node: Node, *, inline: bool = False) -> Box:
    """The node as text; ``inline``: on one line, whatever it is."""
    match node:
        case Symbol(text=text):
            return Box((text,))
        case Group(items=items):
            return _row(items, inline=inline)
        case Fraction():
            return _fraction(node, inline=inline)
        case Root(inside=inside):
            return Box((f"√{_bracketed(inside)}",))
        case Scripts():
            return _scripts(node, inline=inline)
        case Accent(inside=inside, mark=mark):
            return Box(("".join(letter + (mark if letter != " " else "") for letter in _line(inside)),))
        case Fence(left=left, right=right, inside=inside):
            return fenced(left, _laid(inside, inline=inline), right)
        case Cases():
            return _cases(node)


def _row(items: tuple[Node, ...], *, inline: bool) -> Box:
    """Nodes side by side, with the spaces that their roles ask for."""
    parts: list[Box] = []
    left, space = "", ""
    for item in items:
        if isinstance(item, Symbol) and item.role in ("gap", "space"):
            space = item.text if len(item.text) >= len(space) else space
            continue
        box = _laid(item, inline=inline)
        right = _role(item, box)
        if right == "operator" and left in ("", "operator", "sign", "relation", "comma", "function", "sum"):
            right = "sign"
        # a word brings the spaces beside it along
        spaced = (right == "word" and box.lines[0][:1] == " ") or (left == "word" and parts[-1].lines[0][-1:] == " ")
        between = max(space, _between(left, right), key=len) if left and not spaced else ""
        parts += [Box((between,)), box]
        left, space = right, ""
    return beside(parts)


def _role(node: Node, box: Box) -> str:
    """What the node is to its neighbours."""
    if isinstance(node, Scripts):
        return _role(node.base, box)
    if len(box.lines) > 1 and isinstance(node, Fraction | Cases):
        return "tall"
    if isinstance(node, Symbol):
        return node.role
    return "fence" if isinstance(node, Fence) else "name"


def _between(left: str, right: str) -> str:
    """The space between two neighbours, beside the one that the source asks for."""
    if not left or right == "comma" or (left == "sign" and right != "tall"):
        return ""
    if "comma" in (left, right) or left == "operator" or right == "operator":
        return " "
    if left == "function":
        return "" if right == "fence" else " "
    return " " if {left, right} & {"relation", "sum", "tall"} or right == "function" else ""


def _fraction(node: Fraction, *, inline: bool) -> Box:
    top, bottom = _line(node.top), _line(node.bottom)
    if vulgar := VULGAR.get((top, bottom)):
        return Box((vulgar,))
    if inline or node.small:
        over = f"({top})" if " " in top and len(node.top.items) > 1 else top
        return Box((f"{over}/{_bracketed(node.bottom)}",))
    over, under = _laid(node.top), _laid(node.bottom)
    if len(over.lines) > 1:
        over = Box((top,))
    if len(under.lines) > 1:
        under = Box((bottom,))
    rule = Box(("─" * max(over.width, under.width, 3),))
    return stacked([over, rule, under], base=1)


def _scripts(node: Scripts, *, inline: bool) -> Box:
    base = _laid(node.base, inline=inline)
    limits = isinstance(node.base, Symbol) and node.base.role == "sum"
    sub = _line(node.sub) if node.sub else ""
    sup = _line(node.sup) if node.sup else ""
    if limits and not inline and (sup or not _maps(sub, SUBSCRIPTS)):
        return stacked([Box((text,)) for text in (sup, base.lines[0], sub) if text], base=1 if sup else 0)
    low = _script(node.sub, SUBSCRIPTS, "_") if node.sub else ""
    high = _script(node.sup, SUPERSCRIPTS, "^") if node.sup else ""
    if len(base.lines) == 1:
        return Box((base.lines[0] + low + high,))
    return beside([base, Box(((high,) + ("",) * base.base) if high else ("",), base.base if high else 0), Box((low,))])


def _script(inside: Group, table: dict[int, int], mark: str) -> str:
    """A script in raised or lowered characters where there are such, else after its mark."""
    text = _line(inside)
    close = text.replace(" ", "")
    return close.translate(table) if _maps(close, table) else mark + _bracketed(inside)


def _maps(text: str, table: dict[int, int]) -> bool:
    return all(ord(character) in table for character in text)


def _cases(node: Cases) -> Box:
    rows = [[_line(cell) for cell in row] for row in node.rows]
    if node.brace:
        rows = [[row[0], *map(_condition, cells[1:])] for row, cells in zip(rows, node.rows, strict=True)]
    widths = [max(Box((row[place],)).width for row in rows if place < len(row)) for place in range(max(map(len, rows)))]
    gap = "   " if node.brace else " "
    lines = [
        gap.join(Box((cell,)).padded(width).lines[0] for cell, width in zip(row, widths, strict=False)) for row in rows
    ]
    if not node.brace:
        return Box(tuple(lines), len(lines) // 2)
    if len(lines) % 2 == 0:
        lines.insert(len(lines) // 2, "")
    return fenced("{", Box((*(f"{line} " for line in lines),), len(lines) // 2), "")


def _condition(cell: Group) -> str:
    """When a case holds, in words."""
    first = next((item for item in cell.items if not (isinstance(item, Symbol) and item.role == "gap")), None)
    words = isinstance(first, Symbol) and first.role == "word"
    return _line(cell) if words else f"if {_line(cell)}"


def _line(node: Node) -> str:
    """The node on one line."""
    return _laid(node, inline=True).lines[0]


def _bracketed(inside: Group) -> str:
    """A group on one line, in brackets unless it is one thing."""
    text = _line(inside)
    items = [item for item in inside.items if not (isinstance(item, Symbol) and item.role == "gap")]
    one = len(items) == 1 and not (isinstance(items[0], Fraction) and "/" in text)
    return text if one or text.isdigit() else f"({text})"
