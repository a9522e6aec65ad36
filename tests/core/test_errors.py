"""Errors: the house form, the tree, and the nearest name."""

import copy
import pickle
from pathlib import Path

import pytest

from fallline.core import errors
from fallline.core.errors import FalllineError, Interrupted, UnknownNameError, nearest

BUILT_IN = {
    "RecipeError": ValueError,
    "ArgumentError": ValueError,
    "UnknownNameError": LookupError,
    "SourceError": OSError,
    "DataError": ValueError,
    "StudyError": ValueError,
    "EngineError": RuntimeError,
    "OutputError": OSError,
}
KINDS = [getattr(errors, name) for name in BUILT_IN]
EVERY_HINT = {"expected": "one of a, b", "got": "x = 'c'", "likely": "a slip", "do": "--x a"}


def test_the_list_of_errors_is_whole():
    raised = {
        name
        for name in errors.__all__
        if isinstance(getattr(errors, name), type) and issubclass(getattr(errors, name), FalllineError)
    }
    assert raised == {"FalllineError", *BUILT_IN}


@pytest.mark.parametrize(("name", "built_in"), BUILT_IN.items())
def test_an_error_is_also_the_built_in_that_it_refines(name: str, built_in: type[Exception]):
    kind = getattr(errors, name)
    assert issubclass(kind, FalllineError)
    with pytest.raises(built_in):
        raise kind("doing", "it is wrong")


@pytest.mark.parametrize(("name", "built_in"), BUILT_IN.items())
def test_the_tree_at_the_top_of_the_module_shows_every_error(name: str, built_in: type[Exception]):
    assert f"── {name}({built_in.__name__})" in errors.__doc__


@pytest.mark.parametrize("kind", [FalllineError, *KINDS])
def test_every_hint_has_its_line(kind: type[FalllineError]):
    error = kind("reading heart.csv", "it has no header", **EVERY_HINT)
    assert str(error) == (
        "reading heart.csv: it has no header.\n"
        "  expected  one of a, b\n"
        "  got       x = 'c'\n"
        "  likely    a slip\n"
        "  do        --x a"
    )


@pytest.mark.parametrize("kind", [FalllineError, *KINDS])
def test_a_hint_that_is_not_known_has_no_line(kind: type[FalllineError]):
    assert str(kind("reading heart.csv", "it has no header")) == "reading heart.csv: it has no header."
    assert str(kind("a", "b", do="c")) == "a: b.\n  do        c"


@pytest.mark.parametrize(
    ("wrong", "said"), [("it is wrong", "it is wrong."), ("it is.", "it is."), ("is it?", "is it?")]
)
def test_a_sentence_ends_once(wrong: str, said: str):
    assert str(FalllineError("a", wrong)) == f"a: {said}"


@pytest.mark.parametrize("kind", [FalllineError, *KINDS])
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "process"])
def test_an_error_says_the_same_after_a_copy_or_in_another_process(kind: type[FalllineError], again):
    error = kind("reading heart.csv", "it has no header", **EVERY_HINT)
    assert type(again(error)) is kind
    assert str(again(error)) == str(error)


def test_an_interruption_is_no_mistake_and_names_the_study():
    interruption = Interrupted(Path("studies/heart"))
    assert isinstance(interruption, KeyboardInterrupt)
    assert not isinstance(interruption, Exception)
    assert interruption.study == Path("studies/heart")
    assert "studies" in str(interruption)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("adm", "adam"),
        ("ADAM", "adam"),
        ("adamm", "adam"),
        ("Label Smoothing", "label_smoothing"),
        ("huber", "Huber"),
        ("momentun", "momentum"),
        ("xyz", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_the_one_that_was_meant(name: str, found: str | None):
    assert nearest(name, ["adam", "sgd", "label_smoothing", "Huber", "momentum"]) == found


def test_there_is_no_nearest_of_no_names():
    assert nearest("adam", []) is None


def test_an_unknown_name_lists_those_there_are_and_the_nearest():
    error = UnknownNameError.among(["adam", "sgd"], "adm", doing="looking up the optimizer", kind="optimizer")
    assert str(error) == (
        "looking up the optimizer: there is no optimizer named 'adm'.\n"
        "  expected  one of adam, sgd\n"
        "  do        did you mean 'adam'?"
    )


def test_an_unknown_name_among_very_many_says_how_many():
    names = [f"column {number}" for number in range(41)]
    error = UnknownNameError.among(names, "zzz", doing="finding the target", kind="column")
    assert str(error) == "finding the target: there is no column named 'zzz'.\n  expected  one of 41 names"


def test_what_to_do_can_be_said_by_whoever_raises():
    error = UnknownNameError.among(["adam"], "adm", doing="looking it up", kind="optimizer", do="--optimizer adam")
    assert str(error).endswith("  do        --optimizer adam")
