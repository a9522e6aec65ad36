"""What is to be done with columns because somebody said so: checked against the table and against each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from fallline.core.errors import DataError
from fallline.data.target import find

__all__ = ["Choices", "checked"]

_SAID = "--drop, --only, --categorical, --numeric and --ordered"


@dataclass(frozen=True)
class Choices:
    """What was asked for.

    Args:
        drop: Columns to leave out.
        only: The columns to use; empty for all.
        categorical: Columns whose values are categories whatever they look like.
        numeric: Columns whose values are numbers whatever they look like.
        ordered: Columns whose categories have an order, each with its levels from the lowest to the highest.
        aside: The column that the split is by, which is a feature only if one of the others names it.
    """

    drop: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    numeric: frozenset[str] = frozenset()
    ordered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aside: str | None = None

    @property
    def typed(self) -> frozenset[str]:
        """The columns of which it was said what they hold."""
        return self.categorical | self.numeric | frozenset(self.ordered)

    def why_left_out(self, name: str) -> str | None:
        """Why a column is to be left out, or None."""
        if name in self.drop:
            return "asked for"
        if self.only and name not in self.only:
            return "not among the columns asked for"
        if name == self.aside and name not in self.only | self.typed:
            return "the split is by it"
        return None


def checked(
    columns: Sequence[str],
    *,
    targets: Collection[str],
    weight: str | None = None,
    aside: str | None = None,
    drop: Collection[str | int] = (),
    only: Collection[str | int] = (),
    categorical: Collection[str | int] = (),
    numeric: Collection[str | int] = (),
    ordered: Mapping[str, Sequence[object]] | None = None,
    doing: str,
) -> Choices:
    """What was asked for, each column found by its name or position.

    Args:
        columns: Names of the table's columns.
        targets: The target columns.
        weight: The column of row weights.
        aside: The column that the split is by.
        drop: Columns to leave out.
        only: The columns to use.
        categorical: Columns of categories.
        numeric: Columns of numbers.
        ordered: Columns of ordered categories, with their levels.
        doing: What an error says was being done.

    Raises:
        UnknownNameError: There is no such column.
        DataError: Two wishes contradict each other, or a column has fewer than two levels, or one twice.
    """

    def found(wished: Collection[str | int], kind: str) -> frozenset[str]:
        return frozenset(find(columns, wish, doing=doing, kind=kind) for wish in _listed(wished, doing))

    reserved = {**({weight: "the weight"} if weight else {}), **dict.fromkeys(targets, "the target")}
    if aside in reserved:
        raise DataError(doing, f"{aside!r} is {reserved[aside]}; the rows cannot be split by it")
    levels = {
        find(columns, name, doing=doing, kind="ordered"): _levels(name, given, doing)
        for name, given in (ordered or {}).items()
    }
    choices = Choices(
        drop=found(drop, "drop"),
        only=found(only, "only"),
        categorical=found(categorical, "categorical"),
        numeric=found(numeric, "numeric"),
        ordered=levels,
        aside=aside,
    )
    _refuse_contradictions(choices, reserved, doing)
    return choices


def _refuse_contradictions(choices: Choices, reserved: Mapping[str, str], doing: str) -> None:
    wishes = {
        "drop": choices.drop,
        "only": choices.only,
        "categorical": choices.categorical,
        "numeric": choices.numeric,
        "ordered": frozenset(choices.ordered),
    }
    for wish, names in wishes.items():
        for name in sorted(names & set(reserved)):
            if wish != "drop" or reserved[name] == "the target":
                raise _contradiction(name, wish, reserved[name], doing)
    for first, second in _CONTRADICTIONS:
        for name in sorted(wishes[first] & wishes[second]):
            raise _contradiction(name, first, f"in {second} as well", doing)
    for name in sorted(choices.typed - choices.only if choices.only else ()):
        wish = next(wish for wish, names in wishes.items() if wish != "only" and name in names)
        raise _contradiction(name, wish, "not in only", doing)


_CONTRADICTIONS = (
    ("drop", "only"),
    ("drop", "categorical"),
    ("drop", "numeric"),
    ("drop", "ordered"),
    ("categorical", "numeric"),
    ("categorical", "ordered"),
    ("numeric", "ordered"),
)


def _listed(wished: Collection[str | int], doing: str) -> Collection[str | int]:
    # A text is a collection of letters, which is hardly ever meant.
    if isinstance(wished, str):
        raise DataError(doing, "columns are to be given as a list", got=repr(wished), do=f"[{wished!r}]")
    return wished


def _levels(name: str, given: Sequence[object], doing: str) -> tuple[str, ...]:
    levels = tuple(str(level) for level in given)
    if len(levels) < 2 or len(set(levels)) < len(levels):
        raise DataError(
            doing,
            f"the levels of {name!r} cannot be ordered",
            expected="two levels at least, each once, from the lowest to the highest",
            got=", ".join(levels) or "none",
        )
    return levels


def _contradiction(name: str, wish: str, what: str, doing: str) -> DataError:
    return DataError(
        doing,
        f"{name!r} is in {wish}, but it is {what}",
        expected=f"wishes that agree ({_SAID})",
        do=f"leave {name!r} out of {wish}",
    )
