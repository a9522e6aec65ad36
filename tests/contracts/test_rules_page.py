"""The docs' page of rules: a section for each, with its examples."""

from fallline.checks.rule import rules
from tools.rules_page import anchor, page


def test_every_rule_has_a_section_with_both_examples():
    text = page()
    for written in rules():
        _, _, rest = text.partition(f"({anchor(written)})=")
        section = rest.partition("\n(rule-")[0]
        assert f"### {written.rule.code} {written.rule.name}" in section
        assert section.count("```python") == 2
        assert written.rule.severity.value in section
