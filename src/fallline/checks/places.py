"""Where in the user's own code something happened, and what things are called there."""

from __future__ import annotations

import ast
import functools
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any

import torch

from fallline.core.finding import Place

__all__ = [
    "CELL",
    "assigned",
    "call_at",
    "calls_at",
    "function_at",
    "here",
    "inner_functions",
    "internal",
    "of_others",
    "place_of",
    "raised_at",
    "spoken",
    "user_frame",
    "variable",
]

CELL = "#cell "
"""Between a notebook's name and the number of one of its code cells."""
_TORCH = os.path.dirname(torch.__file__) + os.sep
_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep
_PYTHON = sysconfig.get_path("stdlib") + os.sep
_SITE = sysconfig.get_path("purelib") + os.sep
_internal: dict[CodeType, bool] = {}


def internal(code: CodeType) -> bool:
    """Whether code belongs to torch, Python or this package rather than to the user."""
    known = _internal.get(code)
    if known is None:
        known = _internal[code] = of_others(code.co_filename)
    return known


def of_others(name: str) -> bool:
    """Whether a file is torch's, Python's or this package's rather than the user's."""
    known = name.startswith((_TORCH, _OURS, "<frozen", "<string>", "<__array_function__", "<eval_with_key"))
    installed = (os.sep + "site-packages" + os.sep) in name
    return known or installed or (name.startswith(_PYTHON) and not name.startswith(_SITE))


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of the user's own code, from ``frame`` outwards."""
    while frame is not None and internal(frame.f_code):
        frame = frame.f_back
    return frame


def here() -> Place | None:
    """The user's line that is being run."""
    frame = user_frame(sys._getframe(1))
    return None if frame is None else place_of(frame.f_code.co_filename, frame.f_lineno)


def inner_functions() -> set[str]:
    """Names of torch's own functions between the user's line and here."""
    found: set[str] = set()
    frame = sys._getframe(1)
    while frame is not None and internal(frame.f_code):
        found.add(frame.f_code.co_name)
        frame = frame.f_back
    return found


def place_of(file: str, line: int) -> Place:
    """A line of a file, with its text; a notebook's cells are files called ``NAME.ipynb#cell 3``."""
    name, _, cell = file.partition(CELL)
    text = linecache.getline(file, line).strip()
    return Place(name, line, text, int(cell)) if cell.isdigit() else Place(file, line, text)


def raised_at(traceback: TracebackType | None) -> tuple[Place | None, list[FrameType]]:
    """The innermost user's line of a traceback, and all its frames, outermost first."""
    place, frames = None, []
    while traceback is not None:
        frame = traceback.tb_frame
        frames.append(frame)
        if not internal(frame.f_code):
            place = place_of(frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return place, frames


def variable(value: Any, frame: FrameType | None) -> str | None:
    """What the user calls an object, in the frame given or one around it."""
    while frame is not None:
        if not internal(frame.f_code):
            for scope in (frame.f_locals, frame.f_globals):
                for name, item in list(scope.items()):
                    if item is value and not name.startswith("_"):
                        return name
        frame = frame.f_back
    return None


def spoken(root: str, path: str) -> str:
    """A module or parameter as it is written in code.

    Example:
        >>> spoken("model", "encoder.0.weight")
        'model.encoder[0].weight'
    """
    text = root
    for part in path.split(".") if path else ():
        text += f"[{part}]" if part.isdigit() else f".{part}"
    return text


def call_at(place: Place | None, name: str) -> ast.Call | None:
    """The call of a function of this name on a line, as it is written; None where the source cannot be read."""
    return next(calls_at(place, name), None)


def calls_at(place: Place | None, name: str) -> Iterator[ast.Call]:
    """The calls of functions of this name on a line, as they are written; none where the source cannot be read."""
    if place is None:
        return
    for node in _nodes("".join(linecache.getlines(place.file))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        if called == name and node.lineno <= place.line <= (node.end_lineno or node.lineno):
            yield node


def function_at(place: Place | None) -> Iterator[ast.AST]:
    """All that is written in the innermost function that holds a line; nothing where the source cannot be read."""
    if place is None:
        return
    nodes = _nodes("".join(linecache.getlines(place.file)))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    holding = [
        node for node in nodes if isinstance(node, kinds) and node.lineno <= place.line <= (node.end_lineno or 0)
    ]
    if holding:
        yield from ast.walk(max(holding, key=lambda node: node.lineno))


def assigned(owner: object, attribute: str) -> tuple[Place, str] | None:
    """Where an object's ``__init__`` sets an attribute, and to what, as it is written; None where that is not seen."""
    for kind in type(owner).__mro__:
        code = getattr(vars(kind).get("__init__"), "__code__", None)
        if code is None or internal(code):
            continue
        last = max(line for _, _, line in code.co_lines() if line)
        for node in _nodes("".join(linecache.getlines(code.co_filename))):
            if isinstance(node, ast.Assign) and code.co_firstlineno <= node.lineno <= last:
                targets = (target for target in node.targets if isinstance(target, ast.Attribute))
                if any(target.attr == attribute and ast.unparse(target.value) == "self" for target in targets):
                    return place_of(code.co_filename, node.lineno), ast.unparse(node.value)
    return None


@functools.lru_cache(maxsize=32)
def _nodes(source: str) -> tuple[ast.AST, ...]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a notebook's cell with lines that are not Python
        return ()
    return tuple(ast.walk(tree))
