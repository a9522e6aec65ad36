"""Text for terminals that know ASCII only."""

from __future__ import annotations

__all__ = ["plain_text"]

_LIKE = str.maketrans(
    {
        "−": "-", "–": "-", "·": "-", "×": "x", "…": "...", "’": "'", "²": "^2", "½": "1/2", "√": "sqrt ", "∞": "inf",
        "≤": "<=", "≥": ">=", "≠": "!=", "→": "->", "ö": "oe", "ä": "ae", "ü": "ue", "é": "e",
        "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "eps", "η": "eta", "θ": "theta", "λ": "lambda",
        "μ": "mu", "ρ": "rho", "σ": "sigma", "τ": "tau",
    }
)  # fmt: skip


def plain_text(text: str) -> str:
    """``text`` in ASCII, with a question mark for what has no likeness there.

    Example:
        >>> plain_text("z − y ≤ δ")
        'z - y <= delta'
    """
    return text.translate(_LIKE).encode("ascii", "replace").decode()
