"""Outputs and targets of different shapes are broadcast against each other.

With outputs (N, 1) and targets (N,) the difference has N × N numbers: every output is compared with every target, and
the best answer is the mean of the targets whatever the input. Torch warns in some losses and says nothing in a loss
written by hand.

Fires on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: ((output - target) ** 2).mean()
    x, y = torch.randn(8, 3), torch.randn(8)

Silent on:

    model = nn.Linear(3, 3)
    q = torch.tensor([0.1, 0.5, 0.9])
    loss = lambda output, target: torch.maximum(q * (target - output), (q - 1) * (target - output)).mean()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/pytorch/pytorch/issues/36553, https://github.com/pytorch/pytorch/issues/1939
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.operations import MEETINGS
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import cast_targets, tried
from fallline.checks.traced import Seen
from fallline.core.finding import Finding, Place, Severity

RULE = Rule("FL211", "broadcast", Severity.error, ("pairs", "stuck"))

_ELEMENTWISE = (
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "poisson_nll_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "soft_margin_loss",
    "kl_div",
    "multilabel_soft_margin_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a loss compares outputs with the targets of other samples."""
    for met in evidence.comparisons:
        differ = met.output.shape != met.target.shape and met.target.shape and met.output.shape
        if met.loss in _ELEMENTWISE and differ and max(_sizes(met)) > 1 and not _for_all(evidence, met):
            return _found(evidence, met)
    for met in _by_hand(evidence):
        return _found(evidence, met)
    return None


def _for_all(evidence: Evidence, met: Comparison) -> bool:
    """Whether one side is meant for every sample: one label, one row of targets, or an output that reads no input."""
    output, target = met.output.shape, met.target.shape
    one = math.prod(target) == 1 or (target == output[1:] and math.prod(output[1:]) > 1)
    return one or ((len(output) < len(target) or output[:1] == (1,)) and not _reads(evidence, met.output))


def _reads(evidence: Evidence, output: Seen) -> bool:
    """Whether an output is computed from the samples, and not from parameters and constants alone."""
    rows = evidence.rows
    given = (each for operation in evidence.trace.ancestors(output) for each in operation.inputs)
    return any(each.producer is None and not _kept(each) and each.shape[:1] == (rows,) for each in given)


def _kept(seen: Seen) -> bool:
    return (seen.label or "").startswith(("parameter ", "buffer "))


def _by_hand(evidence: Evidence) -> Iterator[Comparison]:
    """Operations outside the network that pair a column with a row of as many, without saying so."""
    inside = {index for call in evidence.root_calls for index in range(call.start, call.end)}
    for operation in evidence.trace.operations:
        if operation.step or operation.name not in MEETINGS or operation.index in inside or len(operation.inputs) != 2:
            continue
        if len(operation.named) != 2:
            continue
        (one_name, one), (other_name, other) = operation.named.items()
        network, rest = evidence.from_network(one), evidence.from_network(other)
        met = operation.place
        pairs = (network and rest and one.needs_grad == other.needs_grad) or _same(evidence, one, other)
        meant = pairs or _meant(evidence, one, met) or _meant(evidence, other, met)
        if (not (network or rest) or not _outer(one, other) or meant) and not _lost_rows(
            evidence, one, other, network, rest
        ):
            continue
        if network and not (rest and not one.needs_grad):
            yield Comparison(operation, one, other, one_name, other_name)
        else:
            yield Comparison(operation, other, one, other_name, one_name)


def _outer(one: Seen, other: Seen) -> bool:
    """A column (N, 1) and a row (N,)."""
    short, long = sorted((one.shape, other.shape), key=len)
    return (
        len(long) == len(short) + 1
        and long[-1] == 1
        and len(short) > 0
        and long[0] == short[0] > 1
        and (long[:-1] == short or len(short) == 1)
    )


def _lost_rows(evidence: Evidence, one: Seen, other: Seen, network: bool, rest: bool) -> bool:
    """An output of one row for the whole batch, against a row of targets per sample."""
    if network == rest:
        return False
    output, target = (one, other) if network else (other, one)
    rows = evidence.rows
    same = len(output.shape) == len(target.shape) > 1 and output.shape[1:] == target.shape[1:]
    lost = same and output.shape[0] == 1 and target.shape[0] == rows and rows is not None and rows > 1
    return lost and _reads(evidence, output)


def _same(evidence: Evidence, one: Seen, other: Seen) -> bool:
    """Whether both sides are one tensor in two shapes: every sample is compared with every other on purpose."""
    return evidence.trace.origin(one).key == evidence.trace.origin(other).key


def _meant(evidence: Evidence, seen: Seen, met: Place | None) -> bool:
    """Whether an axis was added on purpose: by unsqueeze, [:, None] or keepdim, or by a view where the two meet."""
    for operation in evidence.trace.carried(seen):
        if operation.name in ("view", "reshape") and operation.place == met and seen.shape[-1:] == (1,):
            return True
        index = operation.options.get("#1")
        added = operation.name == "__getitem__" and isinstance(index, tuple) and any(part is None for part in index)
        if operation.name in ("unsqueeze", "expand", "broadcast_to") or added:
            return True
    source = evidence.trace.source(seen)
    return source is not None and bool(source.options.get("keepdim"))


def _found(evidence: Evidence, met: Comparison) -> Finding:
    output, target = met.output.shape, met.target.shape
    names, broadcast = evidence.names, tuple(torch.broadcast_shapes(output, target))
    mend, verified = _mend(evidence, met)
    rows = f"{math.prod(broadcast):,} numbers of shape {broadcast}"
    return RULE.finding(
        what=f"Outputs {output} and targets {target} are broadcast to {rows} in {met.loss}.",
        why="Every output is compared with the targets of other samples; the best answer is then one value for all "
        "of them, and nothing is learned from the inputs.",
        mend=mend.replace("TARGET", names.targets),
        evidence={"output": output, "target": target, "compared": broadcast},
        verified=verified,
        where=met.operation.place,
    )


def _mend(evidence: Evidence, met: Comparison) -> tuple[str, str | None]:
    output, target = met.output.shape, met.target.shape
    if math.prod(output) == math.prod(target):
        fit = (
            ".unsqueeze(-1)"
            if output == (*target, 1)
            else ".squeeze(-1)"
            if (*output, 1) == target
            else ".view_as(output)"
        )
        change = cast_targets(lambda t: t.reshape(output) if t.numel() == math.prod(output) else t)
        whole = evidence.setup is not None and "target" in evidence.trace.labels(met.target)
        return f"TARGET = TARGET{fit}    # {target} becomes {output}", tried(evidence, change) if whole else None
    if output[0] == 1 and target[0] > 1:
        return f"keep the batch axis in the network: {output} has to be ({target[0]}, ...)", None
    if len(target) == 1 and len(output) == 2 and met.target.dtype in (torch.int64, torch.int32):
        return "nn.CrossEntropyLoss()    # class ids; or one output per row", None
    return f"as many outputs as targets: {output} beside {target}", None


def _sizes(met: Comparison) -> tuple[int, int]:
    return math.prod(met.output.shape), math.prod(met.target.shape)
