"""The studies on this disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import polars as pl

from fallline.core.errors import StudyError, nearest
from fallline.study.folder import HEADER, STUDIES
from fallline.study.header import Header
from fallline.study.metrics import HIGHER_IS_BETTER
from fallline.study.record import Study

__all__ = ["Studies", "find_study", "list_studies"]


@final
@dataclass(frozen=True)
class Studies:
    """The studies in a folder, newest first.

    Args:
        rows: One per study: ``name``, ``path``, ``created``, ``source``, ``task``, ``target``, ``rows``, ``loss``,
            ``optimizer``, ``learning_rate``, ``metric`` with its ``score`` on the test rows, and the best
            ``baseline`` with its ``baseline_score``.
        unreadable: Studies that are damaged or from a newer version: path and reason.
    """

    rows: tuple[dict[str, Any], ...]
    unreadable: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def frame(self) -> pl.DataFrame:
        """The studies as a table."""
        return pl.DataFrame(self.rows, infer_schema_length=None)

    def to_dict(self) -> dict[str, Any]:
        """What ``fallline studies --json`` prints."""
        return {
            "studies": list(self.rows),
            "unreadable": [{"path": path, "reason": reason} for path, reason in self.unreadable],
        }

    def _repr_html_(self) -> str:
        return self.frame()._repr_html_()


def list_studies(folder: Path = STUDIES) -> Studies:
    """The studies in ``folder``, newest first; a folder that is not there holds none.

    Raises:
        StudyError: The folder cannot be looked into.
    """
    rows, unreadable = [], []
    try:
        paths = [entry for entry in folder.iterdir() if os.path.lexists(entry / HEADER)] if folder.is_dir() else []
    except OSError as error:
        raise StudyError(f"listing the studies in {folder}", (error.strerror or str(error)).lower()) from None
    for path in paths:
        try:
            rows.append(_row(path, Study(path).header))
        except StudyError as error:
            unreadable.append((str(path), error.wrong))
    rows.sort(key=lambda row: (row["created"], row["name"]), reverse=True)
    return Studies(tuple(rows), tuple(sorted(unreadable)))


def find_study(name: str | Path) -> Path:
    """The folder of a study given by its path, its name in ./studies, or ``latest``.

    Raises:
        StudyError: There is none.
    """
    path = Path(os.path.expanduser(name))
    if os.path.isdir(path):
        return path
    if os.path.isfile(STUDIES / path / HEADER):
        return STUDIES / path
    studies = list_studies()
    if str(name) == "latest" and len(studies):
        return Path(studies.rows[0]["path"])
    close = nearest(str(name), (row["name"] for row in studies))
    raise StudyError(
        f"opening the study {name}",
        "there is no study yet in ./studies" if str(name) == "latest" else "there is no such folder",
        expected="a study's folder, its name in ./studies, or latest",
        do=f"did you mean {close}?" if close else "fallline studies, for a list of those in ./studies",
    )


def _row(path: Path, header: Header) -> dict[str, Any]:
    metric, best = header.ranking, header.best
    rivals = {name: value for name, scores in header.baselines.items() if (value := scores.get(metric)) is not None}
    pick = max if metric in HIGHER_IS_BETTER else min
    rival = pick(rivals, key=lambda name: rivals[name]) if rivals else None
    return {
        "name": path.name,
        "path": str(path),
        "created": header.created,
        "source": header.data.source,
        "task": header.task.value,
        "target": header.data.target,
        "rows": header.split.train + header.split.validation + header.split.test,
        "loss": header.loss,
        "optimizer": best.recipe.optimizer if best else None,
        "learning_rate": best.recipe.learning_rate if best else None,
        "metric": metric,
        "score": header.test.get(metric),
        "baseline": rival,
        "baseline_score": rivals.get(rival) if rival else None,
    }
