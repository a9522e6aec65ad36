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

from fallline.checks.evidence import Evidence
from fallline.checks.places import call_at
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL802", "dropout-always-on", Severity.error, ("mode", "random"))

_DROPOUT = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a network calls functional dropout and leaves out `training`."""
    for operation in evidence.trace.named(*_DROPOUT):
        options = operation.options
        rate = options.get("p", options.get("#1", 0.5))
        call = call_at(operation.place, operation.name)
        if not options.get("training", True) or not operation.modules or rate == 0 or call is None or _told(call):
            continue
        return RULE.finding(
            what=f"F.{operation.name}(…, {rate}) in {operation.modules[-1]} is not told whether the network is "
            f"training.",
            why="It drops in evaluation mode too: predictions are random.",
            mend=f"F.{operation.name}(x, {rate}, training=self.training)    # or self.dropout = nn.Dropout({rate})",
            evidence={"p": rate},
            where=operation.place,
        )
    return None


def _told(call: ast.Call) -> bool:
    """Whether a call says if the network is training, be it by a name that may hold anything."""
    return len(call.args) > 2 or any(word.arg in ("training", "train", None) for word in call.keywords)
