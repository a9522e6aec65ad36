"""Formulas for a browser: LaTeX as MathML, which every current browser draws without script or outside fonts."""

from __future__ import annotations

from fallline.render._latex import parsed, statements
from fallline.render._parts import escaped
from fallline.render._tree import Accent, Cases, Fence, Fraction, Group, LatexError, Node, Root, Scripts, Symbol

__all__ = ["mathml"]

_WIDTHS = {"": "-0.17em", " ": "0.22em"}
_FLOW = "display:inline-flex;flex-wrap:wrap;gap:.5em 2em;align-items:center"
_FIXED = ("|", "‖", "\u2032", "…", "#", "%")
"""Names that are marks: upright, and never higher than the line."""
_THIN = '<mspace width="0.17em"/>'
_SUMS = {"Σ": "∑", "Π": "∏"}
_ACCENTS = {"\u0302": "^", "\u0304": "¯", "\u0305": "¯", "\u0303": "~", "\u0307": "˙", "\u20d7": "→"}


def mathml(latex: str, *, block: bool = True) -> str:
    r"""A formula as HTML.

    Args:
        latex: The formula.
        block: Whether it stands by itself; else it is part of a sentence.

    Returns:
        ``<math>`` elements, one for each statement, so that a narrow page can set them under one another; the LaTeX
        is kept inside, for whoever copies it. Where the LaTeX goes beyond what is read here: itself, between ``$$``.

    Example:
        >>> "<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup>" in mathml("x^2", block=False)
        True
    """
    try:
        formula = parsed(latex)
    except LatexError:
        return escaped(f"$${latex}$$" if block else f"${latex}$")
    note = f'<annotation encoding="application/x-tex">{escaped(latex)}</annotation>'
    if not block:
        return f"<math><semantics>{_element(formula)}{note}</semantics></math>"
    parts = []
    for part in statements(formula):
        parts.append(
            f'<math displaystyle="true"><semantics>{_element(part)}{note if not parts else ""}</semantics></math>'
        )
    return f'<span class="formula" style="{_FLOW}">{" ".join(parts)}</span>'


def _element(node: Node) -> str:
    match node:
        case Symbol():
            return _symbol(node)
        case Group(items=items):
            return f"<mrow>{_row(items)}</mrow>"
        case Fraction(top=top, bottom=bottom, small=small):
            fraction = f"<mfrac>{_element(top)}{_element(bottom)}</mfrac>"
            return f'<mstyle displaystyle="false">{fraction}</mstyle>' if small else fraction
        case Root(inside=inside):
            return f"<msqrt>{_element(inside)}</msqrt>"
        case Scripts():
            return _scripts(node)
        case Accent(inside=inside, mark=mark):
            return f'<mover accent="true">{_element(inside)}<mo stretchy="false">{_ACCENTS[mark]}</mo></mover>'
        case Fence(left=left, right=right, inside=inside):
            height = _height(inside)
            return f"<mrow>{_bracket(left, height)}{_element(inside)}{_bracket(right, height)}</mrow>"
        case Cases():
            return _cases(node)


def _symbol(node: Symbol) -> str:
    text = escaped(node.text)
    match node.role:
        case "number":
            return f"<mn>{text}</mn>"
        case "name":
            return f"<mi>{text}</mi>" if text not in _FIXED else _mark(text)
        case "function":
            return f'<mi mathvariant="normal">{text}</mi>'
        case "sum":
            return f"<mo>{_SUMS[text]}</mo>"
        case "word":
            return f"<mtext>{text.replace(' ', chr(0xA0))}</mtext>"
        case "gap" | "break":
            return ""
        case "space":
            return f'<mspace width="{_WIDTHS.get(node.text, f"{len(node.text) / 3:g}em")}"/>'
        case "comma":
            return f'<mo separator="true">{text}</mo>'
        case _:
            return f"<mo>{text}</mo>"


def _mark(text: str) -> str:
    return f'<mo stretchy="false" lspace="0" rspace="0">{text}</mo>'


def _row(items: tuple[Node, ...]) -> str:
    """Nodes side by side; a function keeps its distance to names, as no font does that by itself."""
    parts, left = [], None
    for item in items:
        if _roles(item, "gap"):
            continue
        after = _named(left) and not isinstance(item, Fence)
        before = _named(item) and (isinstance(left, Fence | Group | Fraction) or _roles(left, "name", "number"))
        sign = _roles(item, "operator") and (left is None or _roles(left, "operator", "relation", "comma"))
        parts += [_THIN if before or after else "", _sign(item) if sign else _element(item)]
        left = item
    return "".join(parts)


def _sign(node: Node) -> str:
    """A minus that belongs to what follows: without distance to it."""
    return _element(node).replace("<mo>", '<mo form="prefix">')


def _named(node: Node | None) -> bool:
    return _roles(node, "function")


def _roles(node: Node | None, *roles: str) -> bool:
    if isinstance(node, Scripts):
        return _roles(node.base, *roles)
    return isinstance(node, Symbol) and node.role in roles


def _height(node: Node) -> float:
    """About how many lines high a node is."""
    match node:
        case Group(items=items):
            return max(map(_height, items), default=1)
        case Fraction(small=False):
            return 2.2
        case Cases(rows=rows):
            return 1.15 * len(rows)
        case Fence(inside=inside):
            return _height(inside)
        case Scripts(base=base):
            return 1.8 if _roles(base, "sum") else _height(base)
        case _:
            return 1


def _bracket(text: str, height: float) -> str:
    """A bracket, as high as what it holds: only few systems have a font whose brackets grow."""
    if not text or height == 1:
        return f'<mo fence="true" stretchy="false">{escaped(text)}</mo>' if text else ""
    style = f"display:inline-block;transform:scaleY({height:g})"
    return f'<mtext style="{style}">{escaped(text)}</mtext>'


def _scripts(node: Scripts) -> str:
    limits = isinstance(node.base, Symbol) and (node.base.role == "sum" or node.base.text in ("max", "min", "lim"))
    tags = ("munder", "mover", "munderover") if limits else ("msub", "msup", "msubsup")
    base = _element(node.base) or "<mrow></mrow>"
    if node.sub and node.sup:
        return f"<{tags[2]}>{base}{_element(node.sub)}{_element(node.sup)}</{tags[2]}>"
    tag, script = (tags[0], node.sub) if node.sub else (tags[1], node.sup)
    return f"<{tag}>{base}{_element(script or Group(()))}</{tag}>"


def _cases(node: Cases) -> str:
    sides = ("left",) if node.brace else ("right", "left")
    rows = ""
    for row in node.rows:
        cells = ""
        for place, cell in enumerate(row):
            side = sides[min(place, len(sides) - 1)]
            gap = "padding:.15em .9em .15em 0" if node.brace else "padding:.2em 0"
            cells += f'<mtd style="text-align:{side};{gap}">{_element(cell)}</mtd>'
        rows += f"<mtr>{cells}</mtr>"
    table = f"<mtable>{rows}</mtable>"
    return f"<mrow>{_bracket('{', _height(node))}{table}</mrow>" if node.brace else table
