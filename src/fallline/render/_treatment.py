"""What was done to the data, made short enough to be read."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["FIELDS", "MANY", "grouped"]

FIELDS = ("column", "kind", "treatment", "features")
MANY = 20
"""More columns than this are shown in groups."""


def grouped(rows: Sequence[dict[str, str]]) -> tuple[dict[str, str], ...]:
    """One row for all columns of the same kind and treatment, in order of first appearance.

    ``column`` names the first three and counts the rest; ``features`` is the sum where all are numbers.
    """
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault((row.get("kind", ""), row.get("treatment", "")), []).append(row)
    return tuple(
        {"column": _listed(members), "kind": kind, "treatment": treatment, "features": _total(members)}
        for (kind, treatment), members in groups.items()
    )


def _listed(members: Sequence[dict[str, str]]) -> str:
    names = [row.get("column", "") for row in members]
    if len(names) <= 4:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {len(names) - 3} more"


def _total(members: Sequence[dict[str, str]]) -> str:
    counts = [str(row.get("features", "")) for row in members]
    return str(sum(map(int, counts))) if all(count.isdecimal() for count in counts) else ", ".join(counts)
