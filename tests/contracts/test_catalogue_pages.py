"""The docs' catalogue pages: an anchor for each card, and all that it says."""

import re

import pytest

from fallline.catalogue.listing import KINDS, everything
from tools.catalogue_pages import ABOUT, anchor, index, marked, page


@pytest.mark.parametrize(("kind", "plural"), KINDS.items())
def test_every_card_has_a_section_with_its_formula_picture_and_options(kind: str, plural: str):
    text = page(plural, ABOUT[kind], everything(kind))
    sections = re.split(r"^\((.+)\)=$", text, flags=re.MULTILINE)
    by_anchor = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert len(by_anchor) == len(everything(kind))
    for entry in everything(kind):
        section = by_anchor[anchor(entry)]
        assert f"$$\n{entry.card.formula}\n$$" in section
        assert section.count("<figure>") == 1
        assert all(f"`{option.command_line}`" in section for option in entry.card.options)
        assert section.count("\n- ") >= len(entry.card.pitfalls)
    assert all(f"`{name}`" in text for name in everything(kind).left_out)


def test_the_first_page_leads_to_all_kinds():
    assert all(f"[{plural}]({plural}.md)" in index() for plural in KINDS.values())


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("leave --warmup at 0", "leave `--warmup` at 0"),
        ("weight_decay here", "`weight_decay` here"),
        ("adjust_lr_fn='match_rms_adamw'.", "`adjust_lr_fn='match_rms_adamw'`."),
        ("sum(w * l) | [0, 1) <b> $x$", r"sum(w \* l) \| \[0, 1) \<b\> \$x\$"),
    ],
)
def test_text_reaches_the_page_as_it_is_with_names_as_code(text: str, markdown: str):
    assert marked(text) == markdown
