"""What `check` says of one mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "Place", "Severity"]


class Severity(StrEnum):
    """How bad a finding is."""

    error = "error"
    warning = "warning"
    hint = "hint"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's own code.

    Args:
        file: The file.
        line: The line in it, or in the cell, from 1.
        text: The line itself.
        cell: The number of the code cell, from 1; None where the file is no notebook.
    """

    file: str
    line: int
    text: str = ""
    cell: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.cell is None else f"{self.file}, cell {self.cell}, line {self.line}"

    def to_dict(self) -> dict[str, Any]:
        """The place as plain data."""
        return {"file": self.file, "cell": self.cell, "line": self.line, "text": self.text}


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: what is wrong, why it matters, and the line that mends it.

    Args:
        code: The rule's code ("FL301"), which never changes its meaning.
        name: The rule's name.
        severity: How bad it is.
        what: What is wrong, with the numbers seen.
        why: Why it matters.
        mend: The line or lines to write.
        evidence: The numbers behind it, as plain data.
        verified: What came of trying the mend on a copy; None where it was not tried.
        where: The user's line; None where there is none to point at.
        message: Torch's own message, where it raised.
    """

    code: str
    name: str
    severity: Severity
    what: str
    why: str
    mend: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    verified: str | None = None
    where: Place | None = None
    message: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data."""
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity.value,
            "what": self.what,
            "why": self.why,
            "mend": self.mend,
            "evidence": dict(self.evidence),
            "verified": self.verified,
            "where": None if self.where is None else self.where.to_dict(),
            "message": self.message,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """The finding that `to_dict` gave."""
        where = None if data["where"] is None else Place(**data["where"])
        return cls(**{**data, "severity": Severity(data["severity"]), "where": where})

    def __str__(self) -> str:
        place = "" if self.where is None else f"{self.where}: "
        lines = [f"{place}{self.severity.value} {self.code} {self.name}: {self.what}"]
        if self.where is not None and self.where.text:
            lines.append(f"    > {self.where.text}")
        lines += [f"  why       {self.why}", *_block("mend", self.mend)]
        lines += [
            f"  {label:<8}  {text}" for label, text in (("verified", self.verified), ("torch", self.message)) if text
        ]
        return "\n".join(lines)


def _block(label: str, text: str) -> list[str]:
    """A label, and text whose further lines stand beneath its first."""
    first, *rest = text.splitlines() or [""]
    return [f"  {label:<8}  {first}", *(f"            {line}" for line in rest)]
