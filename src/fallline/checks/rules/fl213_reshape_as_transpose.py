"""`view` or `reshape` is used where axes should change places.

Reshaping cuts the same row of numbers into other pieces; it moves nothing. (N, L, C) viewed as (L, N, C) or (N, C, L)
holds numbers of different samples, positions or channels side by side. `transpose` and `permute` move axes.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv1d(3, 4, 2), nn.Linear(16, 1)

        def forward(self, x):
            return self.head(self.conv(x.reshape(8, 3, 5)).flatten(1))

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 5, 3), torch.randn(8, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv1d(3, 4, 2), nn.Linear(16, 1)

        def forward(self, x):
            return self.head(self.conv(x.transpose(1, 2)).flatten(1))

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 5, 3), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/different-between-permute-transpose-view-which-should-i-use/
"""

from __future__ import annotations

import functools
from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import patched, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL213", "reshape-as-transpose", Severity.error, ("pairs",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a reshape gives the axes of its input in another order."""
    for operation in evidence.trace.named("view", "reshape", "view_as", "reshape_as", step=0):
        if not operation.inputs or not operation.outputs:
            continue
        given, made = operation.inputs[0].shape, operation.outputs[0].shape
        labels = evidence.trace.labels(operation.inputs[0])
        data = evidence.from_network(operation.inputs[0]) or "input" in labels or "target" in labels
        order = _order(given, made)
        if order is None or (operation.inputs[0].label or "").startswith("parameter ") or not data:
            continue
        return RULE.finding(
            what=f"{operation.name} turns {given} into {made}: the same sizes in another order, "
            "but reshaping moves no axis.",
            why="Numbers of different samples, positions or channels end up side by side.",
            mend=f".permute({', '.join(map(str, order))})    # instead of .{operation.name}{made}",
            evidence={"from": given, "to": made},
            verified=tried(evidence, mode=patched(operation, functools.partial(_permuted, order))),
            where=operation.place,
        )
    return None


def _permuted(order: tuple[int, ...], func: Any, args: Any, kwargs: Any) -> Any:
    """What was meant: the axes change places."""
    return args[0].permute(order)


def _order(given: tuple[int, ...], made: tuple[int, ...]) -> tuple[int, ...] | None:
    """The permutation that the sizes suggest; None where they suggest none."""
    if len(given) != len(made) or len(given) < 3 or sorted(given) != sorted(made):
        return None
    if [size for size in given if size > 1] == [size for size in made if size > 1]:
        return None
    free = list(range(len(given)))
    order = []
    for size in made:
        place = next(axis for axis in free if given[axis] == size)
        free.remove(place)
        order.append(place)
    return tuple(order)
