"""Which engine trains a population."""

import pytest

from fallline.core.errors import UnknownNameError
from fallline.engines.chooser import ENGINES, choose


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_is_found_by_its_name(name: str):
    assert choose(name) is ENGINES[name]
    assert choose(name).name == name


def test_auto_is_chosen_where_nothing_is_said():
    assert choose() is ENGINES["auto"]


def test_an_engine_that_does_not_exist_suggests_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        choose("lopp")
    assert str(caught.value) == (
        "choosing the engine: there is no engine named 'lopp'.\n"
        f"  expected  one of {', '.join(ENGINES)}\n"
        "  do        did you mean 'loop'?"
    )
