"""Sphinx extension: the docs' catalogue pages, written from the cards, and formulas as MathML.

Listed among the extensions of ``docs/conf.py``. Before Sphinx reads its sources, a page for each kind of card is
written to ``docs/catalogue/``; nothing in there is kept in the repository. Pictures are computed by what trains
networks, and drawn as static SVG. MathML needs neither a script nor the network.
"""

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

from fallline.catalogue.listing import KINDS, Catalog, CatalogEntry, everything
from fallline.render.mathml import mathml
from fallline.render.sheet import OptionLine
from fallline.render.svg import line_chart

ABOUT = {
    "loss": "What training makes small. `--loss NAME` on the command line; without it, the task decides.",
    "optimizer": "The rules that move the weights. `--optimizer NAME`; `adam` unless said otherwise. Any other class "
    "goes by `package.module:Class`.",
    "schedule": "How the learning rate changes over the steps. `--schedule NAME`; `constant` unless said otherwise. "
    "`--warmup SHARE` goes before any of them.",
    "activation": "The functions between the layers. `--activation NAME`; `relu` unless said otherwise.",
    "initialization": "How the weights are drawn. `--initialization NAME`; torch's own unless said otherwise.",
    "normalization": "What stands between a layer and its activation. `--normalization NAME`; none unless said "
    "otherwise.",
}
STYLE = (
    "<style>td code, th code { white-space: nowrap } figure { margin: 1.2em 0 } "
    "figcaption { font-size: 90%; opacity: .85; margin-top: .4em }</style>"
)
CODE = re.compile(r"(--[a-z][a-z0-9-]*|\b[A-Za-z0-9]+_\w+\b(?:=(?:'[^']*'|[\w.]+))?)")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~])")
UNREAD = re.compile(r"^\$")
log = logging.getLogger(__name__)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("builder-inited", write_pages)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "catalogue"
    folder.mkdir(exist_ok=True)
    pages = {KINDS[kind]: page(KINDS[kind], ABOUT[kind], everything(kind)) for kind in KINDS} | {"index": index()}
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:  # an unchanged page is not read again
            path.write_text(text, encoding="utf-8")
    for stray in {*folder.glob("*.md")} - {folder / f"{name}.md" for name in pages}:
        stray.unlink()


def index() -> str:
    rows = [f"| [{plural}]({plural}.md) | {len(everything(kind))} | {ABOUT[kind]} |" for kind, plural in KINDS.items()]
    return "\n".join(
        [
            "# Catalogue",
            "",
            "Every loss, optimizer, schedule, activation, initialization and normalization, with its formula, its "
            "options, when to use it and what goes wrong. `fallline catalog NAME` shows the same card in the terminal, "
            "`fl.catalog(NAME)` in a notebook. Torch's class names find them too.",
            "",
            "| kind | entries | |",
            "|---|---|---|",
            *rows,
            "",
            "```{toctree}",
            ":hidden:",
            "",
            *KINDS.values(),
            "```",
            "",
        ]
    )


def page(title: str, about: str, found: Catalog) -> str:
    losses = any(entry.sheet.tasks for entry in found)
    lines = [f"# {title.capitalize()}", "", "```{raw} html", STYLE, "```", "", about, ""]
    lines += [f"| name | what it is |{' for |' if losses else ''}", "|---|---|---|" if losses else "|---|---|"]
    for entry in found:
        sheet = entry.sheet
        tasks = f" {', '.join(sheet.tasks)} |" if losses else ""
        lines.append(f"| [`{sheet.name}`](#{anchor(entry)}) | {marked(sheet.summary)} |{tasks}")
    for entry in found:
        lines += ["", *section(entry)]
    if found.left_out:
        lines += ["", "## Left out", "", "Torch has these too; they are no entries here.", ""]
        lines += [f"- `{name}`: {marked(reason)}" for name, reason in found.left_out.items()]
    return "\n".join([*lines, ""])


def section(entry: CatalogEntry) -> Iterator[str]:
    """One card: its name, formula, picture, when and when not, facts and options."""
    sheet, picture = entry.sheet, entry.picture
    yield from (f"({anchor(entry)})=", f"## {marked(sheet.name, code=False)}", "")
    yield from (f"{marked(sheet.summary)} " + (f"In torch: `{sheet.torch}`." if sheet.torch else "Not in torch."), "")
    yield from ("$$", sheet.formula, "$$", "")
    caption = f"<b>{html.escape(picture.title)}.</b> {html.escape(picture.caption)}"
    drawing = line_chart(picture, width=660, height=290)
    yield from ("```{raw} html", f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>", "```", "")
    yield from (f"**When.** {marked(sheet.when)}", "", "**Pitfalls.**", "")
    yield from (f"- {marked(pitfall)}" for pitfall in sheet.pitfalls)
    yield from ("", "```{list-table}", ":stub-columns: 1", ":widths: 18 82", ":width: 100%", "")
    for name, text in (*sheet.facts, ("source", sheet.source)):
        yield from (f"* - {name}", f"  - {marked(text)}")
    yield from ("```", "")
    if sheet.options:
        yield from options(sheet.options)


def options(found: Sequence[OptionLine]) -> Iterator[str]:
    yield from ("| option | default | allowed | meaning |", "|---|---|---|---|")
    for option in found:
        cells = (
            f"`{option.flag}`",
            *map(marked, (option.default, option.allowed)),
            marked(option.meaning + option.note),
        )
        yield f"| {' | '.join(cells)} |"


def anchor(entry: CatalogEntry) -> str:
    return f"{entry.card.kind}-{entry.card.name}".replace("_", "-")


def marked(text: str, *, code: bool = True) -> str:
    """Text as Markdown that shows it as it is; flags and names with an underscore as code."""
    parts = CODE.split(text) if code else [text]
    return "".join(f"`{part}`" if place % 2 else SPECIAL.sub(r"\\\1", part) for place, part in enumerate(parts))


def visit_math(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(rendered(node, block=False))
    raise nodes.SkipNode


def visit_math_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    style = "overflow-x:auto;overflow-y:hidden;margin:1.2em 0;padding:.2em 0;font-size:118%"
    translator.body.append(f'<div class="math" style="{style}">{rendered(node, block=True)}</div>')
    raise nodes.SkipNode


def rendered(node: nodes.Element, *, block: bool) -> str:
    """MathML; what our reader of LaTeX does not know would reach the page as LaTeX, so that it is a warning."""
    markup = mathml(node.astext(), block=block)
    if UNREAD.match(markup):
        log.warning("this LaTeX goes beyond what fallline.render reads: %s", node.astext(), location=node)
    return markup


if __name__ == "__main__":
    raise ExtensionError("this is a Sphinx extension: build the docs with make docs")
