"""The loss is finite and its gradient is not.

At 0 a root, a norm and a power below 1 are infinitely steep; `torch.where` differentiates the branch that is not taken
too. The loss looks fine, and after one step the weights are NaN.

Fires on:

    model = nn.Linear(3, 2, bias=False)
    loss = lambda output, target: torch.sqrt(((output - target) ** 2).mean(1)).mean()
    x, y = torch.zeros(8, 3), torch.zeros(8, 2)

Silent on:

    model = nn.Linear(3, 2, bias=False)
    loss = lambda output, target: torch.sqrt(((output - target) ** 2).mean(1) + 1e-8).mean()
    x, y = torch.zeros(8, 3), torch.zeros(8, 2)

Sources: https://github.com/richzhang/PerceptualSimilarity/issues/69, https://github.com/pytorch/pytorch/issues/2421
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numerics import STEEP, guard
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL904", "gradient-not-finite", Severity.error, ("nonfinite", "divergence", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a finite loss gave a gradient that is not, in the first steps."""
    for backward in evidence.trace.backwards[:3]:
        if not backward.broken or backward.value is None or not abs(backward.value) < 1e30:
            continue
        origin = None if backward.origin is None else evidence.trace.operations[backward.origin]
        if origin is None:
            continue
        mend, instead = guard(origin)
        reason = STEEP.get(origin.name, "its derivative is not defined there")
        return RULE.finding(
            what=f"The derivative of {origin.name} is not finite: {reason}. The loss is {backward.value:.3g}, and "
            f"{len(backward.broken)} gradients are NaN or infinite.",
            why="The loss looks fine; after the next step the weights are NaN.",
            mend=mend,
            evidence={"operation": origin.name, "broken": sorted(backward.broken)[:5]},
            verified=tried(evidence, mode=Mended(origin, instead)) if instead is not None else None,
            where=origin.place,
        )
    return None
