"""`view` or `reshape` is used where axes should change places.

Reshaping cuts the same row of numbers into other pieces; it moves nothing. (N, L, C) viewed as (L, N, C) or (N, C, L)
holds numbers of different samples, positions or channels side by side; so does the state (layers, N, H) of a recurrent
layer viewed as (N, layers × H). `transpose` and `permute` move axes.

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

Sources: https://github.com/graykode/nlp-tutorial/issues/38, https://discuss.pytorch.org/t/different-between-permute-transpose-view-which-should-i-use/
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation, Seen
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL213", "reshape-as-transpose", Severity.error, ("pairs",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a reshape gives the axes of its input in another order, or cuts a recurrent state into rows."""
    for operation in evidence.trace.named("view", "reshape", "view_as", "reshape_as", step=0):
        if not operation.inputs or not operation.outputs or not _is_data(evidence, operation.inputs[0]):
            continue
        given, made = operation.inputs[0].shape, operation.outputs[0].shape
        order = _order(given, made)
        if order is not None:
            return _found(
                evidence,
                operation,
                "the same sizes in another order, but reshaping moves no axis",
                f".permute({', '.join(map(str, order))})",
                functools.partial(_permuted, order),
            )
        layer = _by_rows(evidence, operation)
        if layer is not None:
            return _found(
                evidence,
                operation,
                f"{layer} has the batch on axis 1, and a row of the result holds numbers of several samples",
                f".transpose(0, 1).reshape{made}",
                functools.partial(_turned, made),
            )
    return None


def _is_data(evidence: Evidence, seen: Seen) -> bool:
    """Whether a tensor is on its way through a network, or from the batch into it."""
    if (seen.label or "").startswith("parameter "):
        return False
    entering = {each.key for call in evidence.root_calls for each in call.inputs}
    labels = evidence.trace.labels(seen)
    return evidence.from_network(seen) or bool(labels & {"input", "target", "loaded"}) or seen.key in entering


def _by_rows(evidence: Evidence, operation: Operation) -> str | None:
    """What a recurrent layer gave with the batch on its second axis and is cut into one row per sample as it is."""
    seen = operation.inputs[0]
    while (made := evidence.trace.producer(seen)) is not None and made.name in ("contiguous", "clone"):
        seen = made.inputs[0]
    given, cut = seen.shape, operation.outputs[0].shape
    if len(given) != 3 or given[0] in (1, given[1]) or cut[:1] != given[1:2] or cut[-2:] == given[-2:]:
        return None
    for call in evidence.trace.calls:
        if isinstance(call.module, nn.RNNBase):
            keys = [each.key for each in call.outputs]
            if seen.key in keys[1:]:
                return f"the state of {call.name}"
            if seen.key in keys[:1] and not call.module.batch_first:
                return f"the output of {call.name}"
    return None


def _found(evidence: Evidence, operation: Operation, reason: str, mend: str, instead: Callable[..., Any]) -> Finding:
    given, made = operation.inputs[0].shape, operation.outputs[0].shape
    return RULE.finding(
        what=f"{operation.name} turns {given} into {made}: {reason}.",
        why="Numbers of different samples, positions or channels end up side by side.",
        mend=f"{mend}    # instead of .{operation.name}{made}",
        evidence={"from": given, "to": made},
        verified=tried(evidence, mode=Mended(operation, instead)),
        where=operation.place,
    )


def _turned(made: tuple[int, ...], func: Any, args: Any, kwargs: Any) -> Any:
    """What was meant: the batch comes first, then the cut."""
    return args[0].transpose(0, 1).reshape(made)


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
