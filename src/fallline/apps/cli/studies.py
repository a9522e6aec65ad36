"""``fallline studies``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fallline.apps.cli.console import Json, errors, print_json, results

__all__ = ["studies"]


def studies(
    folder: Annotated[Path, typer.Argument(help="Where to look.")] = Path("studies"),
    *,
    json: Json = False,
) -> int:
    """List the studies on this disk, newest first."""
    from fallline.render.terminal import studies_table
    from fallline.verbs.studies import studies as studies_verb

    found = studies_verb(folder)
    for path, reason in found.unreadable:
        errors().print(f"{path}: {reason}", markup=False, soft_wrap=True)
    if json:
        print_json(found.to_dict())
    elif not len(found) and not found.unreadable:
        errors().print(f"no studies in {folder}; make one with: fallline train wine", markup=False)
    elif len(found):
        results().print(studies_table([{**row, "created": _here(row["created"])} for row in found.rows]))
    return 0


def _here(created: str) -> str:
    """A moment as the clock on the wall shows it, as folders are named by."""
    return datetime.fromisoformat(created).astimezone().isoformat()
