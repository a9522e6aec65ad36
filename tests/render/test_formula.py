"""Formulas: read once, shown as text in a terminal and as MathML in a browser."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fallline.render.formula import readable
from fallline.render.mathml import mathml

SHORT = {
    r"(z - y)^2": "(z − y)²",
    r"|z - y|": "|z − y|",
    r"\tfrac12 x": "½ x",
    r"\beta_1^t": "β₁ᵗ",
    r"z_c": "z_c",
    r"e^{z_c}": "e^z_c",
    r"e^{-y z}": "e⁻ʸᶻ",
    r"x^{a + b}": "xᵃ⁺ᵇ",
    r"x^{a / q}": "x^(a / q)",
    r"-\log p": "−log p",
    r"a - -b": "a − −b",
    r"\sqrt{v} + \varepsilon": "√v + ε",
    r"\sqrt{v/2}": "√(v/2)",
    r"\hat{m}": "m\u0302",
    r"\max(0, x)": "max(0, x)",
    r"y\log\sigma(z)": "y log σ(z)",
    r"\operatorname{softmax}(z)": "softmax(z)",
    r"a \text{ if } b": "a if b",
    r"\eta\,g": "η g",
    r"[0, 1)": "[0, 1)",
    r"\{-1, 1\}": "{−1, 1}",
    r"\lfloor e / s \rfloor": "⌊e / s⌋",
    r"\sum_k t_k": "Σₖ tₖ",
    r"1.0507 x": "1.0507 x",
    r"\mathbb{1}": "\U0001d7d9",
    r"g^\top d": "gᵀ d",
}


@pytest.mark.parametrize(("latex", "text"), SHORT.items(), ids=SHORT)
def test_what_fits_a_line_is_written_on_one(latex: str, text: str):
    assert readable(latex) == [text]


def test_a_fraction_stands_over_its_denominator_on_the_line_of_its_neighbours():
    assert readable(r"\theta - \eta\,\frac{m}{\sqrt{v} + \varepsilon}") == [
        "        m",
        "θ − η ──────",
        "      √v + ε",
    ]


def test_a_fraction_in_a_fraction_is_written_on_its_line():
    assert readable(r"\frac{m/(1-b)}{\frac{x + y}{2}}") == ["m/(1 − b)", "─────────", "(x + y)/2"]


def test_cases_stand_behind_a_brace_each_with_its_condition():
    assert readable(r"f = \begin{cases} d & y = 1 \\ 0 & \text{otherwise} \end{cases}") == [
        "    ⎧ d   if y = 1",
        "f = ⎨",
        "    ⎩ 0   otherwise",
    ]


def test_brackets_grow_with_what_they_hold():
    assert readable(r"\Big(\frac{a}{b}\Big)^2") == ["⎛ a ⎞²", "⎜───⎟", "⎝ b ⎠"]


def test_limits_that_cannot_be_lowered_stand_under_the_sum():
    assert readable(r"\sum_{k \ne c} x") == ["  Σ   x", "k ≠ c"]


def test_statements_stand_on_lines_of_their_own_where_they_are_wide_or_high():
    assert readable(r"a = b,\; c = d") == ["a = b, c = d"]
    assert readable(r"a = b,\; c = \frac{d}{e}") == ["a = b,", "", "     d", "c = ───", "     e"]
    wide = r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2"
    assert len(readable(wide, width=76)) == 1
    assert len(readable(wide + r",\quad \theta \leftarrow \theta - \eta\,m", width=76)) == 1
    assert len(readable(wide + r",\quad \theta \leftarrow \theta - \eta\,m - \lambda", width=76)) == 3


def test_what_is_not_read_or_does_not_fit_is_left_to_the_latex_itself():
    assert readable(r"\oint x") is None
    assert readable(r"\frac{1}") is None
    assert readable("x + " * 30 + "x", width=40) is None
    assert mathml(r"\oint x < 1") == r"$$\oint x &lt; 1$$"


@pytest.mark.parametrize(
    "latex", [*SHORT, r"\frac{a}{b}", r"\begin{cases} d & y < 1 \\ 0 & z \end{cases}", "a & b"[:1]]
)
def test_mathml_is_well_formed_and_keeps_the_latex(latex: str):
    tree = ElementTree.fromstring(mathml(latex))
    assert [note.text for note in tree.iter("annotation")] == [latex]
    assert {element.tag for element in tree.iter()} >= {"math", "mrow", "semantics"}


def test_a_bracket_in_mathml_is_as_high_as_what_it_holds():
    assert "scaleY" not in mathml("(x)")
    assert "scaleY(2.2)" in mathml(r"\left(\frac{a}{b}\right)")


def test_a_minus_before_a_term_keeps_no_distance():
    assert '<mo form="prefix">−</mo>' in mathml("x = -y")
    assert 'form="prefix"' not in mathml("x - y")


@given(st.text(alphabet=r"\{}()[]^_&x1+- frac" + "\\", max_size=30))
def test_no_text_makes_either_fail(text: str):
    lines = readable(text, width=60)
    assert lines is None or all(cell_len(line) <= 60 for line in lines)
    assert mathml(text)
