"""Starting the process in which a file is checked, and seeing that it and all it started end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fallline.checks.diagnosis import Diagnosis
from fallline.checks.notebook import cells_of
from fallline.core.errors import EngineError, SourceError
from fallline.core.finding import Finding, Severity

__all__ = ["check_file"]

_GRACE = 5.0
"""Seconds given beyond the limit to a process that has to end itself."""


def check_file(path: Path, arguments: Sequence[str] = (), *, steps: int = 50, seconds: float = 60.0) -> Diagnosis:
    """Run an unmodified script or notebook and diagnose its training.

    Args:
        path: The ``.py`` or ``.ipynb`` file.
        arguments: Its command-line arguments.
        steps: Stop after this many optimizer steps.
        seconds: Stop after this long.

    Raises:
        SourceError: The file is not there, does not run, or trains nothing.
    """
    doing = f"checking {path}"
    if not path.is_file():
        raise SourceError(doing, "there is no such file", do="fallline check train.py")
    if path.suffix not in (".py", ".ipynb"):
        raise SourceError(
            doing, "it is neither a Python script nor a notebook", expected=".py or .ipynb", got=path.name
        )
    if path.suffix == ".ipynb":
        cells_of(path)  # says so where it is no notebook
    with tempfile.TemporaryDirectory(prefix="fallline-check-") as folder:
        report, errors = Path(folder) / "report.json", Path(folder) / "stderr"
        given = {
            "path": str(path),
            "arguments": list(arguments),
            "steps": steps,
            "seconds": seconds,
            "report": str(report),
        }
        specification = Path(folder) / "given.json"
        specification.write_text(json.dumps(given), encoding="utf-8")
        ended = _run(specification, errors, seconds)
        if not report.is_file():
            raise _silent(doing, ended, errors.read_text(encoding="utf-8", errors="replace"), seconds)
        return _read(doing, json.loads(report.read_text(encoding="utf-8")))


def _run(specification: Path, errors: Path, seconds: float) -> int | None:
    """The exit code of the process; None where it had to be killed."""
    environment = {**os.environ, "TORCHDYNAMO_DISABLE": "1", "MPLBACKEND": "Agg", "PYTHONUNBUFFERED": "1"}
    with errors.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "fallline.checks.child", str(specification)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=sink,
            env=environment,
            start_new_session=True,
        )
        try:
            return process.wait(seconds + _GRACE + 20)  # importing torch takes its time
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # also what the script has left running
            process.wait()


def _read(doing: str, found: dict[str, Any]) -> Diagnosis:
    if "fault" in found:
        raise RuntimeError(f"{doing} failed in Fallline's own code:\n{found['fault']}")
    findings = sorted((Finding.from_dict(each) for each in found["findings"]), key=_gravity)
    if not findings and found["stopped"]:
        raise SourceError(
            doing,
            found["stopped"],
            do="fallline check FILE.py -- ARGUMENTS" if "argument" in found["stopped"] else None,
        )
    if not findings and not found["trained"]:
        raise SourceError(
            doing,
            "it trains nothing: no backward pass and no optimizer step was seen",
            likely="; ".join(found["notes"]) or "the training is in a function that this file does not call",
            do="name the file that trains",
        )
    return Diagnosis(tuple(findings), tuple(found["notes"]))


def _gravity(finding: Finding) -> int:
    return list(Severity).index(finding.severity)


def _silent(doing: str, ended: int | None, errors: str, seconds: float) -> Exception:
    """What to say of a process that wrote no report."""
    last = [line for line in errors.strip().splitlines() if line.strip()][-3:]
    if ended is None:
        return SourceError(
            doing,
            f"it did not stop when asked to after {seconds:g} seconds, and was ended",
            likely="a loop inside compiled code",
            do="--timeout with a larger number",
        )
    if ended < 0:
        return SourceError(doing, f"its process was ended by signal {-ended}", got=" / ".join(last) or None)
    return EngineError(
        doing,
        f"its process ended with code {ended} before anything was seen",
        got=" / ".join(last) or None,
        likely="it ends the process itself (os._exit)",
    )
