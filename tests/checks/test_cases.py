"""Every wrong case is named by its rule; mended and clean ones raise no alarm."""

from pathlib import Path

import pytest

from tests.checks.setups import GIVEN, OWN, alarms, checked, load
from tests.checks.table import GIVEN as NAMED_GIVEN
from tests.checks.table import OWN as NAMED_OWN

needs_given = pytest.mark.skipif(not GIVEN.is_dir(), reason="the given cases are not beside the repository")


def clean_files() -> list[Path]:
    return [*sorted((OWN / "clean").glob("*.py")), *sorted((GIVEN / "clean").glob("*.py"))]


def wrong_files() -> list[Path]:
    return [*sorted((OWN / "wrong").glob("*.py")), *sorted((GIVEN / "wrong").glob("*.py"))]


@pytest.mark.parametrize(("name", "code"), NAMED_OWN.items())
def test_a_mistake_is_named_by_its_rule_alone(name: str, code: str):
    findings = checked(load(OWN / "wrong" / f"{name}.py").build()).findings
    assert [finding.code for finding in findings] == [code]


@needs_given
@pytest.mark.parametrize(("name", "code"), NAMED_GIVEN.items())
def test_a_given_mistake_is_named_by_its_rule_alone(name: str, code: str):
    findings = checked(load(GIVEN / "wrong" / f"{name}.py").build()).findings
    assert [finding.code for finding in findings] == [code]


@needs_given
def test_every_given_mistake_is_in_the_table():
    assert {path.stem for path in (GIVEN / "wrong").glob("*.py")} == set(NAMED_GIVEN)


@pytest.mark.parametrize("path", wrong_files(), ids=lambda path: path.stem)
def test_a_mended_set_up_raises_no_alarm(path: Path):
    assert alarms(checked(load(path).fixed())) == []


@pytest.mark.parametrize("path", clean_files(), ids=lambda path: path.stem)
def test_a_set_up_that_is_right_raises_no_alarm(path: Path):
    assert alarms(checked(load(path).build())) == []
