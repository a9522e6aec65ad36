"""A loss over classes finds them on another axis than the second.

`CrossEntropyLoss` and `NLLLoss` read axis 1 as the classes: (N, C), (N, C, L), (N, C, H, W). A sequence model returns
(N, L, C), which has to be turned, or flattened together with the ids.

Fires on:

    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3))
    loss = nn.CrossEntropyLoss()
    x = torch.randint(0, 9, (6, 5))
    y = x % 3

Silent on:

    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3))
    x = torch.randint(0, 9, (6, 5))
    y = x % 3
    loss = lambda output, target: nn.CrossEntropyLoss()(output.transpose(1, 2), target)

Sources: https://github.com/pytorch/pytorch/issues/47836
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import failed_loss, tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL206", "class-axis", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the ids have the outputs' shape without its last axis, rather than without its second."""
    met = failed_loss(evidence.failure, evidence)
    if met is None or met.loss not in ("cross_entropy", "nll_loss"):
        return None
    output, target = met.output.shape, met.target.shape
    if len(output) < 3 or target != output[:-1]:
        return None
    turn = ".transpose(1, 2)" if len(output) == 3 else ".movedim(-1, 1)"
    names = evidence.names

    def turned(func: Any, args: Any, kwargs: Any) -> Any:
        return func(args[0].movedim(-1, 1), *args[1:], **kwargs) if args else func(**kwargs)

    return RULE.finding(
        what=f"{met.loss} reads {output[1]} classes on axis 1 of outputs {output}; they are on the last axis, "
        f"as the ids {target} show.",
        why="Axis 1 is that of the classes for every loss over classes.",
        mend=f"{names.loss}(output{turn}, {names.targets})",
        evidence={"output": output, "target": target},
        verified=tried(evidence, mode=Mended(met.operation, turned)),
        where=evidence.failure.place,
        message=evidence.failure.message,
    )
