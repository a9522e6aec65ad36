"""A short way to compare recipes on the tables of `tests.study.jobs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fallline.study.comparing import compare
from fallline.study.contest import Contest
from fallline.study.events import Event, JobObserver, Planned
from fallline.study.job import Job
from fallline.study.record import Study
from fallline.study.space import DEFAULT, Space
from tests.study.jobs import named, table

SPACE = {"optimizer": ["sgd", "adam"], "learning_rate": [1e-6, 0.02], "widths": [(4,)], "epochs": 8}


def contest(
    target: str = "sold",
    *,
    space: dict[str, Any] | None = None,
    out: Path | None = None,
    observer: JobObserver = lambda event: None,
    **options: Any,
) -> Study:
    """Compare on the 150 rows of the table, by default four recipes from two seeds."""
    job = {
        name: options.pop(name)
        for name in ("metric", "engine", "threads", "keep", "task", "weight", "split_by", "split_seed", "test")
        if name in options
    }
    given = SPACE if space is None else space
    return compare(
        Contest(
            job=Job(
                source=table(*named(target), "weight"), target=target, recipe={}, out=out, **{"weight": "weight", **job}
            ),
            **{"space": Space.of(given) if given else DEFAULT, "seeds": (0, 1), **options},
        ),
        observer,
    )


class Plans:
    """An observer that keeps the plan."""

    def __init__(self) -> None:
        self.plan: Planned | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Planned):
            self.plan = event
