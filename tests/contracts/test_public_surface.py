"""The names that `import fallline` promises."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import polars as pl
import pytest

import fallline

HEAVY = ("numpy", "plotly", "polars", "sklearn", "torch")


def test_names_are_sorted_unique_and_few():
    assert list(fallline.__all__) == sorted(set(fallline.__all__))
    assert len(fallline.__all__) <= 25


@pytest.mark.parametrize("name", [name for name in fallline.__all__ if not name.startswith("__")])
def test_a_public_name_has_a_docstring(name: str):
    assert inspect.getdoc(getattr(fallline, name))


def test_dir_lists_every_public_name():
    assert set(fallline.__all__) <= set(dir(fallline))


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="tarin"):
        _ = fallline.tarin


def test_importing_fallline_imports_nothing_heavy():
    code = f"import sys, fallline; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == []


def test_no_package_shadows_a_verb(tmp_path):
    """A sub-package bound on `fallline` under a verb's name would take the verb's place once imported."""
    for module in pkgutil.walk_packages(fallline.__path__, "fallline."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for attempt in ("first", "second"):
        study = fallline.train("moons", epochs=2, out=tmp_path / attempt)
        assert fallline.open(tmp_path / attempt).frame().equals(study.frame())
        assert len(fallline.studies(tmp_path)) > 0
        assert len(fallline.predict(tmp_path / attempt, pl.DataFrame({"x1": [0.0, 1, 2], "x2": [0.5, 0, -0.5]}))) == 3
