"""A picture drawn with characters: in its place, no wider than the terminal, without colours too."""

import math
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from fallline.render._canvas import Canvas
from fallline.render._ticks import ticks
from fallline.render.picture import Line, Mark, Picture
from fallline.render.plot import Plot

X = tuple(-2 + place / 50 for place in range(201))


def drawing(**changes) -> Picture:
    given = {
        "title": "A parabola",
        "caption": "It is lowest at 0.",
        "across": "error z − y",
        "window": (-2.0, 2.0, -2.0, 4.0),
        "lines": (Line("loss", X, tuple(x * x for x in X)), Line("gradient", X, tuple(x for x in X), stroke="dashed")),
    }
    return Picture(**{**given, **changes})


def shown(picture: Picture, *, width: int = 80, encoding: str = "utf-8", **size: int) -> list[str]:
    class Stream(StringIO):
        pass

    stream = Stream()
    Stream.encoding = encoding
    Console(file=stream, width=width, color_system=None, legacy_windows=False).print(Plot(picture, **size))
    return stream.getvalue().splitlines()


def dots(line: str) -> int:
    return sum(bin(ord(mark) - 0x2800).count("1") for mark in line if 0x2800 <= ord(mark) < 0x2900)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_plot_fits_the_width_and_is_no_wider_than_asked(width: int, encoding: str):
    lines = shown(drawing(), width=width, encoding=encoding)
    drawn = [line for line in lines if line.lstrip("-0123456789−. ")[:1] in ("┤", "│", "+", "|")]
    assert len(drawn) == 15 + (encoding == "ascii")  # its axis begins with a + too
    assert max(map(cell_len, lines)) <= width
    assert max(map(cell_len, drawn)) <= 60 + 4


def test_a_parabola_is_high_at_both_ends_and_touches_zero_in_the_middle():
    lines = shown(drawing(), width=80)
    top, zero = lines[0], next(line for line in lines if line.startswith(" 0 ┤"))
    assert dots(top) > 0
    middle = len(zero) // 2
    assert dots(zero[middle - 3 : middle + 3]) > 0
    assert dots(top[middle - 10 : middle + 10]) == 0


def test_axes_carry_round_numbers_and_what_is_measured():
    lines = shown(drawing())
    assert [line.split("┤")[0].strip() for line in lines if "┤" in line] == ["4", "2", "0", "−2"]
    assert lines[16].split() == ["−2", "−1", "0", "1", "2"]
    assert lines[17].strip() == "error z − y"


def test_the_key_names_the_lines_in_the_pattern_that_they_are_drawn_in():
    key = shown(drawing())[-1]
    loss, gradient = key.split("loss")
    assert "gradient" in gradient
    assert dots(loss) > dots(gradient)


def test_in_ascii_every_character_is_ascii_and_lines_differ():
    lines = shown(drawing(), encoding="ascii")
    assert "".join(lines).isascii()
    assert lines[-1].split() == ["****", "loss", "....", "gradient"]
    assert any("*" in line and "." in line for line in lines[:15])


def test_without_colours_no_control_character_is_written():
    assert not any("\x1b" in line for line in shown(drawing()))


def test_a_mark_stands_over_the_lines_at_its_place():
    lines = shown(drawing(marks=(Mark("minimum", 0.0, 0.0, shape="cross"),)))
    zero = next(line for line in lines if line.startswith(" 0 ┤"))
    assert abs(zero.index("✕") - (4 + 30)) <= 1
    assert "✕ minimum" in lines[-1]


def test_a_gap_is_left_where_a_line_is_not_finite():
    y = tuple(math.nan if abs(x) < 1 else 1.0 for x in X)
    (row,) = [line for line in shown(drawing(lines=(Line("slope", X, y),)))[:15] if dots(line)]
    assert dots(row[20:48]) == 0 < dots(row[:18])


def test_a_line_that_leaves_the_window_is_cut_at_its_edge_and_a_huge_one_draws_as_fast():
    steep = drawing(lines=(Line("steep", (-2.0, 0.0, 2.0), (1e30, 0.0, 1e30)),))
    assert sum(map(dots, shown(steep))) > 0
    outside = drawing(lines=(Line("outside", (-2.0, 2.0), (90.0, 95.0)),))
    assert sum(map(dots, shown(outside)[:15])) == 0


def test_a_logarithmic_axis_is_marked_at_powers_of_ten():
    falling = Line("signal", (0.0, 1.0, 2.0), (1.0, 1e-3, 0.0))
    lines = shown(drawing(lines=(falling,), window=(0.0, 2.0, 1e-6, 10.0), log=True))
    assert [line.split("┤")[0].strip() for line in lines if "┤" in line] == ["1", "0.01", "0.0001", "1e-06"]
    assert sum(map(dots, lines[:15])) > 0


def test_a_line_through_many_points_is_as_thin_as_one_through_two():
    few, many = Canvas(20, 10, plain=False), Canvas(20, 10, plain=False)
    few.line([(0.0, 0.0), (39.0, 25.0)], owner=0, pattern=(1, 0))
    many.line([(x / 10, x / 10 * 25 / 39) for x in range(391)], owner=0, pattern=(1, 0))
    count = [sum(dots(canvas.cell(r, c)[0]) for r in range(10) for c in range(20)) for canvas in (few, many)]
    assert count[1] <= count[0] + 2


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 3), (0, 1e-7), (-0.3, 12345), (99.99, 100.01)])
@pytest.mark.parametrize("most", [2, 3, 5, 9])
def test_ticks_are_round_within_the_ends_and_few(low: float, high: float, most: int):
    places = ticks(low, high, most)
    assert len(places) <= most
    assert all(low - 1e-9 * (high - low) <= place <= high + 1e-9 * (high - low) for place in places)
    assert places == sorted(places)
