"""What the checkers make of mistakes and of set-ups that are right: named, symptom, silent; false alarms; seconds.

benchmarks/.venv/bin/python -m benchmarks.checking [--only NAME] [--cases] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from benchmarks._checkers import CHECKERS, STEPS, Answer, CannotAskError, Checker
from tests.checks.setups import GIVEN, OWN, load
from tests.checks.table import GIVEN as NAMED_GIVEN
from tests.checks.table import OWN as NAMED_OWN

CODES = NAMED_GIVEN | NAMED_OWN


@dataclass(frozen=True)
class Case:
    """One case and one checker.

    Args:
        case: The file's name.
        kind: "wrong", or "clean".
        outcome: Of a wrong one "named", "symptom", "silent" or "not asked"; of a right one "alarm" or "silence".
        said: The messages that its mended twin does not get.
        mended: Of a wrong one, whether its mended twin gets an alarm.
        seconds: What the answer took; of a wrong one that to the mistake.
    """

    case: str
    kind: str
    outcome: str
    said: tuple[str, ...]
    mended: bool
    seconds: float


def asked(checker: Checker, build: Callable[[], dict[str, Any]], steps: int = STEPS) -> tuple[Answer | None, float]:
    """The answer, None where the checker takes no such set-up, and the seconds it took."""
    setup = build() | {"steps": steps}
    began = time.perf_counter()
    try:
        return checker.ask(setup), time.perf_counter() - began
    except CannotAskError:
        return None, 0.0


def wrong(checker: Checker, module: ModuleType, name: str) -> Case:
    """A mistake, and its mended twin: a message that both get is about something else."""
    steps = min(STEPS, module.CASE.get("steps", STEPS))
    answer, seconds = asked(checker, module.build, steps)
    mended, _ = asked(checker, module.fixed, steps)
    if answer is None:
        return Case(name, "wrong", "not asked", (), mended is not None and bool(mended.alarms), seconds)
    said = answer.said - (mended.said if mended is not None else frozenset())
    code = CODES.get(name, "")
    hit = code in said if checker.names is None else any(code in checker.names.get(each, ()) for each in said)
    outcome = "named" if hit else "symptom" if said else "silent"
    return Case(name, "wrong", outcome, tuple(sorted(said)), mended is not None and bool(mended.alarms), seconds)


def clean(checker: Checker, module: ModuleType, name: str) -> Case:
    """A set-up that is right."""
    answer, seconds = asked(checker, module.build, min(STEPS, module.CASE.get("steps", STEPS)))
    outcome = "not asked" if answer is None else "alarm" if answer.alarms else "silence"
    return Case(name, "clean", outcome, tuple(sorted(answer.alarms)) if answer else (), False, seconds)


def cases(checker: Checker) -> list[Case]:
    """Every case, given and our own."""
    return [
        examine(checker, load(path), path.stem)
        for kind, examine in (("wrong", wrong), ("clean", clean))
        for folder in (GIVEN, OWN)
        for path in sorted((folder / kind).glob("*.py"))
    ]


def row(checker: Checker, found: list[Case]) -> list[str]:
    """A line of the table."""
    mistakes = [case for case in found if case.kind == "wrong"]
    right = [case for case in found if case.kind == "clean"]
    counts = Counter(case.outcome for case in mistakes)
    alarms = sum(case.outcome == "alarm" for case in right)
    mended = sum(case.mended for case in mistakes)
    seconds = [case.seconds for case in found if case.seconds]
    return [
        checker.name,
        *(str(counts[outcome]) for outcome in ("named", "symptom", "silent", "not asked")),
        f"{alarms} of {sum(case.outcome != 'not asked' for case in right)}",
        f"{mended} of {len(mistakes)}",
        f"{statistics.median(seconds):.3f}",
        f"{max(seconds):.2f}",
    ]


HEAD = ["", "named", "symptom", "silent", "not asked", "alarms, clean", "alarms, mended", "seconds, median", "longest"]


def main() -> None:
    """Ask them all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="one checker alone")
    parser.add_argument("--cases", action="store_true", help="what was said of each case")
    parser.add_argument("--json", type=Path, help="write everything down")
    options = parser.parse_args()
    torch.set_num_threads(1)
    everything: dict[str, list[dict[str, Any]]] = {}
    rows = []
    for checker in CHECKERS:
        if options.only not in (None, checker.name):
            continue
        if not checker.is_there:
            print(f"{checker.name} is not installed: make bench installs it")
            continue
        asked(checker, load(OWN / "clean" / "mlp_classifier_with_dropout.py").build)  # what is imported at first
        found = cases(checker)
        everything[checker.name] = [vars(case) for case in found]
        rows.append(row(checker, found))
        if options.cases:
            for case in found:
                print(f"{checker.name:<12} {case.kind} {case.outcome:<9} {case.case}  {' '.join(case.said)}")
    mistakes = sum(case["kind"] == "wrong" for case in next(iter(everything.values())))
    print(f"torch {torch.__version__}, one thread; {mistakes} mistakes, each with its mended twin\n")
    print("\n".join("| " + " | ".join(line) + " |" for line in [HEAD, ["---"] * len(HEAD), *rows]))
    if options.json is not None:
        options.json.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
