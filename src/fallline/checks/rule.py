"""A rule: a code, a name, a severity, and a function of the evidence."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from fallline.checks.diagnosis import Diagnosis
from fallline.checks.evidence import Evidence
from fallline.core.errors import UnknownNameError
from fallline.core.finding import Finding, Place, Severity

__all__ = ["Rule", "diagnose", "rule_named", "rules"]


@dataclass(frozen=True)
class Rule:
    """One kind of mistake.

    Args:
        code: Its code, which never changes its meaning.
        name: Its name in words with hyphens.
        severity: How bad it is.
        explains: Symptoms that need no finding of their own once this rule has fired.
    """

    code: str
    name: str
    severity: Severity
    explains: tuple[str, ...] = ()

    def finding(
        self,
        *,
        what: str,
        why: str,
        mend: str,
        evidence: Mapping[str, Any] | None = None,
        verified: str | None = None,
        where: Place | None = None,
        message: str | None = None,
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this rule; of a milder ``severity`` where what was seen may be meant."""
        bad = severity or self.severity
        return Finding(self.code, self.name, bad, what, why, mend, evidence or {}, verified, where, message)


@dataclass(frozen=True)
class Written:
    """A rule with the function and the page that its file gives it."""

    rule: Rule
    examine: Callable[[Evidence], Finding | None]
    page: str

    @property
    def summary(self) -> str:
        """The first sentence of its page."""
        return " ".join(self.page.strip().split("\n\n")[0].split())


@functools.cache
def rules() -> tuple[Written, ...]:
    """Every rule, in the order in which they are asked: causes before symptoms."""
    from fallline.checks import rules as package

    found = [
        _written(importlib.import_module(f"{package.__name__}.{info.name}"))
        for info in pkgutil.iter_modules(package.__path__)
        if not info.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda written: written.rule.code))


def _written(module: ModuleType) -> Written:
    return Written(module.RULE, module.examine, module.__doc__ or "")


def rule_named(code: str) -> Written:
    """The rule with a code or a name.

    Raises:
        UnknownNameError: There is none.
    """
    for written in rules():
        if code.casefold() in (written.rule.code.casefold(), written.rule.name):
            return written
    names = [name for written in rules() for name in (written.rule.code, written.rule.name)]
    raise UnknownNameError.among(names, code, doing="looking up a rule of check", kind="rule")


_SYMPTOMS = {"stuck", "divergence", "nonfinite"}
"""What a mistake of any kind can bring about; only rules about numbers are passed over once these are explained."""


def _passed_over_for(rule: Rule) -> set[str]:
    """The explained symptoms that make a rule not worth asking."""
    return set(rule.explains) - (set() if rule.code >= "FL900" else _SYMPTOMS)


def diagnose(evidence: Evidence) -> Diagnosis:
    """Ask every rule; a symptom that an earlier finding explains is passed over.

    A rule that fails over a set-up of a kind its author did not think of is noted, and does not hide the others.
    """
    explained: set[str] = set()
    findings: list[Finding] = []
    notes: list[str] = []
    for written in rules():
        if explained.isdisjoint(_passed_over_for(written.rule)):
            try:
                finding = written.examine(evidence)
            except Exception as error:
                notes.append(f"{written.rule.code} could not be asked: {type(error).__name__}: {error}")
                continue
            if finding is not None:
                findings.append(finding)
                explained.update(set(written.rule.explains) - ({"exception"} if evidence.failure is None else set()))
    order = list(Severity)
    return Diagnosis(tuple(sorted(findings, key=lambda finding: order.index(finding.severity))), tuple(notes))
