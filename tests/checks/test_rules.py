"""Every rule: its code, its page, its firing and its silent example."""

import re

import pytest

import fallline as fl
from fallline.checks.rule import Written, rule_named, rules
from tests.checks.setups import alarms, built, checked, examples

RULES = [pytest.param(written, id=f"{written.rule.code}-{written.rule.name}") for written in rules()]


@pytest.mark.parametrize("written", RULES)
def test_a_rule_fires_on_its_example_and_no_other_does(written: Written, tmp_path):
    setup = built(examples(written.page)["Fires on"], tmp_path / "fires.py")
    assert [finding.code for finding in checked(setup).findings] == [written.rule.code]


@pytest.mark.parametrize("written", RULES)
def test_a_rule_is_silent_on_its_other_example(written: Written, tmp_path):
    setup = built(examples(written.page)["Silent on"], tmp_path / "silent.py")
    assert alarms(checked(setup)) == []


@pytest.mark.parametrize("written", RULES)
def test_a_page_says_what_it_is_and_where_it_is_from(written: Written):
    assert written.page.strip().splitlines()[0].endswith((".", ":")) or "\n" in written.summary + "\n"
    assert "Sources:" in written.page
    text = written.page.split("Fires on:")[0]
    assert len(text.split("\n\n")[1]) > 60
    assert all(paragraph.count('"') % 2 == 0 for paragraph in text.split("\n\n"))
    assert not re.search(r'(^"|[\s(]"$)', text, flags=re.MULTILINE)


def test_codes_and_names_are_unique_and_well_formed():
    codes = [written.rule.code for written in rules()]
    names = [written.rule.name for written in rules()]
    assert len(set(codes)) == len(codes)
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"FL\d{3}", code) for code in codes)


def test_a_rule_is_found_by_code_and_by_name():
    assert rule_named("fl301") is rule_named("softmax-before-cross-entropy")
    with pytest.raises(fl.FalllineError, match="FL3011"):
        rule_named("FL3011")
