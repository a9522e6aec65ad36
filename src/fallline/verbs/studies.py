"""``fl.studies``: the studies on this disk."""

from __future__ import annotations

from pathlib import Path

from fallline.study.listing import Studies, list_studies

__all__ = ["studies"]


def studies(folder: str | Path = "studies") -> Studies:
    """List the studies in a folder, newest first.

    Args:
        folder: Where to look; a folder that is not there holds none.

    Returns:
        The studies, iterable, with ``.frame()`` for a table, ``.to_dict()`` for plain data.
    """
    return list_studies(Path(folder))
