"""The process in which a checked file runs: ``python -m fallline.checks.child SPECIFICATION``."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path


def main(specification: str) -> int:
    """Run the file that a specification names, and write the report where it says."""
    given = json.loads(Path(specification).read_text(encoding="utf-8"))
    report = Path(given["report"])
    home = os.getpid()
    try:
        from fallline.checks.script import run

        found = run(Path(given["path"]), given["arguments"], steps=given["steps"], seconds=given["seconds"]).to_dict()
    except Exception:  # our own mistake, which the other process reports as one
        found = {"fault": traceback.format_exc()}
    if os.getpid() != home:
        os._exit(0)  # a process that the script forked is not to report
    _write(report, found)
    sys.stdout.flush()
    os._exit(0)  # whatever threads or exit handlers the script has left behind


def _write(report: Path, found: dict) -> None:
    partial = report.with_suffix(".partial")
    partial.write_text(json.dumps(found, default=str), encoding="utf-8")
    partial.replace(report)


if __name__ == "__main__":
    main(sys.argv[1])
