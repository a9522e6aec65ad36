"""Numbers are written alike everywhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.render.number import aligned, short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0, "0"),
        (-0.0, "0"),
        (1e-5, "1e-05"),
        (0.0001, "0.0001"),
        (0.000123456, "0.0001235"),
        (0.00009999999, "0.0001"),
        (0.836099, "0.8361"),
        (0.5, "0.5"),
        (-0.00213, "-0.00213"),
        (1, "1"),
        (1.0, "1"),
        (2.71828, "2.718"),
        (99.999, "100"),
        (1234, "1,234"),
        (1234.4, "1,234"),
        (12345.6, "12,346"),
        (53940, "53,940"),
        (999_999_999, "999,999,999"),
        (1e9, "1e+09"),
        (1.23456e20, "1.235e+20"),
        (-2.5e10, "-2.5e+10"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_a_number_is_written_in_short(value, text):
    assert short(value) == text


def test_more_digits_may_be_asked_for():
    assert short(12345.6, digits=6) == "12,345.6"
    assert short(math.pi, digits=8) == "3.1415927"


@given(st.floats(-1e300, 1e300))
def test_a_written_number_is_within_half_a_unit_of_its_fourth_digit(value):
    assert float(short(value).replace(",", "")) == pytest.approx(value, rel=5.1e-4, abs=1e-300)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([], ()),
        ([None, None], ("-", "-")),
        ([0.5, 0.836099], ("0.5000", "0.8361")),
        ([0.5, 0.25], ("0.50", "0.25")),
        ([2.6127, 7.7512, 6.481], ("2.613", "7.751", "6.481")),
        ([541.234, 3989.41], ("541.2", "3,989.4")),
        ([0.88614, -0.00213], ("0.8861", "-0.0021")),
        ([0.9804, -0.00001, 0.98], ("0.9804", "-1e-05", "0.9800")),
        ([0.0, 1.0], ("0", "1")),
        ([0.36218, math.inf, None, math.nan], ("0.3622", "inf", "-", "nan")),
        ([0.1, 3e12], ("0.1", "3e+12")),
        ([2e-6, 1e-7], ("2e-06", "1e-07")),
        ([-0.00004, 0.5432], ("-4e-05", "0.5432")),
    ],
)
def test_the_numbers_of_a_column_have_equally_many_decimals(values, texts):
    assert aligned(values) == texts
