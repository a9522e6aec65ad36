"""Evidence from a training that is only watched: a user's own loop, a script, a cell of a notebook."""

from __future__ import annotations

import math

from fallline.checks.evidence import Evidence
from fallline.checks.examination import equal_rows, failure_of
from fallline.checks.instruments import Instruments

__all__ = ["observed"]


def observed(instruments: Instruments, *, error: BaseException | None = None, complete: bool = True) -> Evidence:
    """What was seen so far, with the exception that ended it, if one did."""
    recorder, trace = instruments.recorder, instruments.trace
    if isinstance(error, Exception):
        trace.failure = failure_of(error, recorder)
    else:
        trace.failure = None  # the user's own code has dealt with what was raised
    return Evidence(
        trace,
        _losses(instruments),
        roots=list(instruments.roots),
        optimizers=list(instruments.optimizers),
        schedulers=list(instruments.schedulers),
        parameters=dict(recorder.parameters),
        module_names={id(module): name for module, name in recorder.names.items()},
        moved=recorder.moved() | recorder.replaced(),
        equal_rows=equal_rows(recorder) if complete else set(),
        attributes=[set(vars(optimizer)) for optimizer in instruments.optimizers],
        optimizer_names=list(instruments.optimizer_names),
        complete=complete,
    )


def _losses(instruments: Instruments) -> list[float]:
    """The losses of the line that calls backward most often; several lines are several losses."""
    backwards = [backward for backward in instruments.trace.backwards if backward.value is not None]
    places = [backward.place for backward in backwards]
    most = max(set(places), key=places.count, default=None)
    return [b.value if b.value is not None else math.nan for b in backwards if b.place == most]
