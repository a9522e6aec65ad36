"""The learning rate is so low that nothing moves.

After twenty steps the loss is the same to six digits, and at ten thousand times the rate it falls.

Fires on:

    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)
    loss = nn.MSELoss()
    x = torch.randn(64, 6)
    y = x.sum(1, keepdim=True)

Silent on:

    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    loss = nn.MSELoss()
    x = torch.randn(64, 6)
    y = x.sum(1, keepdim=True)

Sources: none
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import at_rate, finite, heals
from fallline.checks.trials import said
from fallline.core.finding import Finding, Severity

RULE = Rule("FL908", "rate-too-low", Severity.warning, ("stuck",))

_UNMOVED = 2e-5


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the loss does not move at a tiny rate, without a schedule, and falls at 10,000 times it."""
    losses, steps = evidence.losses, evidence.trace.steps
    if evidence.setup is None or len(losses) < 20 or not finite(losses) or not steps or not steps[0].rates:
        return None
    rate = max(rate for step in steps for rate in step.rates)
    scheduled = evidence.schedulers or evidence.setup.scheduler is not None
    if not 0 < rate < 1e-5 or scheduled or max(losses) - min(losses) > _UNMOVED * abs(losses[0]):
        return None
    for factor in (1e3, 1e4, 1e6, 1e8):
        after = evidence.attempt(at_rate(factor))
        if heals(after):
            name, kind = evidence.names.optimizer, type(evidence.optimizers[0]).__name__
            return RULE.finding(
                what=f"At a learning rate of {rate:g} the loss stays at {losses[0]:.6g} for {len(losses)} steps.",
                why="The steps are too short to change anything in any time one would wait.",
                mend=f"{name} = torch.optim.{kind}(..., lr={rate * factor:.0e})",
                evidence={"lr": rate, "first": losses[0], "last": losses[-1]},
                verified=said(after, losses),
            )
    return None
