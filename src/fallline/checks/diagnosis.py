"""All that a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.core.errors import FalllineError
from fallline.core.finding import Finding, Severity
from fallline.render.diagnosis import diagnosis_html

__all__ = ["Diagnosis", "DiagnosisError"]


@dataclass(frozen=True)
class Diagnosis:
    """Everything a check found, the worst first.

    Args:
        findings: The findings.
        notes: What the check could not look at, and why; no findings.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is neither an error nor a warning; hints do not count."""
        return all(finding.severity is Severity.hint for finding in self.findings)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings of severity error."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.error)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        findings = [finding.to_dict() for finding in self.findings]
        return {"ok": self.ok, "findings": findings, "notes": list(self.notes)}

    def raise_if_failed(self) -> None:
        """Raise where there is an error or a warning; for a test of one's own.

        Raises:
            DiagnosisError: There is one; its message is the diagnosis.
        """
        if not self.ok:
            raise DiagnosisError(self)

    def __str__(self) -> str:
        if not self.findings:
            return "\n".join(["nothing found", *self.notes])
        return "\n\n".join([*map(str, self.findings), *self.notes])

    def _repr_html_(self) -> str:
        return diagnosis_html(self.to_dict())


class DiagnosisError(FalllineError, AssertionError):
    """A check that was to find nothing found something."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__("checking the wiring", f"{len(diagnosis.findings)} finding(s)\n{diagnosis}")
        self.diagnosis = diagnosis
