"""`CTCLoss` is given targets or lengths that no alignment can satisfy.

Outputs are (time, batch, class); targets may not hold the blank; a target of n labels needs at least n time steps, and
one more for every label that repeats. Otherwise the loss is infinite, or the blank is learned as a label.

Fires on:

    model = nn.Linear(4, 5)
    lengths = torch.full((3,), 7), torch.full((3,), 2)
    loss = lambda output, target: nn.CTCLoss()(output.log_softmax(-1), target, *lengths)
    x, y = torch.randn(7, 3, 4), torch.tensor([[0, 1], [2, 3], [1, 0]])

Silent on:

    model = nn.Linear(4, 5)
    lengths = torch.full((3,), 7), torch.full((3,), 2)
    loss = lambda output, target: nn.CTCLoss()(output.log_softmax(-1), target, *lengths)
    x, y = torch.randn(7, 3, 4), torch.tensor([[4, 1], [2, 3], [1, 4]])

Sources: https://github.com/pytorch/pytorch/issues/31557
"""

from __future__ import annotations

import torch
from torch import Tensor

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.core.finding import Finding, Severity

RULE = Rule("FL407", "ctc", Severity.error, ("exception", "labels", "nonfinite", "pairs"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the blank is a target, lengths do not fit, or the axes are in another order."""
    for met in losses(evidence, "ctc_loss"):
        targets, given, wanted = met.targets, _lengths(met, "input_lengths"), _lengths(met, "target_lengths")
        if targets is None or given is None or wanted is None:
            continue
        fault = _fault(met, targets, given, wanted)
        if fault is None:
            continue
        what, mend = fault
        failure = evidence.failure
        return RULE.finding(
            what=what,
            why="CTC sums over all ways to spread the labels over time with blanks between; there is none here "
            "that is meant.",
            mend=mend,
            evidence={"log_probs": met.output.shape, "targets": tuple(targets.shape)},
            where=met.operation.place,
            message=failure.message if failure is not None else None,
        )
    return None


def _fault(met: Comparison, targets: Tensor, given: Tensor, wanted: Tensor) -> tuple[str, str] | None:
    outputs = list(met.output.shape)[-1]
    time, rows = met.output.shape[0], met.output.shape[1] if len(met.output.shape) > 2 else 1
    blank = int(met.operation.options.get("blank", 0))
    if len(met.output.shape) == 3 and time == len(given) != rows:
        return (
            f"ctc_loss takes (time, batch, class) and is given {met.output.shape} for {len(given)} samples.",
            "log_probs.transpose(0, 1)",
        )
    used = torch.cat([row[:n] for row, n in zip(targets, wanted, strict=False)]) if targets.dim() == 2 else targets
    if used.numel() and bool((used == blank).any()):
        return (f"The targets hold {blank}, which is the blank.", f"labels without {blank}, or nn.CTCLoss(blank=...)")
    if used.numel() and int(used.max()) >= outputs:
        return (
            f"Labels go up to {int(used.max())} for {outputs} outputs.",
            f"nn.Linear(..., {int(used.max()) + 1})",
        )
    if bool((wanted > given).any()) and not met.operation.options.get("zero_infinity"):
        return (
            f"A target of {int(wanted.max())} labels has {int(given.min())} time steps.",
            "more time steps than labels (less pooling), or nn.CTCLoss(zero_infinity=True) for the odd sample",
        )
    return None


def _lengths(met: Comparison, name: str) -> Tensor | None:
    value = met.operation.values.get(name, met.operation.options.get(name))
    if value is None:
        return None
    return torch.as_tensor(value).flatten()
