"""What LaTeX's commands look like in Unicode."""

# ruff: noqa: RUF001 -- symbols that look like letters are what this file is about

from __future__ import annotations

__all__ = [
    "ACCENTS",
    "BLACKBOARD",
    "CLOSERS",
    "FUNCTIONS",
    "OPENERS",
    "SPACES",
    "SUBSCRIPTS",
    "SUPERSCRIPTS",
    "SYMBOLS",
    "VULGAR",
]

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_NAMES = {"ell": "ℓ", "infty": "∞", "nabla": "∇", "partial": "∂", "top": "⊤", "ldots": "…", "dots": "…", "cdots": "⋯",
          "|": "‖", "#": "#", "%": "%", "_": "_", "lvert": "|", "rvert": "|"}  # fmt: skip
_RELATIONS = {
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "in": "∈", "notin": "∉", "leftarrow": "←",
    "gets": "←", "to": "→", "rightarrow": "→", "mapsto": "↦", "approx": "≈", "sim": "∼", "propto": "∝", "ll": "≪",
    "gg": "≫", "equiv": "≡", "nearrow": "↗", "searrow": "↘", "mid": "|", "iff": "⇔", "colon": ":",
}  # fmt: skip
_OPERATORS = {"cdot": "·", "times": "×", "odot": "⊙", "pm": "±", "circ": "∘", "ast": "∗", "oslash": "⊘", "bmod": "mod"}
SYMBOLS: dict[str, tuple[str, str]] = {
    **{"\\" + name: (text, "name") for name, text in {**_GREEK, **_NAMES}.items()},
    **{"\\" + name: (text, "relation") for name, text in _RELATIONS.items()},
    **{"\\" + name: (text, "operator") for name, text in _OPERATORS.items()},
    **{mark: (mark, "relation") for mark in "=<>"},
    ":": (":", "relation"),
    "+": ("+", "operator"),
    "-": ("−", "operator"),
    "*": ("∗", "name"),
    ",": (",", "comma"),
    ";": (";", "comma"),
    "'": ("′", "name"),
    "~": (" ", "space"),
    "\\sum": ("Σ", "sum"),
    "\\prod": ("Π", "sum"),
}
"""Command or character → its text and its role."""
_NAMED = ("log", "ln", "exp", "tanh", "cosh", "sinh", "cos", "sin", "arctan", "tan", "min", "max", "sup", "inf", "erf")
FUNCTIONS = {"\\" + name: name for name in (*_NAMED, "det", "tr", "arg", "Pr", "lim")}
SPACES = {r"\,": " ", r"\:": " ", r"\;": " ", r"\ ": " ", r"\!": "", r"\quad": "   ", r"\qquad": "      "}
ACCENTS = {r"\hat": "\u0302", r"\widehat": "\u0302", r"\bar": "\u0304", r"\overline": "\u0305", r"\tilde": "\u0303",
           r"\dot": "\u0307", r"\vec": "\u20d7"}  # fmt: skip
"""Accent → the mark that combines with the character before it."""
OPENERS = {"(": "(", "[": "[", r"\{": "{", r"\lbrace": "{", r"\lfloor": "⌊", r"\lceil": "⌈", r"\langle": "⟨",
           r"\lVert": "‖"}  # fmt: skip
CLOSERS = {")": ")", "]": "]", r"\}": "}", r"\rbrace": "}", r"\rfloor": "⌋", r"\rceil": "⌉", r"\rangle": "⟩",
           r"\rVert": "‖"}  # fmt: skip
BLACKBOARD = {"1": "𝟙", "R": "ℝ", "E": "𝔼", "P": "ℙ"}
SUPERSCRIPTS = str.maketrans(
    "0123456789+−=()abcdefghijklmnoprstuvwxyzTβγδθϕφχ⊤′∗",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᵝᵞᵟᶿᶲᵠᵡᵀ′*",
)
SUBSCRIPTS = str.maketrans("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")
VULGAR = {("1", "2"): "½", ("1", "3"): "⅓", ("2", "3"): "⅔", ("1", "4"): "¼", ("3", "4"): "¾", ("1", "8"): "⅛"}
