"""A layer's or network's whole return value, a tuple or a mapping, is used as if it were a tensor.

`nn.LSTM`, `nn.GRU`, `nn.MultiheadAttention` and networks with several heads return more than one thing. Unpack what the
next step needs.

Fires on:

    model = nn.GRU(5, 3, batch_first=True)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(6, 7, 5), torch.arange(6) % 3

Silent on:

    model = nn.GRU(5, 3, batch_first=True)
    loss = lambda output, target: nn.CrossEntropyLoss()(output[0][:, -1], target)
    x, y = torch.randn(6, 7, 5), torch.arange(6) % 3

Sources: https://discuss.pytorch.org/t/typeerror-must-be-tensor-not-tuple/
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe
from fallline.checks.traced import Call, Failure
from fallline.core.finding import Finding, Severity

RULE = Rule("FL210", "not-a-tensor", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where something raised a TypeError or AttributeError just after a module returned no tensor."""
    failure = evidence.failure
    if failure is None or not isinstance(failure.error, TypeError | AttributeError) or failure.stage == "optimizer":
        return None
    last = evidence.trace.calls[-1] if evidence.trace.calls else None
    whole = evidence.root_calls[-1] if evidence.root_calls else None
    if whole is not None and whole.returned == "NoneType" and not _raised_within(failure, whole):
        return _nothing(evidence, whole)
    returned = next(
        (call for call in reversed(evidence.trace.calls) if call.returned not in ("Tensor", "NoneType")), None
    )
    if (
        returned is None
        or last is None
        or (failure.stage == "loss" and returned.depth > 0 and last.returned == "Tensor")
    ):
        return None
    if failure.operation is not None and not _takes_nontensor(failure.operation, returned.returned):
        return None
    first = "output, _ = " if returned.returned in ("tuple", "list") else "output = "
    rest = '["..."]' if returned.returned not in ("tuple", "list") else ""
    return RULE.finding(
        what=f"{describe(returned.module, returned.name)} returns a {returned.returned} "
        f"with {len(returned.outputs)} tensors in it, which was used as one tensor.",
        why="A recurrent layer returns its outputs and its last state; attention its outputs and its weights.",
        mend=f"{first}{returned.name}(...){rest}",
        evidence={"returned": returned.returned, "shapes": [seen.shape for seen in returned.outputs]},
        where=failure.place,
        message=failure.message,
    )


def _raised_within(failure: Failure, call: Call) -> bool:
    """Whether the exception came out of a call, which then returned nothing of its own."""
    if failure.operation is not None:
        return failure.operation.modules[:1] == (call.name,)
    return failure.module is not None


def _nothing(evidence: Evidence, call: Call) -> Finding:
    """A network whose forward ended without a return."""
    return RULE.finding(
        what=f"{call.name}.forward returns None: it ends without a return, and nothing is handed to what follows.",
        why="A function without a return statement gives None, whatever it has computed.",
        mend="return output    # the last line of forward",
        evidence={"returned": "NoneType"},
        where=evidence.failure.place,
        message=evidence.failure.message,
    )


def _takes_nontensor(operation: Any, returned: str) -> bool:
    """Whether an operation's first argument is a tuple or the like where a tensor belongs."""
    first = next(iter(operation.options.values()), None)
    return first is not None and type(first).__name__ in (returned, "tuple", "dict")
