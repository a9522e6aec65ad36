"""`ignore_index` leaves out every target, or a class that is meant to be learned.

Rows with that id do not count. If all of them have it, the loss is the mean of nothing: NaN. If it is the id of a real
class, that class is never learned: a hint, as the id may stand for what has no label.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss(ignore_index=0)
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Silent on:

    model = nn.Sequential(nn.Embedding(9, 8, padding_idx=0), nn.Linear(8, 9))
    loss = lambda output, target: nn.CrossEntropyLoss(ignore_index=0)(output.flatten(0, 1), target.flatten())
    x = torch.tensor([[1, 2, 0], [3, 0, 0]])
    y = x

Sources: https://github.com/pytorch/pytorch/issues/21108
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.recorder import tensors_in
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import tried
from fallline.checks.setup import parts
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL404", "ignored", Severity.error, ("labels", "nonfinite"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where nothing is left, or where whole samples of a class are ignored."""
    for met in losses(evidence, "cross_entropy", "nll_loss"):
        index, ids = met.operation.options.get("ignore_index", -100), met.targets
        if ids is None or not ids.numel() or ids.is_floating_point():
            continue
        share = float((ids == index).double().mean())
        classes = met.output.shape[1] if len(met.output.shape) > 1 else 1
        if share == 1:
            what, mend = f"All {ids.numel()} targets are the ignored id {index}.", "nothing is left to take the mean of"
        elif share and 0 <= index < classes and _is_a_class(evidence, met, index):
            what = f"ignore_index={index} leaves out class {index} of {classes}: {share:.0%} of the samples."
            mend = f"{met.loss}(...)    # without ignore_index={index}"
        else:
            continue

        def counted(func: Any, args: Any, kwargs: Any) -> Any:
            return func(*args, **{name: value for name, value in kwargs.items() if name != "ignore_index"})

        return RULE.finding(
            what=what,
            why="Ignored targets count for nothing: of none the mean is NaN; a class left out is never learned.",
            mend=mend,
            evidence={"ignore_index": index, "ignored": share, "classes": classes},
            verified=tried(evidence, mode=Mended(met.operation, counted)) if share < 1 else None,
            where=met.operation.place,
            severity=Severity.hint if share < 1 else None,  # 0 may stand for what has no label
        )
    return None


def _is_a_class(evidence: Evidence, met: Comparison, index: int) -> bool:
    """Whether whole samples are ignored, one label each; padding is ignored position by position."""
    origin = evidence.trace.origin(met.target)
    if len(origin.shape) != 1 or evidence.setup is None or met.targets is None:
        return False
    inputs = next(tensors_in(parts(evidence.setup.batches[0])[0]), None)
    if inputs is None or inputs.shape[:1] != met.targets.shape[:1]:
        return False
    ignored = inputs[met.targets == index]
    return len(ignored) > 1 and bool((ignored != ignored[0]).any())
