"""A softmax runs over another axis than that of the classes.

Over the positions of a sequence, or over the samples of the batch, the probabilities of one sample do not sum to 1 over
its classes: the loss compares numbers that are no probabilities.

Fires on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=0))
    loss = nn.NLLLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Silent on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    loss = nn.NLLLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Sources: https://discuss.pytorch.org/t/implicit-dimension-choice-for-softmax-warning/12314
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import distributions, log_distributions, losses
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL310", "softmax-axis", Severity.error, ("contract", "pairs", "stuck"))

_TURNS = ("t", "T", "mT", "transpose", "permute", "movedim", "swapaxes", "einsum")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a softmax feeds a loss and its numbers do not sum to 1 over the classes; or runs over the batch."""
    for met in losses(evidence, "nll_loss", "kl_div", "ctc_loss", "mse_loss", "binary_cross_entropy"):
        made = evidence.transform(met.output)
        if made is None or made.name not in ("log_softmax", "softmax") or met.values is None:
            continue
        last = met.loss not in ("nll_loss",)
        axis = met.values.dim() - 1 if last or met.values.dim() < 2 else 1
        if met.values.dim() < 2 or met.values.shape[axis] < 2:
            continue
        right = log_distributions if made.name == "log_softmax" else distributions
        over_batch = _axis(made) == 0 and len(made.outputs[0].shape) > 1
        if right(met.values, axis) or (met.loss in ("mse_loss", "binary_cross_entropy") and not over_batch):
            continue
        return _found(evidence, made, met, axis)
    for operation in evidence.trace.named("softmax", "log_softmax", step=0):
        shape = operation.outputs[0].shape if operation.outputs else ()
        inside = any(call.start <= operation.index < call.end for call in evidence.root_calls)
        over_rows = len(shape) > 1 and _axis(operation) == 0 and shape[0] == evidence.rows != 1 and shape[-1] > 1
        if inside and over_rows and not _over_points(evidence, operation):
            return _found(evidence, operation, None, len(shape) - 1)
    return None


def _over_points(evidence: Evidence, operation: Operation) -> bool:
    """Whether what is weighted are the rows themselves: points, tokens or nodes that look at one another.

    Such weights are a square, or are turned so that the sum that they weight runs over the rows.
    """
    shape = operation.outputs[0].shape
    keys = {seen.key for seen in operation.outputs}
    uses = {op.name for op in evidence.trace.operations if any(each.key in keys for each in op.inputs)}
    return shape[0] == shape[-1] or not uses.isdisjoint(_TURNS)


def _axis(operation: Operation) -> int:
    """The axis of a softmax; torch chooses 0 or 1 where none is given."""
    dimensions = len(operation.inputs[0].shape)
    axis = operation.options.get("dim", operation.options.get("#1"))
    if not isinstance(axis, int):
        return 0 if dimensions in (0, 1, 3) else 1
    return axis % max(dimensions, 1)


def _found(evidence: Evidence, made: Operation, met: Comparison | None, classes: int) -> Finding:
    axis, shape = _axis(made), made.outputs[0].shape
    if met is not None and met.output.shape != shape:  # turned or put into another shape since
        places = [place for place in (len(shape) - 1, 1) if shape[place] == met.output.shape[classes]]
        classes = next(iter(places), classes)
    wanted = -1 if classes == len(shape) - 1 else classes
    over = "the samples of the batch" if axis == 0 and shape[0] == evidence.rows else f"axis {axis} of {shape}"

    def along_classes(func: Any, args: Any, kwargs: Any) -> Any:
        return func(args[0], wanted) if args else func(**{**kwargs, "dim": wanted})

    return RULE.finding(
        what=f"{made.name} of {shape} runs over {over}" + (f"; the classes are on axis {classes}." if met else "."),
        why="The probabilities of one sample do not sum to 1 over its classes, and depend on what else is summed over.",
        mend=f"{made.name}(..., dim={wanted})",
        evidence={"axis": axis, "shape": shape},
        verified=tried(evidence, mode=Mended(made, along_classes)) if axis != classes else None,
        where=made.place,
    )
