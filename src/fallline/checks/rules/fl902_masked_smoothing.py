"""Label smoothing meets scores of minus infinity.

Smoothing asks for a little probability on every class. A class that is masked with −∞ has none, whatever the network
does: the loss is infinite.

Fires on:

    model = nn.Linear(4, 3)
    mask = torch.tensor([0.0, 0.0, float("-inf")])
    loss = lambda output, target: nn.CrossEntropyLoss(label_smoothing=0.1)(output + mask, target)
    x, y = torch.randn(8, 4), torch.arange(8) % 2

Silent on:

    model = nn.Linear(4, 3)
    mask = torch.tensor([0.0, 0.0, float("-inf")])
    loss = lambda output, target: nn.CrossEntropyLoss()(output + mask, target)
    x, y = torch.randn(8, 4), torch.arange(8) % 2

Sources: https://github.com/facebookresearch/pytext/pull/1698
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL902", "masked-smoothing", Severity.error, ("nonfinite", "divergence", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a smoothed cross entropy is infinite and its scores have −∞ in them."""
    for met in losses(evidence, "cross_entropy"):
        smoothing, values = met.operation.options.get("label_smoothing") or 0.0, met.values
        if not smoothing or values is None or not bool((values == float("-inf")).any()):
            continue
        output = met.operation.output
        if output is None or output.finite:
            continue

        def floored(func: Any, args: Any, kwargs: Any) -> Any:
            return func(args[0].clamp(min=-1e4), *args[1:], **kwargs)

        masked = int((values == float("-inf")).any(0).sum())
        return RULE.finding(
            what=f"cross_entropy with label_smoothing={smoothing:g} is given scores of −∞ for {masked} classes.",
            why="Smoothing asks for some probability on every class; of one that is masked the logarithm is infinite.",
            mend="scores.masked_fill(mask, -1e4)    # a finite mask; or label_smoothing=0.0",
            evidence={"label_smoothing": smoothing, "masked classes": masked},
            verified=tried(evidence, mode=Mended(met.operation, floored)),
            where=met.operation.place,
        )
    return None
