"""Dropout stays on when the network is in evaluation mode.

`F.dropout(x, p)` drops always: it does not know of `model.eval()` unless it is told. `nn.Dropout` knows. Writing
`training=True` says that it is meant.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 8), nn.Linear(8, 1)

        def forward(self, x):
            return self.b(torch.nn.functional.dropout(self.a(x), 0.5))

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 8), nn.Linear(8, 1)

        def forward(self, x):
            return self.b(torch.nn.functional.dropout(self.a(x), 0.5, training=self.training))

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/rixwew/pytorch-fm/issues/21
"""

from __future__ import annotations

import ast
from typing import Any

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.places import call_at, calls_at, function_at
from fallline.checks.rule import Rule
from fallline.checks.setup import Setup
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Place, Severity

RULE = Rule("FL802", "dropout-always-on", Severity.error, ("mode", "random"))

_DROPOUT = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a network calls functional dropout without `training`, or builds a dropout layer in its forward."""
    for operation in evidence.trace.named(*_DROPOUT):
        options = operation.options
        rate = options.get("p", options.get("#1", 0.5))
        calls = list(calls_at(operation.place, operation.name))
        if not options.get("training", True) or not operation.modules or rate == 0 or not calls:
            continue
        if any(map(_told, calls)) or _asks(operation.place) or not _drops(evidence, operation):
            continue
        return RULE.finding(
            what=f"F.{operation.name}(…, {rate}) in {operation.modules[-1]} is not told whether the network is "
            f"training.",
            why="It drops in evaluation mode too: predictions are random.",
            mend=f"F.{operation.name}(x, {rate}, training=self.training)    # or self.dropout = nn.Dropout({rate})",
            evidence={"p": rate},
            where=operation.place,
        )
    return _made_anew(evidence)


def _asks(place: Place | None) -> bool:
    """Whether the function that holds a line asks anywhere if the network is training."""
    tests = (node.test for node in function_at(place) if isinstance(node, ast.If | ast.IfExp))
    return any("training" in ast.unparse(test) for test in tests)


def _drops(evidence: Evidence, operation: Operation) -> bool:
    """Whether it drops in evaluation mode: where the network can be run, that is seen; else taken to be so."""
    if evidence.setup is None:
        return True
    seen: list[bool] = []

    def noted(func: Any, args: Any, kwargs: Any) -> Any:
        seen.append(True)
        return func(*args, **kwargs)

    def evaluating(setup: Setup) -> Setup:
        setup.model.eval()
        return setup

    return not evidence.attempt(evaluating, mode=Mended(operation, noted), steps=1) or bool(seen)


def _made_anew(evidence: Evidence) -> Finding | None:
    """A dropout layer that a forward builds for itself: it belongs to no network, and no `eval()` reaches it."""
    known = {id(module) for _, module in evidence.modules}
    for call in evidence.trace.calls:
        if not isinstance(call.module, nn.modules.dropout._DropoutNd) or not call.depth or id(call.module) in known:
            continue
        if call.training and call.module.p > 0 and call_at(call.place, call.kind) is not None:
            return RULE.finding(
                what=f"{call.kind}({call.module.p}) is built inside forward, and so is always in training mode.",
                why="It drops in evaluation mode too: predictions are random.",
                mend=f"self.dropout = nn.{call.kind}({call.module.p})    # in __init__; call self.dropout in forward",
                evidence={"p": call.module.p},
                where=call.place,
            )
    return None


def _told(call: ast.Call) -> bool:
    """Whether a call says if the network is training, be it by a name that may hold anything."""
    return len(call.args) > 2 or any(word.arg in ("training", "train", None) for word in call.keywords)
