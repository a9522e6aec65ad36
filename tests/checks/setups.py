"""Case files and examples as set-ups that can be checked."""

import importlib.util
import linecache
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

import fallline as fl

OWN = Path(__file__).parent / "cases"
GIVEN = Path(__file__).resolve().parents[3] / "shared" / "cases"


def load(path: Path) -> ModuleType:
    """A case file."""
    spec = importlib.util.spec_from_file_location(f"case_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checked(setup: dict[str, Any]) -> fl.Diagnosis:
    """The diagnosis of what a case builds."""
    optimizer = setup.get("optimizer")
    diagnosis = fl.check(
        setup["model"],
        setup["loss_fn"],
        setup["batch"],
        setup.get("optimizer_factory") if optimizer is None else optimizer,
        train_step=setup.get("train_step"),
        scheduler=setup.get("scheduler"),
    )
    assert diagnosis.notes == ()
    return diagnosis


def alarms(diagnosis: fl.Diagnosis) -> list[str]:
    """Codes of the errors and warnings."""
    return [finding.code for finding in diagnosis.findings if finding.severity != "hint"]


def examples(page: str) -> dict[str, str]:
    """The two examples of a rule's page."""
    found = re.findall(r"^(Fires on|Silent on):\n\n((?:    .*\n|\n)+)", page, flags=re.MULTILINE)
    return {kind: textwrap.dedent(code) for kind, code in found}


def built(code: str, path: Path) -> dict[str, Any]:
    """The set-up that an example defines; its optimizer is plain gradient descent where it names none."""
    path.write_text(code, encoding="utf-8")
    linecache.checkcache(str(path))
    names: dict[str, Any] = {"torch": torch, "nn": nn}
    torch.manual_seed(0)
    exec(compile(code, str(path), "exec"), names)
    optimizer, parameters = names.get("optimizer"), list(names["model"].parameters())
    if optimizer is None and parameters:
        optimizer = torch.optim.SGD(parameters, lr=0.01)
    kind = "optimizer" if isinstance(optimizer, torch.optim.Optimizer) or optimizer is None else "optimizer_factory"
    return {
        "model": names["model"],
        "loss_fn": names["loss"],
        "batch": (names["x"], names["y"]),
        kind: optimizer,
        "train_step": names.get("train_step"),
        "scheduler": names.get("scheduler"),
    }
