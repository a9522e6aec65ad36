"""The pictures of the cards show what the entries do, by numbers that are known."""

import math
from itertools import pairwise

import pytest

from fallline.catalogue.card import Card
from fallline.catalogue.curves import PICTURES, picture_of
from fallline.catalogue.registry import cards, find, ladder
from fallline.render.picture import Line, Picture

CARDS = [pytest.param(card, id=f"{card.kind} {card.name}") for card in cards()]


def picture(kind: str, name: str) -> Picture:
    return picture_of(find(kind, name).card)


def named(shown: Picture, name: str) -> Line:
    (line,) = [line for line in shown.lines if line.name == name]
    return line


def at(line: Line, x: float) -> float:
    """The value at the point of the line that is closest to ``x``."""
    place = min(range(len(line.x)), key=lambda place: abs(line.x[place] - x))
    return line.y[place]


@pytest.mark.parametrize("card", CARDS)
def test_a_picture_is_said_in_words_and_lies_in_its_window(card: Card):
    shown = picture_of(card)
    left, right, bottom, top = shown.window
    assert left < right
    assert bottom < top
    assert card.name in shown.title
    assert shown.caption.endswith(".")
    assert shown.across
    for line in shown.lines:
        assert line.name
        points = [point for part in line.points() for point in part]
        inside = [left <= x <= right and bottom <= y <= top for x, y in points]
        assert sum(inside) > 0.25 * len(points) > 0


@pytest.mark.parametrize("name", ["focal", "adam", "cosine", "gelu", "orthogonal", "batch"])
def test_a_picture_is_the_same_each_time(name: str):
    (card,) = [card for card in cards() if card.name == name]
    assert repr(picture_of(card)) == repr(PICTURES[card.kind](name))


def test_squared_error_is_a_parabola_and_its_gradient_a_line():
    shown = picture("loss", "mse")
    for x, loss, gradient in zip(shown.lines[0].x, shown.lines[0].y, shown.lines[1].y, strict=True):
        assert loss == pytest.approx(x * x)
        assert gradient == pytest.approx(2 * x)


def test_binary_cross_entropy_is_softplus_and_its_gradient_the_sigmoid_less_the_truth():
    for name in ("bce_with_logits", "bce", "multilabel_soft_margin"):
        shown = picture("loss", name)
        for target in (0, 1):
            loss, gradient = (named(shown, f"{what}, y = {target}") for what in ("loss", "gradient"))
            for x, value, slope in zip(loss.x, loss.y, gradient.y, strict=True):
                assert value == pytest.approx(math.log1p(math.exp(-x if target else x)), rel=1e-9)
                assert slope == pytest.approx(1 / (1 + math.exp(-x)) - target, abs=1e-9)


def test_the_gradient_of_absolute_error_has_a_gap_where_it_jumps():
    _, gradient = picture("loss", "l1").lines
    assert {y for y in gradient.y if math.isfinite(y)} == {-1.0, 1.0}
    assert len(gradient.points()) == 2


def test_cross_entropy_of_three_equal_scores_is_the_logarithm_of_three():
    for name in ("cross_entropy", "nll", "kl_div"):
        shown = picture("loss", name)
        assert at(named(shown, "loss, the true class"), 0) == pytest.approx(math.log(3), abs=0.02)
        assert at(named(shown, "gradient, the true class"), 0) == pytest.approx(-2 / 3, abs=0.02)
        assert at(named(shown, "gradient, another class"), 0) == pytest.approx(1 / 3, abs=0.02)


def test_the_poisson_loss_is_lowest_at_the_logarithm_of_the_count():
    loss = named(picture("loss", "poisson_nll"), "loss, y = 5")
    assert loss.x[loss.y.index(min(loss.y))] == pytest.approx(math.log(5), abs=0.01)


def test_a_smaller_variance_pulls_harder():
    shown = picture("loss", "gaussian_nll")
    assert at(named(shown, "gradient, variance 1"), 1) == pytest.approx(1, abs=0.01)
    assert at(named(shown, "gradient, variance 0.25"), 1) == pytest.approx(4, abs=0.04)


def test_an_option_that_shapes_a_loss_is_drawn_at_two_values():
    shown = picture("loss", "quantile")
    assert at(named(shown, "loss, quantile 0.5"), 2) == pytest.approx(1, abs=0.01)
    assert at(named(shown, "loss, quantile 0.9"), -2) == pytest.approx(1.8, abs=0.02)


def test_an_activation_is_drawn_with_its_slope():
    value, slope = picture("activation", "tanh").lines
    for x, y, steep in zip(value.x, value.y, slope.y, strict=True):
        assert y == pytest.approx(math.tanh(x))
        assert steep == pytest.approx(1 - math.tanh(x) ** 2)
    _, slope = picture("activation", "relu").lines
    assert {y for y in slope.y if math.isfinite(y)} == {0.0, 1.0}


def test_where_an_activation_turns_is_said():
    assert "lowest, -0.28, at -1.3" in picture("activation", "silu").caption
    assert "lowest" not in picture("activation", "elu").caption


def test_gradient_descent_swings_across_the_ravine_and_ends_lower_than_it_started():
    (path,) = picture("optimizer", "sgd").lines
    assert len(path.x) == 61
    across = [
        y * math.cos(math.radians(20)) - x * math.sin(math.radians(20)) for x, y in zip(path.x, path.y, strict=True)
    ]
    assert all(here * after < 0 for here, after in pairwise(across[:13]))
    assert abs(across[-1]) < 1e-4


@pytest.mark.parametrize("name", [card.name for card in cards() if card.kind == "optimizer"])
def test_a_path_starts_where_all_do_and_its_rate_is_one_of_the_ladder(name: str):
    shown = picture("optimizer", name)
    (path,) = shown.lines
    start, minimum = shown.marks
    sgd = picture("optimizer", "sgd").marks[0]
    assert (start.x, start.y) == (sgd.x, sgd.y) == (path.x[0], path.y[0])
    assert (minimum.x, minimum.y) == (0, 0)
    assert math.hypot(path.x[-1], path.y[-1]) < 0.6 * math.hypot(path.x[0], path.y[0])
    assert any(f"{rate:.3g}" in shown.caption for rate in ladder(name, 16))


def test_a_schedule_is_drawn_as_a_share_of_the_learning_rate():
    rate, warmed = picture("schedule", "cosine").lines
    assert rate.y[0] == 1
    assert at(rate, 50) == pytest.approx(0.5, abs=0.01)
    assert warmed.y[0] < 0.05
    assert max(picture("schedule", "one_cycle").lines[0].y) == pytest.approx(1, abs=1e-3)


def test_a_plateau_is_cut_only_after_the_losses_have_stopped_falling():
    rate, loss = picture("schedule", "reduce_on_plateau").lines
    lowest = loss.x[loss.y.index(min(loss.y))]
    cut = next(x for x, y in zip(rate.x, rate.y, strict=True) if y < 1)
    assert cut > lowest > 30


def test_the_default_initialization_fades_through_twenty_layers_and_kaiming_does_not():
    default, kaiming = (
        named(picture("initialization", name), "signal, relu") for name in ("default", "kaiming_normal")
    )
    assert default.y[-1] < 1e-6 < 0.1 < kaiming.y[-1] < 2
    assert named(picture("normalization", "batch"), "signal, relu").y[-1] > 0.1
