"""Settings of the docs site; `make docs` builds it, and any warning fails the build."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

project = "Fallline"
author = "The Fallline authors"
copyright = "2026, The Fallline authors"
release = version = version_of("fallline")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "catalogue_pages",
    "rules_page",
]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "Fallline"
html_show_sphinx = False

myst_enable_extensions = ["deflist", "dollarmath"]
html_math_renderer = "mathml"  # drawn by the browser itself: MathJax would come from elsewhere
myst_heading_anchors = 3

copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [
    ("Numerics", "notes_style"),
    ("Differs from", "notes_style"),
    ("Source", "notes_style"),
]

# Types in signatures that this site has no page for: those of other projects (their inventories would make
# the build depend on the network) and those of our own private modules.
nitpick_ignore_regex = [
    (r"py:.*", r"(collections|numpy|np|os|pandas|pathlib|pl|polars|pydantic|torch|typing|nn)(\..*)?"),
    (r"py:exc", r"[A-Z]\w+Error"),  # their page is errors.md
    (r"py:.*", r"(optional|Optimizer|Path|PathLike|Tensor|Watch|Any|DataFrame|Mapping|Sequence|Callable)"),
    (r"py:.*", r"fallline\.[a-z_]+\..*"),
]
