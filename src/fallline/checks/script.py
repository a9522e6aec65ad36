"""Running a script or notebook under the recorder, in a process of its own."""

from __future__ import annotations

import linecache
import os
import runpy
import signal
import sys
import traceback
import types
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fallline.checks.diversion import overlaid
from fallline.checks.instruments import Instruments
from fallline.checks.notebook import Cell, cells_of
from fallline.checks.observation import observed
from fallline.checks.places import CELL, raised_at
from fallline.checks.recorder import Recorder
from fallline.checks.recording import recording
from fallline.checks.rule import diagnose
from fallline.checks.trace import Trace
from fallline.core.finding import Finding

__all__ = ["Report", "run"]

_FULL = 5
"""Steps of which every operation is recorded."""


class Enough(BaseException):
    """Ends a script that has been watched for long enough; no `except Exception` catches it."""


@dataclass
class Report:
    """What came of running a file.

    Args:
        findings: What was found.
        notes: What else there is to say.
        trained: Whether anything was trained.
        stopped: Why it could not be run, in the words for the user; None where it could.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    trained: bool = False
    stopped: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        findings = [finding.to_dict() for finding in self.findings]
        return {"findings": findings, "notes": self.notes, "trained": self.trained, "stopped": self.stopped}


def run(path: Path, arguments: list[str], *, steps: int, seconds: float) -> Report:
    """Run a file until it ends, has made ``steps`` optimizer steps or has taken ``seconds``."""
    report = Report()
    instruments = Instruments(Recorder(Trace()))
    _limit(instruments, steps)
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    _alarm(seconds)
    with warnings.catch_warnings(), overlaid(), recording(instruments):
        if path.suffix == ".ipynb":
            _notebook(path, instruments, report, seconds)
        else:
            _script(path, instruments, report, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return report


def _limit(instruments: Instruments, steps: int) -> None:
    """Record less after the first steps, and stop after the last."""
    recorder = instruments.recorder
    home = os.getpid()

    def after_step(made: int) -> None:
        recorder.full = made < _FULL
        if made >= steps and os.getpid() == home:
            raise Enough("steps")

    def after_backward(made: int) -> None:
        if not instruments.trace.steps and made >= 2 * steps and os.getpid() == home:
            raise Enough("steps")
        if not instruments.trace.steps and made >= 2 * _FULL:
            recorder.full = False

    instruments.on_step = after_step
    instruments.ledger.on_backward = after_backward


def _alarm(seconds: float) -> None:
    def ring(signum: int, frame: Any) -> None:
        raise Enough("seconds")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again, where a bare `except:` has swallowed it


def _script(path: Path, instruments: Instruments, report: Report, seconds: float) -> None:
    error: BaseException | None = None
    try:
        runpy.run_path(str(path), run_name="__main__")
    except BaseException as raised:  # whatever ends a script, there is something to say of it
        error = raised
    signal.setitimer(signal.ITIMER_REAL, 0)
    _conclude(instruments, report, error, seconds)


def _notebook(path: Path, instruments: Instruments, report: Report, seconds: float) -> None:
    names = types.ModuleType("__main__")
    sys.modules["__main__"] = names
    names.__dict__["display"] = _shown
    for cell in cells_of(path):
        report.notes += [f"cell {cell.number}: skipped {line}" for line in cell.skipped]
        error = _run_cell(path, cell, names.__dict__)
        _conclude(instruments, report, error, seconds)
        if isinstance(error, Enough) and error.args == ("seconds",):
            break
        instruments.restart()
    if report.trained:
        report.stopped = None  # a cell that does not run hides none of the others; the notes tell of it


def _shown(*values: object) -> None:
    """What a notebook's ``display`` does where nobody looks."""


def _run_cell(path: Path, cell: Cell, names: dict[str, Any]) -> BaseException | None:
    file = f"{path}{CELL}{cell.number}"
    linecache.cache[file] = (len(cell.source), None, cell.source.splitlines(keepends=True), file)
    try:
        exec(compile(cell.source, file, "exec"), names)
    except BaseException as raised:  # a failing cell does not hide the later ones
        return raised
    return None


def _conclude(instruments: Instruments, report: Report, error: BaseException | None, seconds: float) -> None:
    """Turn what was seen, and what ended it, into findings and notes."""
    trace = instruments.trace
    trained = bool(trace.backwards or trace.steps)
    report.trained = report.trained or trained
    foreign = _foreign(error, instruments)
    if foreign is not None:
        report.stopped = report.stopped or foreign
        report.notes.append(foreign)
    if isinstance(error, Enough):
        kind = f"{len(trace.steps)} optimizer steps" if error.args == ("steps",) else f"{seconds:g} seconds"
        report.notes.append(f"stopped after {kind}")
    evidence = observed(instruments, error=None if foreign is not None else error)
    if trained or trace.operations or evidence.failure is not None:
        diagnosis = diagnose(evidence)
        report.findings += [finding for finding in diagnosis.findings if not _known(report.findings, finding)]
        report.notes += diagnosis.notes


def _known(findings: list[Finding], finding: Finding) -> bool:
    return any(other.code == finding.code and other.where == finding.where for other in findings)


def _foreign(error: BaseException | None, instruments: Instruments) -> str | None:
    """An exception that has nothing to do with torch, in a sentence; None where it has, or there is none."""
    if error is None or isinstance(error, Enough):
        return None
    if isinstance(error, SystemExit):
        return None if error.code in (None, 0) else f"it exits by itself with code {error.code}; it may need arguments"
    place, frames = raised_at(error.__traceback__)
    at = f" ({place})" if place is not None else ""
    if isinstance(error, SyntaxError):
        return f"it is not Python: {error.msg} ({error.filename}:{error.lineno})"
    if isinstance(error, ModuleNotFoundError | ImportError):
        return f"it imports what is not there: {error}{at}"
    if isinstance(error, EOFError):
        return f"it reads standard input, of which there is none here{at}"
    if isinstance(error, KeyboardInterrupt | MemoryError | OSError):
        return f"it ended with {type(error).__name__}: {error}{at}"
    if any(f"{os.sep}torch{os.sep}cuda{os.sep}" in frame.f_code.co_filename for frame in frames):
        return f"it needs a GPU, and torch finds none it can use{at}"
    within = {frame.f_code.co_filename for frame in frames}
    of_torch = any(f"{os.sep}torch{os.sep}" in name for name in within) or _recorded(error, instruments)
    if of_torch or instruments.trace.operations:
        return None
    return f"it ended with {traceback.format_exception_only(error)[-1].strip()}{at}"


def _recorded(error: BaseException, instruments: Instruments) -> bool:
    failure = instruments.trace.failure
    return failure is not None and failure.error is error
