"""The learning rate is too high: the loss goes up instead of down.

Each step overshoots. With plain gradient descent the loss grows without bound; with Adam the first steps throw every
weight about by the rate itself, after which ReLUs may be dead for good.

Fires on:

    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
    loss = nn.MSELoss()
    x = torch.randn(64, 6)
    y = x.sum(1, keepdim=True)

Silent on:

    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    loss = nn.MSELoss()
    x = torch.randn(64, 6)
    y = x.sum(1, keepdim=True)

Sources: https://github.com/wkentaro/pytorch-fcn/issues/17
"""

from __future__ import annotations

import statistics

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import at_rate, finite, worse
from fallline.checks.trials import falls, said
from fallline.core.finding import Finding, Severity

RULE = Rule("FL907", "rate-too-high", Severity.error, ("divergence", "nonfinite", "stuck"))

_FACTORS = (0.1, 0.01, 0.001, 0.0001)
_FAR = 0.3
"""The length of a step, relative to the weights, that throws them about."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the loss goes up, and comes down at a tenth or less of the rate."""
    losses, steps = evidence.losses, evidence.trace.steps
    if evidence.failure is not None or not steps or not steps[0].rates or not worse(losses):
        return None
    if evidence.setup is None and finite(losses) and not _thrown(evidence):
        return None  # a loss may also rise because what is asked for gets harder: nothing can be tried here
    rate = max(steps[0].rates)
    name, after, factor = evidence.names.optimizer, [], 1.0
    if evidence.setup is not None:
        for factor in _FACTORS:
            after = evidence.attempt(at_rate(factor))
            if len(after) == 20 and falls(after) and max(after) < 2 * abs(after[0]):
                break
        else:
            return None
    where = steps[0].place if evidence.setup is None or evidence.setup.train_step else None
    kind = type(evidence.optimizers[0]).__name__
    lower = rate * factor if evidence.setup is not None else rate / 10
    return RULE.finding(
        what=f"At a learning rate of {rate:g} the loss goes from {losses[0]:.3g} to {losses[-1]:.3g} "
        f"(highest {max((x for x in losses if x == x), default=float('nan')):.3g}) in {len(losses)} steps of {kind}.",
        why="Each step overshoots: the weights are thrown about or grow without bound.",
        mend=f"{name} = torch.optim.{kind}(..., lr={lower:.0e})",
        evidence={"lr": rate, "first": losses[0], "last": losses[-1]},
        verified=said(after, losses),
        where=where,
    )


def _thrown(evidence: Evidence) -> bool:
    """Whether a step moved most of the weights of an optimizer by a large part of their size."""
    return any(
        statistics.median(far) > _FAR
        for step in evidence.trace.steps
        if (far := [far for name, far in step.moved.items() if evidence.parameters[name].dim() > 1])
    )
