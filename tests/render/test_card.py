"""A card in a terminal, in a notebook and as a page: the same words, whole, harmless."""

import json
import re
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len
from rich.console import Console

from fallline.render.card import CardView, ListView, as_text
from fallline.render.card_html import html_card, html_list
from fallline.render.card_page import card_page, figure_of
from fallline.render.picture import Line, Mark, Picture
from fallline.render.sheet import OptionLine, Sheet
from fallline.render.svg import line_chart

EVIL = "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\x1b[31m[red]%{x}"
SHEET = Sheet(
    kind="loss",
    name="huber",
    torch="torch.nn.HuberLoss",
    summary="Huber: squared for errors below delta, linear above.",
    formula=r"\ell(z, y) = \begin{cases} \tfrac12 (z-y)^2 & |z-y| \le \delta \\ 0 & \text{otherwise} \end{cases}",
    when="Regression with some outliers: near the minimum it is squared error, far out absolute error.",
    pitfalls=(
        "delta is in standard deviations of the target.",
        "It is delta times torch's SmoothL1Loss, not the same.",
    ),
    facts=(("for", "regression"), ("shapes", "outputs (row, target)"), ("reduction", "mean over all elements")),
    options=(
        OptionLine("--delta", "delta", "1", "(0, inf)", "error above which the loss is linear"),
        OptionLine("--loss-eps", "eps", "1e-06", "(0, inf)", "smallest variance"),
    ),
    write=("--loss huber", 'loss="huber"'),
    source="Huber (1964), eq. 5",
    tasks=("regression",),
)
PICTURE = Picture(
    title="huber: the loss of a row",
    caption="Its size is how hard a row pulls.",
    across="error z − y",
    window=(-3.0, 3.0, -1.0, 3.0),
    lines=(
        Line("loss", (-3.0, 0.0, 3.0), (2.5, 0.0, 2.5)),
        Line("gradient", (-3.0, 0.0, 3.0), (-1.0, float("nan"), 1.0), stroke="dashed"),
    ),
    marks=(Mark("minimum", 0.0, 0.0, shape="cross", hue=1),),
)
RAVINE = replace(
    PICTURE,
    lines=(Line("path", (-1.0, 0.0), (1.0, 0.0), steps=True),),
    contours=(Line("", (-1.0, 0.0, 1.0), (0.0, 1.0, 0.0)),),
)


def hostile() -> tuple[Sheet, Picture]:
    words = replace(
        SHEET,
        name=EVIL,
        torch=EVIL,
        summary=EVIL,
        formula=EVIL,
        when=EVIL,
        pitfalls=(EVIL,),
        facts=((EVIL, EVIL),),
        options=(OptionLine(EVIL, EVIL, EVIL, EVIL, EVIL),),
        write=(EVIL, EVIL),
        source=EVIL,
        tasks=(EVIL,),
    )
    lines = (Line(EVIL, (0.0, 1.0), (0.0, 1.0)),)
    return words, replace(PICTURE, title=EVIL, caption=EVIL, across=EVIL, lines=lines, marks=(Mark(EVIL, 0, 0),))


def shown(view, width=80, encoding="utf-8"):
    class Stream(StringIO):
        pass

    stream = Stream()
    Stream.encoding = encoding
    Console(file=stream, width=width, color_system=None, legacy_windows=False).print(view)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_card_fits_the_width(width: int, encoding: str):
    for sheet, picture in ((SHEET, PICTURE), (SHEET, RAVINE), hostile()):
        lines = shown(CardView(sheet, picture), width, encoding)
        assert max(map(cell_len, lines)) <= width
        assert encoding == "utf-8" or "".join(lines).isascii()


def test_a_card_says_all_that_is_on_it():
    text = " ".join(" ".join(shown(CardView(SHEET, PICTURE), width=100)).split())
    for part in (
        "huber loss, torch.nn.HuberLoss",
        SHEET.summary,
        "½ (z − y)² if |z − y| ≤ δ",
        PICTURE.title,
        PICTURE.caption,
        f"when {SHEET.when}",
        f"· {SHEET.pitfalls[0]} · {SHEET.pitfalls[1]}",
        "shapes outputs (row, target)",
        "--delta 1 (0, inf) error above which the loss is linear",
        "smallest variance (in Python eps)",
        '--loss huber or loss="huber"',
        "source Huber (1964), eq. 5",
    ):
        assert part in text
    assert "(in Python delta)" not in text


def test_a_formula_that_is_not_read_is_shown_as_latex():
    lines = shown(CardView(replace(SHEET, formula=r"\oint x"), None))
    assert r"\oint x" in lines
    assert r"\ell(z, y) =" in "\n".join(shown(CardView(SHEET, None), encoding="ascii"))


def test_what_torch_lacks_is_said_and_an_import_path_needs_no_origin():
    assert replace(SHEET, torch="").subtitle == "loss, not in torch"
    assert replace(SHEET, name="package.module:Class", torch="").subtitle == "loss"


def test_a_list_has_a_line_per_card_with_its_tasks_and_one_per_reason():
    view = ListView(
        [SHEET, replace(SHEET, kind="optimizer", name="adam", summary="Adam.", tasks=())],
        titles={"loss": "losses", "optimizer": "optimizers"},
        left_out={"CTCLoss": "it aligns sequences", "RNNTLoss": "it aligns sequences", "GLU": "it halves"},
    )
    assert shown(view, width=100)[:-1] == [
        "losses",
        f"huber  {SHEET.summary}  for regression",
        "",
        "optimizers",
        "adam  Adam.",
        "",
        "left out of torch's",
        "CTCLoss, RNNTLoss: it aligns sequences",
        "GLU: it halves",
    ]


def test_outside_text_neither_steers_the_terminal_nor_is_read_as_markup():
    sheet, picture = hostile()
    for view in (CardView(sheet, picture), ListView([sheet], titles={"loss": EVIL}, left_out={EVIL: EVIL})):
        text = as_text(view, width=300)
        assert "\x1b" not in text
        assert "[31m[red]%{x}" in text


@pytest.mark.parametrize("picture", [PICTURE, RAVINE, replace(PICTURE, window=(0.5, 3.0, 1e-6, 10.0), log=True)])
def test_a_chart_is_one_svg_without_script_style_or_outside(picture: Picture):
    chart = line_chart(picture)
    tree = ElementTree.fromstring(chart)
    assert tree.tag == "svg"
    assert tree.findtext("title") == picture.title
    assert {element.tag for element in tree.iter()} <= {"svg", "g", "path", "text", "title", "circle"}
    assert "nan" not in chart
    texts = [element.text for element in tree.iter("text")]
    assert picture.across in texts
    assert all(line.name in texts for line in picture.lines)
    assert chart.count("<circle") >= 2 * bool(picture.contours)


def test_two_charts_on_a_page_share_no_id():
    assert "id=" not in line_chart(PICTURE)


def test_a_card_in_a_notebook_has_its_formula_and_picture_and_no_script():
    fragment = html_card(SHEET, PICTURE)
    ElementTree.fromstring(fragment.replace("&nbsp;", " "))
    assert fragment.count("<svg") == 2  # the drawing, and the part of it that is cut off at its edges
    assert "<math" in fragment
    assert "SmoothL1Loss" in fragment
    assert "<script" not in fragment
    assert "<style" not in fragment


def test_a_list_in_a_notebook_names_cards_and_what_is_left_out():
    fragment = html_list([SHEET], titles={"loss": "losses"}, left_out={"CTCLoss": "it aligns sequences"})
    ElementTree.fromstring(fragment)
    for part in ("losses", "huber", "regression", "CTCLoss", "it aligns sequences"):
        assert part in fragment


def test_a_page_asks_for_nothing_and_has_plotly_once():
    page = card_page("Losses", [(SHEET, PICTURE), (replace(SHEET, name="mse"), RAVINE)], plotly_js="/* plotly */")
    assert page.count("/* plotly */") == 1
    assert "default-src 'none'" in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert page.count('type="application/json"') == 2
    assert '<a href="#loss-mse">' in page
    assert "Losses · Fallline" in page


def test_the_page_of_one_card_bears_its_name():
    page = card_page("huber", [(SHEET, PICTURE)], plotly_js="")
    assert "<title>huber · Fallline</title>" in page
    assert "<nav>" not in page


def test_nothing_on_a_page_or_in_a_notebook_breaks_out():
    sheet, picture = hostile()
    page = card_page(EVIL, [(sheet, picture), (SHEET, PICTURE)], plotly_js="")
    for markup in (page, html_card(sheet, picture), html_list([sheet], titles={"loss": EVIL}, left_out={EVIL: EVIL})):
        assert "<script>alert" not in markup
        assert "<img" not in markup
        assert "\x1b" not in markup


def test_a_figure_holds_the_lines_the_marks_and_the_window():
    figure = figure_of(PICTURE)
    assert {trace.name for trace in figure.data} == {"loss", "gradient", "minimum"}
    assert figure.layout.xaxis.range == (-3, 3)
    assert figure.layout.xaxis.title.text == "error z − y"
    (gradient,) = [trace for trace in figure.data if trace.name == "gradient"]
    assert gradient.y == (-1, None, 1)
    json.loads(figure.to_json())


def test_a_ravine_is_drawn_as_far_up_as_across_with_its_steps():
    figure = figure_of(RAVINE)
    assert figure.layout.yaxis.scaleanchor == "x"
    (path,) = [trace for trace in figure.data if trace.name == "path"]
    assert path.mode == "lines+markers"
    assert figure_of(PICTURE).layout.yaxis.scaleanchor is None


def test_a_logarithmic_figure_gives_its_ends_as_exponents():
    figure = figure_of(replace(PICTURE, window=(0.5, 3.0, 1e-6, 10.0), log=True))
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.range == pytest.approx((-6, 1))
