"""Ranges: what is between their ends, and what is refused."""

import numpy as np
import pytest

from fallline.core.errors import ArgumentError
from fallline.core.ranges import log_range, parse_range


def test_a_logarithmic_range_has_equal_ratios_to_three_digits():
    values = log_range(1e-4, 1, 16)
    assert len(values) == 16
    assert (values[0], values[-1]) == (1e-4, 1.0)
    ratios = np.divide(values[1:], values[:-1])
    np.testing.assert_allclose(ratios, 10 ** (4 / 15), rtol=1e-2)
    assert all(float(f"{value:.3g}") == value for value in values)


def test_a_range_may_fall_and_may_hold_one_number():
    assert log_range(1, 0.01, 3) == (1.0, 0.1, 0.01)
    assert log_range(0.01, 1, 1) == (0.1,)
    assert parse_range("0.5:0:2", doing="reading") == (0.5, 0.0)


def test_its_text_is_the_same_range():
    assert parse_range(" 1e-4:1:16log ", doing="reading") == log_range(1e-4, 1, 16)


@pytest.mark.parametrize(
    "text",
    ["1:2", "1:2:0", "0:1:4log", "-1:1:4log", "a:1:3", "1:2:3lin", "inf:1:3", "1:nan:3", "1:2:3:4", ":", "1:2:-3"],
)
def test_what_is_no_range_is_refused(text: str):
    with pytest.raises(ArgumentError):
        parse_range(text, doing="reading --learning-rate")
