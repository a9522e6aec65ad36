"""Sphinx extension: the docs' page of the rules of `check`, written from their docstrings.

Listed among the extensions of ``docs/conf.py``. Before Sphinx reads its sources, ``docs/rules.md`` is written; it is
not kept in the repository.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata

from fallline.checks.rule import Written, rules

ABOUT = (
    "What [check](check.md) looks for. A rule asks the evidence of a training, never the words of a message; each has "
    "an example on which it fires and one on which it is silent, and both run in the tests. "
    "`fallline check --explain CODE` prints the same in a terminal."
)
FAMILIES = {
    "1": "Dtypes",
    "2": "Shapes and layout",
    "3": "What a loss is given",
    "4": "Labels",
    "5": "The order of the loop",
    "6": "The graph",
    "7": "Parameters and optimizers",
    "8": "Modes and schedules",
    "9": "Numbers",
}
LINK = re.compile(r"(?<![<(])https?://[^\s,]+")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("builder-inited", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_page(app: Sphinx) -> None:
    path, text = Path(app.srcdir) / "rules.md", page()
    if not path.exists() or path.read_text(encoding="utf-8") != text:  # an unchanged page is not read again
        path.write_text(text, encoding="utf-8")


def page() -> str:
    """All rules by family."""
    lines = ["# Rules", "", ABOUT, "", "| code | name | severity | finds |", "|---|---|---|---|"]
    for written in rules():
        rule = written.rule
        name = f"[{rule.code}](#{anchor(written)})"
        lines.append(f"| {name} | `{rule.name}` | {rule.severity.value} | {written.summary.replace('|', '&#124;')} |")
    for number, family in FAMILIES.items():
        lines += ["", f"## {family}"]
        for written in rules():
            if written.rule.code[2] == number:
                lines += ["", *section(written)]
    return "\n".join([*lines, ""])


def section(written: Written) -> Iterator[str]:
    """One rule: its page, with its examples as code."""
    rule = written.rule
    yield from (f"({anchor(written)})=", f"### {rule.code} {rule.name}", "", f"*{rule.severity.value}*", "")
    for part in re.split(r"\n\n(?=\S)", written.page.strip()):
        if part.startswith(("Fires on:", "Silent on:")):
            title, _, code = part.partition("\n\n")
            yield from (f"**{title}**", "", "```python", *(line[4:] for line in code.splitlines()), "```", "")
        elif part.startswith("Sources:"):
            yield from (LINK.sub(lambda link: f"<{link[0]}>", part), "")
        else:
            yield from (part, "")


def anchor(written: Written) -> str:
    return f"rule-{written.rule.code.lower()}"


if __name__ == "__main__":
    raise ExtensionError("this is a Sphinx extension: build the docs with make docs")
