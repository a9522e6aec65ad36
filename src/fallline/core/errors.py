"""Everything Fallline raises, in the house form.

FalllineError                         the root: catch this one
├── RecipeError(ValueError)           a recipe, or a combination of its fields, that cannot be trained
├── ArgumentError(ValueError)         an argument that is no part of a recipe is out of its range
├── UnknownNameError(LookupError)     a name that is not in a list of names (the nearest is suggested)
├── SourceError(OSError)              a source of data that is not there or cannot be read
├── DataError(ValueError)             a table that was read but cannot be trained on or predicted from
├── StudyError(ValueError)            a study folder that is missing, damaged or from a newer version
├── EngineError(RuntimeError)         an engine that is not there, or that cannot train what it is asked to
└── OutputError(OSError)              something that cannot be written where it was asked for

Interrupted(KeyboardInterrupt)        Ctrl-C during a job, after what was reached has been kept
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = [
    "ArgumentError",
    "DataError",
    "EngineError",
    "FalllineError",
    "Interrupted",
    "OutputError",
    "RecipeError",
    "SourceError",
    "StudyError",
    "UnknownNameError",
    "nearest",
]


class FalllineError(Exception):
    """A mistake that its maker can mend, said in the house form.

    Args:
        doing: What was being done, to what ("reading heart.csv").
        wrong: What is wrong, one sentence without its full stop.
        expected: The shape, range or names that would have been right.
        got: The offending value, with its name.
        likely: The usual cause, where it is known.
        do: The exact call or flag to write.
    """

    def __init__(
        self,
        doing: str,
        wrong: str,
        *,
        expected: str | None = None,
        got: str | None = None,
        likely: str | None = None,
        do: str | None = None,
    ) -> None:
        super().__init__(doing, wrong)
        self.doing = doing
        self.wrong = wrong
        self.hints = {"expected": expected, "got": got, "likely": likely, "do": do}

    def __str__(self) -> str:
        stop = "" if self.wrong.endswith(("?", "!", ".")) else "."
        lines = [f"{self.doing}: {self.wrong}{stop}"]
        lines += [f"  {label:<8}  {text}" for label, text in self.hints.items() if text]
        return "\n".join(lines)


class RecipeError(FalllineError, ValueError):
    """A recipe, or a combination of its fields, cannot be trained."""


class ArgumentError(FalllineError, ValueError):
    """An argument that is no part of a recipe is out of its range."""


class UnknownNameError(FalllineError, LookupError):
    """A name is not in the list of names it must come from."""

    @classmethod
    def among(
        cls, names: Iterable[str], name: str, *, doing: str, kind: str, do: str | None = None
    ) -> UnknownNameError:
        """The error for ``name``, which should be one of ``names``, with the nearest of them suggested."""
        names = list(names)
        close = nearest(name, names)
        return cls(
            doing,
            f"there is no {kind} named {name!r}",
            expected="one of " + ", ".join(names) if len(names) <= 40 else f"one of {len(names)} names",
            do=do or (f"did you mean {close!r}?" if close else None),
        )


class SourceError(FalllineError, OSError):
    """A source of data is not there or cannot be read."""


class DataError(FalllineError, ValueError):
    """A table was read but cannot be trained on or predicted from."""


class StudyError(FalllineError, ValueError):
    """A study folder is missing, damaged or from a newer version."""


class EngineError(FalllineError, RuntimeError):
    """An engine is not there, or cannot train what it is asked to."""


class OutputError(FalllineError, OSError):
    """Something cannot be written where it was asked for."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a job, after the best so far was kept as a readable study.

    Args:
        study: The study's folder.
    """

    def __init__(self, study: Path) -> None:
        super().__init__(f"interrupted; the best so far is kept in {study}")
        self.study = study


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that ``name`` was probably meant to be, or None where none is close.

    Example:
        >>> nearest("adma", ["adamax", "adam"])
        'adam'
    """
    folded = {candidate.casefold(): candidate for candidate in names}
    for candidate in folded:
        if sorted(candidate) == sorted(name.casefold()):  # letters that changed places
            return folded[candidate]
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
